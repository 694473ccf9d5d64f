"""A whole visit in the browser, on the real kiosk: how many taps it takes, and what is left of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

from gateway.kiosk import card
from tests.kiosk.hosted import Hosted, hosted
from tests.kiosk.made import SOMEBODY
from tests.kiosk.standing import Standing
from tests.kiosk.test_pages_touch import scan

# Pointing at a place and touching it takes 1.1 s + 0.2 s (keystroke-level model, Card, Moran and Newell 1980);
# half as much again for old hands.
SECONDS_A_TAP = 1.3 * 1.5
ALLOWED = 15.0  # seconds of taps, without the measuring


@pytest.fixture
def kiosk(tmp_path: Path) -> Iterator[Hosted]:
    with hosted(tmp_path) as kiosk:
        yield kiosk


class Person:
    """Somebody at the screen; counts taps, and how long pages took to be there: told, but no test is judged by it."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.taps = 0
        self.waited = 0.0

    def taps_on(self, what: str, *, leads_to: str) -> None:
        self._page.click(what)
        began = time.monotonic()
        self.taps += 1
        self._page.wait_for_selector(f"main.step-{leads_to}")
        self.waited += time.monotonic() - began

    @property
    def seconds(self) -> float:
        return self.taps * SECONDS_A_TAP

    def __str__(self) -> str:
        return f"{self.taps} taps, {self.seconds:.1f} s; pages drawn in {self.waited:.1f} s together"


def measure_blood_pressure(page: Page, kiosk: Hosted, *takes: tuple[int, int]) -> None:
    for rest, take in zip((300, 60, 60), takes, strict=False):
        page.wait_for_selector("main.step-rest")
        kiosk.do(partial(_wait, rest))
        page.wait_for_selector("main.step-measure")
        kiosk.do(partial(_measure, take))
    page.wait_for_selector("main.step-result:not([inert])")


def _wait(seconds: float, standing: Standing) -> None:
    standing.clock.advance(seconds)


def _measure(take: tuple[int, int], standing: Standing) -> None:
    standing.cuff_sends(take)


def test_a_visit_with_a_card_is_five_taps_and_under_fifteen_seconds(kiosk: Hosted, page: Page) -> None:
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(kiosk.address)
    page.wait_for_selector("main.step-idle:not([inert])")
    scan(page, card.encode(SOMEBODY), gap=0.01)
    page.wait_for_selector("main.step-choose:not([inert])")
    person = Person(page)
    person.taps_on("[data-choice=blood_pressure]", leads_to="choose")
    person.taps_on("[data-act=choose]", leads_to="ask")
    person.taps_on("[data-act=answer]", leads_to="rest")
    measure_blood_pressure(page, kiosk, (138, 84), (146, 86))
    expect(page.locator(".panel .number").first).to_have_text("142")
    person.taps_on("[data-act=next]", leads_to="slip")
    person.taps_on("[data-act=finish]", leads_to="cleared")
    print(f"a visit with a card: {person}")
    assert person.taps == 5
    assert person.seconds < ALLOWED
    assert complaints == []


def test_a_guest_in_danger_is_told_on_every_page_and_nothing_is_left(kiosk: Hosted, page: Page) -> None:
    page.set_viewport_size({"width": 1080, "height": 1920})
    page.goto(kiosk.address)
    page.wait_for_selector("main.step-idle:not([inert])")
    person = Person(page)
    person.taps_on("[data-act=begin]", leads_to="identify")
    person.taps_on("[data-act=guest]", leads_to="choose")
    person.taps_on("[data-choice=blood_pressure]", leads_to="choose")
    person.taps_on("[data-act=choose]", leads_to="ask")
    person.taps_on("[data-act=answer]", leads_to="rest")
    measure_blood_pressure(page, kiosk, (186, 114), (184, 112))
    expect(page.locator("#top")).to_contain_text("请马上叫工作人员")
    expect(page.locator(".panel")).to_contain_text("马上叫工作人员")
    person.taps_on("[data-act=next]", leads_to="slip")
    expect(page.locator("#top")).to_contain_text("请马上叫工作人员")
    person.taps_on("[data-act=finish]", leads_to="cleared")
    print(f"a guest's visit: {person}")
    assert person.taps == 7
    assert person.seconds < ALLOWED
    assert not [word for word in ("185", "113", "危险", "访客") if word in page.content()]


def test_who_walks_away_is_warned_and_cleared(kiosk: Hosted, page: Page) -> None:
    page.goto(kiosk.address)
    with page.expect_response(lambda answer: "stay" in (answer.request.post_data or "")):  # a second after the touch
        page.click("[data-act=begin]")
        page.click("[data-act=guest]")
    page.wait_for_selector("main.step-choose:not([inert])")
    kiosk.do(lambda standing: standing.clock.advance(65))
    page.click("dialog [data-act=stay]")
    expect(page.locator("dialog")).not_to_be_visible()
    kiosk.do(lambda standing: standing.clock.advance(95))
    page.wait_for_selector("main.step-cleared")
    expect(page.locator("dialog")).not_to_be_visible()


def test_the_language_and_the_type_are_switched_on_any_page_and_go_with_the_person(kiosk: Hosted, page: Page) -> None:
    page.goto(kiosk.address)
    page.click("[data-act=language]")
    expect(page.locator("h1")).to_have_text("Check your health")
    page.click("[data-act=large_type]")
    expect(page.locator("html.large")).to_be_attached()
    page.click("[data-act=begin]")
    page.click("[data-act=guest]")
    page.wait_for_selector("main.step-choose:not([inert])")
    page.click("[data-act=finish]")
    page.wait_for_selector("main.step-cleared")
    kiosk.do(lambda standing: standing.clock.advance(10))
    expect(page.locator("h1")).to_have_text("量一量，心里有数")
    expect(page.locator("html.large")).not_to_be_attached()


def test_the_persons_own_page_on_a_phone(tmp_path: Path, page: Page) -> None:
    with hosted(tmp_path, phones_url="http://station.example") as kiosk:
        page.set_viewport_size({"width": 1280, "height": 800})
        page.goto(kiosk.address)
        page.click("[data-act=begin]")
        page.click("[data-act=guest]")
        page.click("[data-choice=blood_pressure]")
        page.click("[data-act=choose]")
        page.click("[data-act=answer]")
        measure_blood_pressure(page, kiosk, (138, 84), (146, 86))
        page.click("[data-act=next]")
        page.wait_for_selector("main.step-slip")
        url = page.request.get(f"{kiosk.address}/api/state").json()["slip"]["url"]
        page.set_viewport_size({"width": 360, "height": 740})
        page.goto(url.replace("http://station.example", kiosk.address.rstrip("/")))
        expect(page.locator("article").first).to_contain_text("142")
        expect(page.locator("article").first).to_contain_text("两周内去看家庭医生")
        rules = {"rules": {"color-contrast-enhanced": {"enabled": True}}}
        assert [each["id"] for each in Axe().run(page, options=rules).response["violations"]] == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        kiosk.do(lambda standing: standing.clock.advance(16 * 60))
        page.evaluate("location.reload()")
        expect(page.locator("body")).to_contain_text("过期")
