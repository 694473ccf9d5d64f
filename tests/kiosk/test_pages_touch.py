"""Touching, scanning, hearing, leaving: what the pages do with a person in front of them."""

from __future__ import annotations

import json
import time
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from gateway.kiosk.names import Measurement, Step
from gateway.kiosk.view import Live, View
from tests.kiosk.scenes import ALL, CHOOSE, IDENTIFY, SCENES, slip, view
from tests.kiosk.stage import Stage

PLAYED = """
    window.played = [];
    const play = HTMLMediaElement.prototype.play;
    HTMLMediaElement.prototype.play = function () { played.push(new URL(this.src).pathname); return play.call(this); };
"""
CODE = "MX1-7K2QF9ZT4WHB6D"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(SCENES["idle"], tmp_path)
    stage.start()
    yield stage
    stage.stop()


def see(page: Page, stage: Stage, shown: View) -> None:
    stage.show(shown)
    page.wait_for_selector(f"main[data-revision='{stage.view.revision}']:not([inert])", state="attached")


def enter(page: Page, stage: Stage) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(stage.address)
    page.wait_for_selector("main.step-idle:not([inert])")


def type_on_pad(page: Page, digits: str) -> None:
    for digit in digits:
        page.click(f"[data-key='{digit}']")


def test_a_phone_number_and_a_pin_are_typed_without_a_keyboard_and_forgotten(stage: Stage, page: Page) -> None:
    stage.then = {"begin": IDENTIFY, "phone": SCENES["identify-not-known"]}
    enter(page, stage)
    page.click("[data-act=begin]")
    page.click("[data-act=phone]")
    type_on_pad(page, "1381234567")
    assert page.locator("[data-key=ok]").is_disabled()
    type_on_pad(page, "9")
    page.click("[data-key=erase]")
    type_on_pad(page, "8")
    expect(page.locator(".typed .number")).to_have_text("138 1234 5678")
    page.click("[data-key=ok]")
    type_on_pad(page, "2468")
    expect(page.locator(".typed .number")).to_have_text("●●●●")
    page.click("[data-key=ok]")
    expect(page.locator(".notice")).to_contain_text("没有找到您的登记")
    assert stage.heard[-1] == {"step": "identify", "action": "phone", "number": "13812345678", "pin": "2468"}
    page.click("[data-act=phone]")
    expect(page.locator(".typed .number")).to_have_text("请按数字")


def test_the_second_tap_of_a_trembling_finger_does_nothing(stage: Stage, page: Page) -> None:
    stage.then = {"begin": IDENTIFY, "guest": CHOOSE}
    enter(page, stage)
    page.click("[data-act=begin]")
    page.wait_for_selector("main.step-identify")
    guest = page.locator("[data-act=guest]").bounding_box()
    assert guest is not None
    page.mouse.click(guest["x"] + 50, guest["y"] + 50)
    page.wait_for_selector("main.step-identify:not([inert])")
    assert [act["action"] for act in stage.heard] == ["begin"]
    page.mouse.click(guest["x"] + 50, guest["y"] + 50)
    page.wait_for_selector("main.step-choose")


def test_a_scanned_code_is_read_whole_while_the_page_is_busy(stage: Stage, page: Page) -> None:
    enter(page, stage)
    page.evaluate("""() => setInterval(() => {
        const end = performance.now() + 200;
        while (performance.now() < end) document.body.offsetHeight;
    }, 210)""")
    scan(page, CODE, gap=0.015)
    _heard(page, stage, "scan")
    assert stage.heard == [{"step": "idle", "action": "scan", "code": CODE}]


def test_what_a_person_types_is_no_scan_and_enter_of_the_scanner_presses_no_button(stage: Stage, page: Page) -> None:
    enter(page, stage)
    scan(page, CODE, gap=0.3)
    page.locator("[data-act=begin]").focus()
    scan(page, CODE, gap=0.01)
    _heard(page, stage, "scan")
    assert [act["action"] for act in stage.heard] == ["scan"]


def test_a_live_cuff_value_is_large(stage: Stage, page: Page) -> None:
    enter(page, stage)
    see(page, stage, SCENES["measure-blood_pressure"])
    stage.live(Live(metric="cuff", value=127.4, unit="mmHg"))
    expect(page.locator(".live .number")).to_have_text("127mmHg")


def test_a_warning_asks_and_one_touch_stays(stage: Stage, page: Page) -> None:
    enter(page, stage)
    see(page, stage, SCENES["warning"])
    expect(page.locator("dialog")).to_contain_text("您还在吗")
    stage.then = {"stay": CHOOSE}
    page.click("dialog [data-act=stay]")
    expect(page.locator("dialog")).not_to_be_visible()
    assert stage.heard[-1] == {"step": "choose", "action": "stay"}


def test_what_is_typed_outlives_a_warning_and_typing_counts_as_being_here(stage: Stage, page: Page) -> None:
    enter(page, stage)
    see(page, stage, SCENES["ask-waist"])
    type_on_pad(page, "93")
    stage.then = {"stay": SCENES["ask-waist"]}
    _heard(page, stage, "stay")
    see(page, stage, SCENES["ask-waist"].model_copy(update={"warning": 20.0}))
    page.click("dialog [data-act=stay]")
    expect(page.locator(".typed .number")).to_have_text("93cm")


def test_nothing_personal_is_left_after_the_end(stage: Stage, page: Page) -> None:
    enter(page, stage)
    see(page, stage, SCENES["result-danger"])
    see(page, stage, slip(*ALL))
    for end in (SCENES["cleared"], SCENES["idle"]):
        see(page, stage, end)
        text = page.content()
        assert not [word for word in ("李*国", "185", "112", "危险", "svg+xml") if word in text]
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie, history.length]") == [
        0,
        0,
        "",
        2,
    ]
    assert page.evaluate("indexedDB.databases().then(found => found.length)") == 0
    assert page.context.cookies() == []


def test_an_unreachable_gateway_shows_so_and_hides_the_person(stage: Stage, page: Page) -> None:
    enter(page, stage)
    see(page, stage, SCENES["result-danger"])
    stage.stop()
    expect(page.locator("#lost")).to_be_visible(timeout=10_000)
    expect(page.locator("#lost")).to_contain_text("请叫工作人员")
    assert "李*国" not in page.content()
    assert "185" not in page.content()


def test_prompts_are_spoken_once_and_again_on_request(stage: Stage, page: Page, tmp_path: Path) -> None:
    _clip(tmp_path / "zh/identify.wav")
    (tmp_path / "index.json").write_text(json.dumps({"zh": {"identify": "1"}, "en": {}}))
    stage.then = {"begin": IDENTIFY}
    page.add_init_script(PLAYED)
    enter(page, stage)
    page.click("[data-act=begin]")
    page.wait_for_selector("main.step-identify:not([inert])")
    assert page.evaluate("played") == ["/clips/zh/identify.wav"]
    page.click("[data-act=voice]")
    assert page.evaluate("played") == ["/clips/zh/identify.wav"] * 2
    see(page, stage, view(Step.CHOOSE, "choose", choose=CHOOSE.choose))
    expect(page.locator(".silent")).to_have_text("没有语音")


def test_staff_type_what_an_instrument_shows_one_number_a_page(stage: Stage, page: Page) -> None:
    enter(page, stage)
    see(page, stage, SCENES[f"measure-{Measurement.OXIMETRY}"])
    page.click("[data-act=typed]")
    for digits in ("135790", "128", "82"):
        page.wait_for_selector("main:not([inert])")
        type_on_pad(page, digits)
        page.click("[data-key=ok]")
    _heard(page, stage, "typed")
    assert stage.heard[-1]["code"] == "135790"
    assert stage.heard[-1]["values"] == {"systolic": 128, "diastolic": 82}


def scan(page: Page, code: str, *, gap: float) -> None:
    """Keys as a scanner sends them; each carries the time at which it was pressed, `gap` seconds after the other."""
    keyboard = page.context.new_cdp_session(page)
    at = time.time()
    for place, sign in enumerate([*code, "Enter"]):
        named = {"-": "Minus", "Enter": "Enter"}.get(sign) or (
            f"Digit{sign}" if sign.isdigit() else f"Key{sign.upper()}"
        )
        key = {"code": named, "key": "Process", "modifiers": 8 if sign.isupper() and sign.isalpha() else 0}
        moment = at + place * gap
        keyboard.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", "timestamp": moment, **key})
        keyboard.send("Input.dispatchKeyEvent", {"type": "keyUp", "timestamp": moment + gap / 2, **key})


def _heard(page: Page, stage: Stage, action: str) -> None:
    """Wait until the gateway has been told so; the page goes on meanwhile."""
    for _ in range(200):
        if any(act["action"] == action for act in stage.heard):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{action} was never sent: {stage.heard}")


def _clip(path: Path) -> None:
    path.parent.mkdir(parents=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(1600))
