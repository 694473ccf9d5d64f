"""A doctor sets and ends a resident's own limit in a real browser; both pages are accessible in both languages."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

from tests.api.world import World
from tests.journeys.test_pages import address, enter, world

__all__ = ["address", "world"]  # the fixtures used here


def accessible(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_a_limit_is_set_and_ended_on_the_pages(page: Page, address: str, world: World) -> None:
    complaints = enter(page, address, "dr.wang")
    page.set_viewport_size({"width": 1366, "height": 768})
    page.goto(f"{address}/residents/{world.residents['王秀英']}")
    page.get_by_role("link", name="个人界值").click()
    accessible(page)
    page.get_by_role("link", name="设定 危急血压").click()
    accessible(page)
    page.get_by_label("收缩压").fill("260")
    page.get_by_label("理由").fill("心内科建议")
    page.get_by_role("button", name="设定").click()
    expect(page.get_by_role("alert")).to_contain_text("140 到 200")
    page.get_by_label("收缩压").fill("160")
    page.get_by_role("button", name="设定").click()
    row = page.get_by_role("row").filter(has_text="危急血压")
    expect(row).to_contain_text("≥ 160/110")
    expect(row).to_contain_text("王医生")
    accessible(page)
    row.get_by_label("终止理由").fill("血压已稳定")
    row.get_by_role("button", name="终止").click()
    expect(page.get_by_text("以往的设定")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="已终止")).to_contain_text("血压已稳定")
    page.get_by_role("link", name="English").or_(page.get_by_role("button", name="English")).click()
    expect(page.get_by_role("heading", name="Set before")).to_be_visible()
    accessible(page)
    page.get_by_role("link", name="Set Critical blood pressure").click()
    expect(page.get_by_text("from 140 to 200")).to_be_visible()
    accessible(page)
    complaints = [each for each in complaints if "422" not in each]  # the refused limit
    assert complaints == []
