"""Every page of the kiosk in a real browser: readable, touchable, in sight, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page

from gateway.kiosk.names import Language, Measurement
from gateway.kiosk.view import View
from tests.kiosk.scenes import RULES, SCENES, judged, result, spoken
from tests.kiosk.stage import Stage

SIZES = {"lying": (1280, 800, 24), "upright": (1080, 1920, 36)}
# Contrast 7:1 and target size are off by default in axe-core; the fixed size of the screen makes zooming moot.
OPTIONS = {
    "rules": {"color-contrast-enhanced": {"enabled": True}, "target-size": {"enabled": True}},
    "resultTypes": ["violations", "incomplete"],
}
# What lies outside the screen, sticks out of what should hold it, is too small to touch or to read, or too close.
FAULTS = """smallest => {
  const faults = [], box = (node) => node.getBoundingClientRect();
  const inline = (node) => getComputedStyle(node).display === "inline";
  const say = (what, { tagName, className, textContent }) =>
    faults.push(`${what}: <${tagName} class="${className}"> ${textContent.slice(0, 40)}`);
  const within = (own, held, spare) => own.left >= held.left - 1.5 && own.right <= held.right + 1.5
    && own.top >= held.top - spare && own.bottom <= held.bottom + spare;
  const root = document.querySelector("dialog[open]") ?? document.body, whole = document.documentElement;
  const screen = { left: 0, top: 0, right: innerWidth, bottom: innerHeight };
  if (whole.scrollHeight > innerHeight || whole.scrollWidth > innerWidth) say("scrolls", whole);
  const seen = [...root.querySelectorAll("*")]
    .filter((node) => !node.closest(".unseen, svg *") && box(node).width && box(node).height);
  for (const node of seen) {
    const own = box(node), spare = inline(node) ? 14 : 1.5; // an inline box is higher than its line
    if (!within(own, screen, 1)) say("below the fold", node);
    for (let up = node.parentElement; up !== whole && !node.closest(".clock"); up = up.parentElement) {
      if (inline(up) || within(own, box(up), spare)) continue;
      say("sticks out", node);
      break;
    }
    const text = !node.children.length && node.textContent.trim() && !node.closest("svg");
    if (text && parseFloat(getComputedStyle(node).fontSize) < smallest) say("small type", node);
    if (/^(INPUT|SELECT|TEXTAREA)$/.test(node.tagName)) say("needs a keyboard", node);
  }
  const buttons = seen.filter((node) => node.tagName === "BUTTON");
  for (const [place, node] of buttons.entries()) {
    const own = box(node);
    if (own.width < 88 || own.height < 88) say("small target", node);
    for (const other of buttons.slice(place + 1).map(box)) {
      const beside = Math.max(other.left - own.right, own.left - other.right);
      if (Math.max(beside, other.top - own.bottom, own.top - other.bottom) < 8) say("too close to another", node);
    }
  }
  const parts = [...document.getElementById("page").children];
  for (const [place, node] of parts.slice(1).entries())
    if (box(node).top < box(parts[place]).bottom - 1) say("overlaps", node);
  return faults;
}"""


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(SCENES["idle"], tmp_path)
    stage.start()
    yield stage
    stage.stop()


def see(page: Page, stage: Stage, view: View, *, touchable: bool = False) -> None:
    """Wait until the page has drawn a view, and until it takes touches where that matters: axe skips what is inert."""
    stage.show(view)
    settled = ":not([inert])" if touchable else ""
    page.wait_for_selector(f"main[data-revision='{stage.view.revision}']{settled}", state="attached")


def variants(view: View) -> Iterator[View]:
    for language in Language:
        for large in (False, True):
            yield spoken(view, language, large=large)


@pytest.mark.parametrize("size", SIZES)
def test_nothing_is_below_the_fold_small_or_close(size: str, stage: Stage, page: Page) -> None:
    width, height, smallest = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    page.goto(stage.address)
    faults = []
    for name, scene in SCENES.items():
        for view in variants(scene):
            see(page, stage, view)
            found = page.evaluate(FAULTS, smallest)
            faults += [f"{name} {view.language} {'large' if view.large_type else ''}: {fault}" for fault in found]
    assert faults == []


@pytest.mark.parametrize("size", SIZES)
def test_every_sentence_of_every_result_fits(size: str, stage: Stage, page: Page) -> None:
    width, height, smallest = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    page.goto(stage.address)
    faults = []
    for name, kind in RULES.judged.items():
        for band in kind.bands:
            for view in variants(result(Measurement.BODY, judged(name, kind, band))):
                see(page, stage, view)
                found = page.evaluate(FAULTS, smallest)
                faults += [f"{name} {band.word.zh} {view.language}: {fault}" for fault in found]
    assert faults == []


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", Language)
def test_axe_finds_nothing_against_wcag_aaa(size: str, language: Language, stage: Stage, page: Page) -> None:
    width, height, _ = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    page.goto(stage.address)
    for name, scene in SCENES.items():
        see(page, stage, spoken(scene, language), touchable=True)
        found = Axe().run(page, options=OPTIONS).response["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in found] == [], name


@pytest.mark.parametrize("size", SIZES)
def test_values_are_large_and_never_told_by_colour_alone(size: str, stage: Stage, page: Page) -> None:
    width, height, _ = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    page.goto(stage.address)
    for name in ("result-normal", "result-danger", "result-lipids", "rest-before"):
        see(page, stage, SCENES[name])
        for number in page.locator(".panel .number, .clock .number").all():
            assert float(number.evaluate("node => parseFloat(getComputedStyle(node).fontSize)")) >= 100
    see(page, stage, SCENES["result-danger"])
    verdict = page.locator(".panel .verdict")
    assert verdict.inner_text() == "危险偏高"
    assert verdict.locator("img").get_attribute("src") == "/pictures/octagon.svg"
    assert "请马上叫工作人员" in page.locator("#top").inner_text()
