"""A doctor's work in a real browser: alerts arrive, one is taken over and closed; every page is accessible."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, expect

from api.app import create_app
from api.settings import ApiSettings
from maixun.configuration import settings
from tests.api.world import PASSWORD, Clock, World, settle

PATIENCE = 10


@pytest.fixture
def world(database: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The county, in the browser's own present."""
    monkeypatch.setenv("MAIXUN_RUNTIME", str(tmp_path_factory.mktemp("runtime")))
    clock = Clock()
    clock.time = datetime.now(UTC)
    with psycopg.connect(database, autocommit=True) as connection:
        yield settle(connection, clock)


@pytest.fixture
def address(world: World, database: str) -> Iterator[str]:
    """The pages behind a real server."""
    app = create_app(settings(ApiSettings, "api"), database, world.clock)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, timeout_graceful_shutdown=3))
    thread = threading.Thread(target=server.run)
    thread.start()
    assert _looked_for(lambda: server.started)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    app.state.services.feed.close_streams()
    thread.join(PATIENCE)


def enter(page: Page, address: str, login: str, *, lands_on: str = "/work") -> list[str]:
    """Sign in; the role's first page opens. The list returned fills with whatever the browser complains about."""
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    page.on("console", heard)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.set_default_timeout(PATIENCE * 1000)
    page.goto(f"{address}/")
    page.fill("#login", login)
    page.fill("#password", PASSWORD)
    page.click("form.sign-in button")
    page.wait_for_url(f"**{lands_on}")
    return complaints


def another_desk(page: Page) -> BrowserContext:
    """A second person's browser."""
    assert page.context.browser is not None
    return page.context.browser.new_context(locale="zh-CN")


def of(page: Page, name: str) -> Locator:
    """A resident's row of the work list."""
    return page.locator("#work tr[data-resident]", has_text=name)


def test_an_alert_appears_is_taken_over_and_closed(world: World, address: str, page: Page) -> None:
    complaints = enter(page, address, "dr.wang")
    expect(page.locator(".live.on")).to_be_visible()
    expect(page.locator("[data-count=now]")).to_have_text("0")
    world.alert("王秀英", glucose=2.6)
    row = of(page, "王秀英")
    expect(row).to_contain_text("2.6")
    expect(page.locator("[data-count=now]")).to_have_text("1")
    row.get_by_role("button", name="处理").click()
    dialog = page.locator("#dialog")
    expect(dialog).to_contain_text("低血糖")
    dialog.get_by_role("button", name="我来处理").click()
    expect(dialog).to_contain_text("已由您接手")
    expect(page.locator("#today tr", has_text="王秀英")).to_contain_text("处理中")
    expect(page.locator("[data-count=today]")).to_have_text("1")
    dialog.locator("#outcome").select_option("advised")
    dialog.locator("#note").fill("电话指导，已进食")
    dialog.get_by_role("button", name="关闭预警").click()
    expect(dialog).to_contain_text("已关闭")
    page.keyboard.press("Escape")
    expect(row).to_have_count(0)
    expect(page.locator("[data-count=today]")).to_have_text("0")
    assert world.one("select state from care.episode") == "closed"
    assert complaints == []


def test_what_is_being_typed_outlives_news_and_the_second_doctor_is_told(
    world: World, address: str, page: Page
) -> None:
    world.alert("王秀英", glucose=2.6)
    enter(page, address, "dr.wang")
    colleague = another_desk(page).new_page()
    enter(colleague, address, "lead.qinghe")
    expect(colleague.locator(".live.on")).to_be_visible()
    for desk in (page, colleague):
        of(desk, "王秀英").get_by_role("button", name="处理").click()
        desk.locator("#note").fill("正在打电话")
    expect(of(colleague, "王秀英")).to_contain_text("王医生 正在看")
    colleague.locator("#dialog").get_by_role("button", name="我来处理").click()
    expect(colleague.locator("#dialog")).to_contain_text("已由您接手")
    expect(page.locator("[data-stale]")).to_be_visible()
    expect(page.locator("#note")).to_have_value("正在打电话")
    page.locator("#outcome").select_option("advised")
    page.locator("#dialog").get_by_role("button", name="关闭预警").click()
    expect(page.locator("#dialog [role=alert]")).to_contain_text("陈站长 已先一步处理了这条预警")
    expect(page.locator("#note")).to_have_value("正在打电话")
    page.keyboard.press("Escape")
    expect(colleague.locator("[data-lookers]")).to_be_hidden()


def test_the_keyboard_is_enough_and_keeps_its_place_when_rows_come_and_go(
    world: World, address: str, page: Page
) -> None:
    for name in ("张伟", "刘芳"):
        world.resident(name, "dr.wang", "青河卫生站")
        world.alert(name, glucose=2.6)
        world.clock.move(timedelta(seconds=1))
    complaints = enter(page, address, "dr.wang")
    expect(page.locator(".live.on")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator(":focus")).to_have_text("刘芳")
    world.alert("王秀英", glucose=2.5)
    expect(of(page, "王秀英")).to_be_visible()
    expect(page.locator(":focus")).to_have_text("刘芳")
    world.measured("刘芳", glucose=2.4)
    world.evaluate()
    expect(of(page, "刘芳")).to_contain_text("2.4")
    expect(page.locator(":focus")).to_have_text("刘芳")
    page.keyboard.press("o")
    expect(page.locator("#dialog")).to_contain_text("刘芳")
    page.locator("#outcome").select_option("advised")
    page.locator("#note").fill("已进食")
    page.locator("#dialog").get_by_role("button", name="关闭预警").click()
    expect(of(page, "刘芳")).to_have_count(0)
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("zw")
    expect(page.locator("#found")).to_contain_text("张伟")
    assert "zw" not in page.url
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.locator("#keys-on").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_hidden()
    assert complaints == []


def test_from_signing_in_to_closing_an_alert_by_keyboard_alone(world: World, address: str, page: Page) -> None:
    world.alert("王秀英", glucose=2.6)
    keys = page.keyboard
    page.goto(address)
    expect(page.locator("#login")).to_be_focused()
    for text, key in (("dr.wang", "Tab"), (PASSWORD, "Enter")):
        keys.type(text)
        keys.press(key)
    expect(page.locator(".live.on")).to_be_visible()
    keys.press("1")
    expect(page.locator(":focus")).to_have_text("王秀英")
    keys.press("o")
    dialog = page.locator("#dialog")
    expect(dialog.locator("#outcome")).to_be_visible()
    tab_to(page, "#outcome")
    keys.press("ArrowDown")
    keys.press("Tab")
    keys.type("called, has eaten")
    keys.press("Tab")
    keys.press("Enter")
    expect(dialog).to_contain_text("已关闭")
    expect(page.locator("#dialog-title")).to_be_focused()
    keys.press("Escape")
    expect(of(page, "王秀英")).to_have_count(0)
    assert world.one("select state from care.episode") == "closed"
    assert world.one("select note from care.episode_event order by revision desc limit 1") == "called, has eaten"


def tab_to(page: Page, selector: str) -> None:
    """Go on with Tab as far as a person would have the patience for."""
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.locator(f"{selector}:focus").count():
            return
    raise AssertionError(f"no Tab leads to {selector}")


def test_sound_stays_on_from_page_to_page(world: World, address: str, page: Page) -> None:
    page.add_init_script(
        "window.beeps = 0; const start = OscillatorNode.prototype.start;"
        " OscillatorNode.prototype.start = function () { window.beeps += 1; return start.call(this); };"
    )
    complaints = enter(page, address, "dr.wang")
    sound = page.locator("#sound")
    sound.click()
    expect(sound).to_have_text("声音提醒：开")
    page.goto(f"{address}/alerts")
    expect(sound).to_have_text("声音提醒：点按页面后开")
    expect(page.locator(".live.on")).to_be_visible()
    page.locator("h1").click()
    expect(sound).to_have_text("声音提醒：开")
    world.alert("王秀英", glucose=2.6)
    expect(page.locator("#rows tr", has_text="王秀英")).to_be_visible()
    assert page.evaluate("beeps") == 1
    sound.click()
    page.goto(f"{address}/work")
    expect(sound).to_have_text("声音提醒：关")
    assert complaints == []


def test_a_row_that_goes_hands_the_focus_to_the_next(world: World, address: str, page: Page) -> None:
    world.resident("张伟", "dr.wang", "青河卫生站")
    first = world.alert("王秀英", glucose=2.6)
    world.clock.move(timedelta(seconds=1))
    world.alert("张伟", glucose=2.6)
    enter(page, address, "dr.wang")
    expect(page.locator(".live.on")).to_be_visible()
    page.keyboard.press("j")
    expect(page.locator(":focus")).to_have_text("王秀英")
    colleague = another_desk(page)
    enter(colleague.new_page(), address, "lead.qinghe")
    form: dict[str, str | float | bool] = {"revision": "1", "outcome": "advised", "note": "x"}
    assert colleague.request.post(f"{address}/alerts/{first}/close", form=form, headers={"origin": address}).ok
    expect(of(page, "王秀英")).to_have_count(0)
    expect(page.locator(":focus")).to_have_text("张伟")


def test_the_list_of_alerts_is_live_too(world: World, address: str, page: Page) -> None:
    enter(page, address, "dr.wang")
    page.goto(f"{address}/alerts")
    expect(page.locator(".live.on")).to_be_visible()
    expect(page.locator(".empty")).to_be_visible()
    world.alert("王秀英", glucose=2.6)
    expect(page.locator("#rows tr", has_text="王秀英")).to_contain_text("2.6")
    expect(page.locator("[data-count=open]")).to_have_text("1")


def test_many_tabs_share_one_stream(world: World, address: str, page: Page) -> None:
    desk = another_desk(page)
    tabs = [desk.new_page() for _ in range(8)]
    enter(tabs[0], address, "dr.wang")
    for tab in tabs[1:]:
        tab.goto(f"{address}/work")
    for tab in tabs:
        expect(tab.locator(".live.on")).to_be_visible()
    world.alert("王秀英", glucose=2.6)
    for tab in tabs:
        expect(of(tab, "王秀英")).to_be_visible()
    assert "maixun_streams 1.0" in page.request.get(f"{address}/metrics").text()


def test_the_charts_are_drawn(world: World, address: str, page: Page) -> None:
    for day in range(1, 8):
        at = world.clock() - timedelta(days=day)
        world.measured("王秀英", at=at, systolic=130 + day, diastolic=80)
        world.measured("王秀英", at=at, glucose=6.0, meal="fasting")
        world.measured("王秀英", at=at, kind="oximetry", spo2=95, pulse=70)
    complaints = enter(page, address, "dr.wang")
    page.goto(f"{address}/residents/{world.residents['王秀英']}?days=7")
    expect(page.locator("[data-drawn]")).to_have_count(3)
    assert complaints == []


def test_a_residents_page_is_whole_on_paper(world: World, address: str, page: Page) -> None:
    for day in range(1, 4):
        at = world.clock() - timedelta(days=day)
        world.measured("王秀英", at=at, systolic=130 + day, diastolic=80)
        world.measured("王秀英", at=at, glucose=6.0, meal="fasting")
    enter(page, address, "dr.wang")
    page.goto(f"{address}/residents/{world.residents['王秀英']}?days=7")
    expect(page.locator("[data-drawn]")).to_have_count(2)
    page.set_viewport_size({"width": 703, "height": 1000})  # what the margins leave of A4
    page.emulate_media(media="print")
    drawn, heading = page.locator("canvas").last.bounding_box(), page.locator("#timeline-title").bounding_box()
    assert drawn
    assert heading
    assert drawn["y"] + drawn["height"] <= heading["y"]  # no chart lies over what follows it
    columns = "getComputedStyle(document.querySelector('.moment')).gridTemplateColumns.split(' ').length"
    assert page.evaluate(columns) == 3
    for what in ("form", "textarea", "nav", "#sound", "#print", "a.button"):
        assert page.locator(f"{what}:visible").count() == 0, what


def test_a_residents_page_follows_what_happens(world: World, address: str, page: Page) -> None:
    complaints = enter(page, address, "dr.wang")
    page.goto(f"{address}/residents/{world.residents['王秀英']}")
    expect(page.locator(".live.on")).to_be_visible()
    page.keyboard.press("c")
    page.keyboard.type("女儿周末来，已教会用血压计")
    page.get_by_role("button", name="保存备注").click()
    expect(page.locator("#timeline .of-notes")).to_contain_text("女儿周末来")
    expect(page.locator("#note-text")).to_be_focused()
    page.locator("#timeline .of-notes").get_by_role("button", name="修改").click()
    page.locator("#timeline textarea").fill("女儿周日来")
    world.alert("王秀英", glucose=2.6)
    expect(page.locator("#waiting")).to_contain_text("低血糖")
    expect(page.locator("#timeline textarea")).to_have_value("女儿周日来")
    page.get_by_role("button", name="保存修改").click()
    expect(page.locator("#timeline .of-notes")).to_contain_text("王医生 修改于")
    page.locator("[data-only=alerts]").click()
    expect(page.locator("#timeline .moment")).to_have_count(1)
    page.locator("#waiting").get_by_role("button", name="处理").click()
    page.locator("#dialog").get_by_role("button", name="我来处理").click()
    expect(page.locator("#waiting")).to_contain_text("处理中")
    page.keyboard.press("Escape")
    colleague = another_desk(page).new_page()
    enter(colleague, address, "lead.qinghe")
    colleague.goto(f"{address}/residents/{world.residents['王秀英']}")
    expect(colleague.locator("#lookers")).to_have_text("王医生 正在看")
    expect(page.locator("#lookers")).to_have_text("陈站长 正在看")
    page.locator("details", has_text="数值表").last.locator("summary").click()
    expect(page.locator("details .lazy table")).to_contain_text("2.6")
    assert complaints == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_is_accessible(language: str, world: World, address: str, page: Page) -> None:
    world.alert("王秀英", glucose=2.6)
    world.measured("王秀英", systolic=150, diastolic=95, clock="assumed", flags=1, setting="station")
    resident = world.residents["王秀英"]
    world.held(device=f"A4:C1:38:00:{resident:02X}:01")
    page.goto(f"{address}/language/{language}?next=/sign-in")
    check(page)
    enter(page, address, "dr.wang")
    check(page)
    for path in (
        "/alerts",
        "/alerts?view=recent",
        "/residents",
        f"/residents/{resident}",
        "/held",
        "/docs",
        "/nothing",
    ):
        page.goto(address + path)
        check(page)
    page.goto(f"{address}/work")
    page.keyboard.press("?")
    check(page)
    lead = another_desk(page).new_page()
    lead.goto(f"{address}/language/{language}?next=/sign-in")
    enter(lead, address, "lead.qinghe")
    lead.goto(f"{address}/station")
    check(lead)
    for path in ("/work", "/alerts", "/held"):
        page.goto(address + path)
        page.locator("[data-opens]").first.click()
        page.wait_for_selector("#dialog article")
        check(page)


def check(page: Page) -> None:
    """Nothing for axe-core to complain about."""
    found = Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found] == [], page.url


def _looked_for(condition: object) -> bool:
    pause = threading.Event()
    for _ in range(PATIENCE * 100):
        if callable(condition) and condition():
            return True
        pause.wait(0.01)
    return False
