"""Suspect and high-risk residents in a real browser: the list, a decision by keyboard, both languages for axe."""

from __future__ import annotations

from datetime import date, timedelta

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

from tests.api.world import World
from tests.journeys.test_pages import address, enter, world

__all__ = ["address", "world"]


def measured(world: World, name: str, *days: int, systolic: float, diastolic: float) -> None:
    for each in days:
        at = world.clock() - timedelta(days=each)
        world.measured(name, at, systolic=systolic, diastolic=diastolic, setting="station")


def test_a_suspect_is_referred_from_the_list(world: World, address: str, page: Page) -> None:
    for name in ("何大山", "江小梅"):
        world.resident(name, "dr.wang", "青河卫生站", birth_date=date(1970, 5, 1), conditions=[])
    measured(world, "何大山", 3, 9, 15, systolic=148, diastolic=92)
    measured(world, "江小梅", 4, systolic=133, diastolic=82)
    complaints = enter(page, address, "dr.wang")
    page.goto(f"{address}/screening")
    row = page.locator("tr", has_text="何大山").first
    expect(row).to_contain_text("转诊确诊")
    row.locator("summary").focus()
    page.keyboard.press("Enter")
    row.get_by_label("处理结果").select_option("referred")
    row.get_by_label("依据和说明").fill("转县医院心内科")
    assert Axe().run(page).response["violations"] == []
    page.keyboard.press("Enter")
    expect(page.locator("tr", has_text="何大山").first).to_contain_text("随访转诊结果")
    expect(page.locator("section", has_text="近 90 天的处理记录")).to_contain_text("转县医院心内科")
    page.goto(f"{address}/language/en?next=/screening")
    expect(page.get_by_role("heading", level=1)).to_have_text("Suspect and at risk")
    page.locator("tr", has_text="江小梅").locator("summary").click()
    assert Axe().run(page).response["violations"] == []
    page.goto(f"{address}/residents/{world.residents['何大山']}/indicators")
    expect(page.get_by_role("heading", level=1)).to_have_text("How this resident counts in the indicators")
    assert Axe().run(page).response["violations"] == []
    assert complaints == []
