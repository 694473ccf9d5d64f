"""The paper in a real browser: accessible in both languages, true to the millimetre, one A4 sheet when printed."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page

from devices.reading import Flag
from tests.api.world import World
from tests.ecg.made import fibrillation
from tests.ecg.test_pages import recorded
from tests.harness.browser import chromium, page
from tests.journeys.test_pages import address, check, enter, world

__all__ = ["address", "chromium", "page", "world"]

MILLIMETRE = 96 / 25.4  # CSS pixels


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_paper_is_accessible_and_true_to_scale(language: str, world: World, address: str, page: Page) -> None:
    reading_id = recorded(world, "王秀英", fibrillation(), flags=int(Flag.POSSIBLE_AF))
    complaints = enter(page, address, "dr.wang")
    page.goto(f"{address}/language/{language}?next=/residents/{world.residents['王秀英']}")
    check(page)
    page.locator("#ecg-title + table").locator(f"a[href$='{reading_id}']").click()
    page.wait_for_selector("svg.ecg")
    check(page)
    drawn = page.locator("svg.ecg").bounding_box()
    assert drawn is not None
    assert drawn["width"] == pytest.approx(270 * MILLIMETRE, abs=0.5)
    assert drawn["height"] == pytest.approx(90 * MILLIMETRE, abs=0.5)
    printed = page.pdf(prefer_css_page_size=True)
    assert re.findall(rb"/Count (\d+)", printed) == [b"1"]
    assert re.search(rb"/MediaBox \[0 0 84\d\.\d+ 59\d\.\d+\]", printed), "A4 on its side"
    assert complaints == []
