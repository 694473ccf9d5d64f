"""The dashboard in a real browser: accessible in both languages, worked by keyboard, shared by address, on paper."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect

from api.reporting import definitions
from api.reporting.period import Quarter, local_date
from api.reporting.publisher import FiguresSettings, Publisher
from api.reporting.settings import ReportingSettings
from maixun import configuration
from tests.api.world import World
from tests.journeys.test_pages import address, check, world
from tests.journeys.test_reports_pages import sign_in
from tests.reporting.town import Town

__all__ = ["address", "world"]  # its county and its server


@pytest.fixture
def county(world: World) -> World:
    """Two stations with enough patients to be shown, one with three; published."""
    quarter = Quarter.of(local_date(world.clock())).previous
    town = Town(world.connection, world.stations["青河卫生站"], world.staff["dr.wang"])
    small = town.station("东桥卫生站", "青河镇", "330100001003")
    for station, people, controlled in (
        (town.station_id, 40, 24),
        (world.stations["云岭卫生站"], 60, 12),
        (small, 3, 3),
    ):
        for n in range(people):
            patient = town.patient(born="1950-06-15", station_id=station, sex="female" if n % 2 else "male")
            town.visit(patient, f"{quarter.begins} 09:00", "128/80" if n < controlled else "162/98")
            town.reading(patient, f"{quarter.begins} {n % 24:02}:30", systolic=128, diastolic=80)
    world.connection.execute("update care.staff set region_prefix = '3301' where login = 'cdc'")
    world.connection.execute("insert into fleet.gateway values ('gw-1', %s, %s)", [town.station_id, world.clock()])
    publisher = Publisher(
        definitions.load(),
        configuration.settings(FiguresSettings, "figures").model_copy(update={"quarters": 2, "months": 0}),
        configuration.settings(ReportingSettings, "reporting"),
        10,
    )
    town.figure("measurements")  # folds the readings
    assert publisher.publish_due(world.connection, world.clock()) == 2
    return world


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """Whatever the browser complains about."""
    found: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            found.append(message.text)

    page.on("console", heard)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


@pytest.mark.usefixtures("county")
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_is_accessible_and_asks_for_nothing_forbidden(
    language: str, address: str, page: Page, complaints: list[str]
) -> None:
    page.goto(f"{address}/language/{language}?next=/sign-in")
    sign_in(page, address, "cdc")
    expect(page).to_have_url(f"{address}/dashboard")
    check(page)
    for summary in page.locator(".charts summary").all():
        summary.click()
    expect(page.locator(".charts table")).to_have_count(7)
    check(page)
    page.goto(f"{address}/dashboard?region=330100000&indicator=measurements")
    check(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert complaints == []


@pytest.mark.usefixtures("county")
def test_the_keyboard_chooses_and_the_browser_goes_back(address: str, page: Page) -> None:
    sign_in(page, address, "cdc")
    page.focus("#indicator")
    page.keyboard.press("Home")
    for _select in range(page.locator(".choosing select").count()):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/dashboard\?region=330100&indicator=record_rate&period=\d{4}Q\d"))
    page.locator(".tree").get_by_role("link", name="青河镇").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("青河镇")
    expect(page.locator(".chart-pyramid")).to_contain_text("只公布到县（区）")
    page.go_back()
    expect(page.locator("h1")).to_contain_text("330100")
    expect(page.locator("#indicator")).to_have_value("record_rate")


@pytest.mark.usefixtures("county")
def test_a_picture_is_saved_and_paper_has_every_table(address: str, page: Page, tmp_path: Path) -> None:
    sign_in(page, address, "cdc")
    with page.expect_download() as file:
        page.locator(".chart-ranking [data-png]").click()
    picture = Path(file.value.path()).read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert int.from_bytes(picture[16:20]) > 1000, "twice the size of the screen"
    assert file.value.suggested_filename.startswith("maixun-ranking-330100-")
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    expect(page.locator(".tree")).to_be_hidden()
    expect(page.locator(".choosing")).to_be_hidden()
    for table in page.locator(".charts table").all():
        expect(table).to_be_visible()
    page.set_viewport_size({"width": 703, "height": 1000})  # 186 mm: A4 without its margins
    assert page.evaluate("document.documentElement.scrollWidth") <= 703
    page.pdf(path=tmp_path / "dashboard.pdf", format="A4")
    assert (tmp_path / "dashboard.pdf").read_bytes().startswith(b"%PDF")
