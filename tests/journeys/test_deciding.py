"""The dialog of an alert in a real browser: acting, setting aside and taking back, with keyboard and for everybody."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

from tests.api.world import World
from tests.journeys.test_pages import address, enter, world

__all__ = ["address", "world"]  # fixtures


def test_an_alert_is_acted_on_set_aside_and_taken_back(world: World, address: str, page: Page) -> None:
    world.alert("王秀英", glucose=2.6)
    complaints = enter(page, address, "dr.wang")
    page.set_viewport_size({"width": 1366, "height": 768})
    page.locator("tr", has_text="王秀英").locator("[data-first]").click()
    dialog = page.locator("#dialog")
    dialog.get_by_text("已采取措施，暂不关闭").click()
    dialog.get_by_label("做了什么").fill("已电话，嘱进食后复测")
    dialog.get_by_role("button", name="记录措施").click()
    expect(dialog).to_contain_text("措施已记录")
    expect(dialog.locator("q")).to_have_text("已电话，嘱进食后复测")
    dialog.get_by_text("搁置一段时间").click()
    dialog.get_by_label("搁置原因").fill("今晚住院")
    assert Axe().run(page, context="#dialog").violations_count == 0
    dialog.get_by_role("button", name="搁置", exact=True).click()
    expect(dialog).to_contain_text("已搁置，到期自动重新提醒")
    dialog.get_by_role("button", name="提前结束搁置").click()
    expect(dialog).to_contain_text("预警重新待处理")
    assert world.one("select state from care.episode") == "open"
    assert complaints == []
