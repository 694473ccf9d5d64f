"""An arm in the village, a doctor in town: from the cuff's indication to the note with which the doctor closes it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from playwright.sync_api import Locator, Page, expect

from tests.api.world import PASSWORD
from tests.harness.line import wait_until
from tests.ingest.line import Gateway
from tests.journeys import messages
from tests.journeys.house import Cuff, house_with_cuff
from tests.journeys.town import Town

CUFF = "F0:F1:F2:F3:F4:01"
LIS_METER = "A4:C1:38:0D:00:01"
NOTE = "电话随访：已嘱即刻服药，今晚复测"
PATIENCE_MS = 20_000.0
# Every row that ever was on the page, even for a moment.
REMEMBER = """() => {
    window.everShown = [];
    const note = () => document.querySelectorAll('#rows tr[data-episode]').forEach(row => {
        if (!window.everShown.includes(row.id)) window.everShown.push(row.id);
    });
    new MutationObserver(note).observe(document.getElementById('rows'), {childList: true});
    note();
}"""


def test_a_dangerous_pressure_reaches_its_doctor_and_no_other(town: Town, page: Page) -> None:
    began = datetime.now(UTC)
    arm = town.world.resident("赵桂兰", "dr.wang", "青河卫生站")
    town.world.meter(CUFF, arm, "青河卫生站")
    wang, english, li = _desks(town, page)
    with house_with_cuff(CUFF) as (cuff, bus), town.gateway("gw-village", DBUS_SYSTEM_BUS_ADDRESS=bus):
        episode = _measured_twice(town, arm, cuff)
        for desk in (wang, english):
            expect(desk.locator(f"#alert-{episode}")).to_contain_text("186/112", timeout=PATIENCE_MS)
        _explained(wang, english, episode)
        _acted_on(wang, episode)
        expect(english.locator(f"#alert-{episode}")).to_have_count(0)
    _never_seen_by(li, town, episode)
    assert wang.evaluate("window.stayed") is True
    _recorded(town, arm, episode, began)


def _desks(town: Town, page: Page) -> list[Page]:
    """The doctor's screen, the same doctor's second screen in English, and another doctor's; all live."""
    browser = page.context.browser
    assert browser is not None
    pages = [page, *(browser.new_context(timezone_id="Asia/Shanghai").new_page() for _ in range(2))]
    for each, login, language in zip(pages, ("dr.wang", "dr.wang", "dr.li"), ("zh", "en", "zh"), strict=True):
        each.set_default_timeout(PATIENCE_MS)
        each.goto(f"{town.address}/language/{language}?next=/sign-in")
        each.fill("#login", login)
        each.fill("#password", PASSWORD)
        each.click("main button.primary")
        each.goto(f"{town.address}/alerts")  # every alert a row of its own
        expect(each.locator("#live.on")).to_be_visible(timeout=PATIENCE_MS)
        each.evaluate(REMEMBER)
        each.evaluate("window.stayed = true")  # gone with the first reload
    return pages


def _measured_twice(town: Town, arm: int, cuff: Cuff) -> int:
    """One high value asks for a repeat and disturbs nobody; the repeat makes it an alert. Returns the episode."""
    # A stamp is a whole second: two measurements within one would be the same reading twice.
    cuff.measure(186, 112, ago=timedelta(minutes=2))
    _wait_for(town, arm, "confirming")
    assert town.rows("select 1 from care.episode where resident_id = %s and opened_at is not null", arm) == []
    cuff.measure(186, 112)
    _wait_for(town, arm, "open")
    ((episode,),) = town.rows("select episode_id from care.episode where resident_id = %s", arm)
    return int(episode)


def _wait_for(town: Town, arm: int, state: str) -> None:
    query = "select state from care.episode where resident_id = %s"
    wait_until(lambda: town.rows(query, arm) == [(state,)])


def _explained(wang: Page, english: Page, episode: int) -> None:
    row, other = (desk.locator(f"#alert-{episode}") for desk in (wang, english))
    _says(row, "赵桂兰", "危急", "血压过高", "血压 186/112 mmHg，达到提醒标准 ≥ 180/110 mmHg")
    _says(other, "赵桂兰", "High blood pressure", "186/112 mmHg reaches the limit ≥ 180/110 mmHg")


def _says(row: Locator, *texts: str) -> None:
    for text in texts:
        expect(row).to_contain_text(text)


def _acted_on(wang: Page, episode: int) -> None:
    """The doctor takes it over, then closes it with a note."""
    wang.locator(f"#alert-{episode} button").click()
    dialog = wang.locator("#dialog")
    expect(dialog.locator("tbody tr")).to_have_count(2)
    dialog.get_by_role("button", name="我来处理").click()
    expect(dialog.get_by_role("status")).to_contain_text("已由您接手")
    dialog.locator("#outcome").select_option("advised")
    dialog.locator("#note").fill(NOTE)
    dialog.get_by_role("button", name="关闭预警").click()
    expect(dialog.get_by_role("status")).to_contain_text("已关闭")
    expect(wang.locator(f"#alert-{episode}")).to_have_count(0)


def _never_seen_by(li: Page, town: Town, episode: int) -> None:
    """Li's page is alive all the time: an own alert comes to it at once, and was the first to."""
    resident_id = town.world.resident("孙丽", "dr.li", "云岭卫生站", conditions=["diabetes"])
    town.world.meter(LIS_METER, resident_id, "云岭卫生站")
    before = li.evaluate("window.everShown")
    with Gateway(town.line.mosquitto.url, "gw-li") as gateway:
        gateway.publish(messages.message(gateway.name, messages.low_glucose(LIS_METER)))
    expect(li.locator("#rows tr", has_text="孙丽")).to_be_visible(timeout=PATIENCE_MS)
    assert li.evaluate("window.stayed") is True
    shown = li.evaluate("window.everShown")
    assert f"alert-{episode}" not in shown
    assert len(shown) == len(before) + 1


def _recorded(town: Town, arm: int, episode: int, began: datetime) -> None:
    """Who did what, when: in the episode's own history and in the audit."""
    wang = town.world.staff["dr.wang"]
    events = town.rows(
        "select actor, to_state, note from care.episode_event where episode_id = %s order by revision", episode
    )
    doctor = f"staff:{wang}"
    assert events == [
        ("engine", "confirming", None),
        ("engine", "open", None),
        (doctor, "acknowledged", None),
        (doctor, "closed", NOTE),
    ]
    audit = town.rows(
        "select staff_id, action, (detail->>'episode_id')::bigint from care.audit"
        " where resident_id = %s and action in ('episode.acknowledge', 'episode.close') order by audit_id",
        arm,
    )
    assert audit == [(wang, "episode.acknowledge", episode), (wang, "episode.close", episode)]
    assert town.rows("select distinct staff_id from care.audit where resident_id = %s", arm) == [(wang,)]
    times = town.rows(
        "select at from care.episode_event where episode_id = %s union all select at from care.audit"
        " where resident_id = %s and action in ('episode.acknowledge', 'episode.close')",
        episode,
        arm,
    )
    assert all(began <= at <= datetime.now(UTC) for (at,) in times)
    readings = town.rows("select clock, raw from telemetry.reading where resident_id = %s", arm)
    assert [clock for clock, _ in readings] == ["exact", "exact"]
    assert all(raw.startswith("2A35:1eba007000") for _, raw in readings)
