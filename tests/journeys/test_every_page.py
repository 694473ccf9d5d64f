"""Every page of every role's bar, in both languages, on a station's screen: accessible, one line, nothing cut off."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from playwright.sync_api import Page

from api.navigation import ENTRIES
from ingest.accounts import Role
from ingest.alerting import incidents
from ingest.alerting.incident import Subject, Trouble
from tests.api.world import World
from tests.journeys.test_pages import address, check, enter, world
from tests.journeys.test_rota_page import on_duty, ring

__all__ = ["address", "world"]  # its county and its server
SCREEN = {"width": 1366, "height": 768}
PEOPLE = {
    "dr.wang": (Role.DOCTOR, "/work"),
    "lead.qinghe": (Role.STATION_LEAD, "/work"),
    "tech": (Role.TECHNICIAN, "/held"),
    "admin": (Role.ADMIN, "/held"),
    "cdc": (Role.CDC, "/dashboard"),
}


def fill(world: World) -> None:
    """Something on every page: alerts, readings with flags, a held one, incidents, duty, messages."""
    world.connection.execute("update care.staff set region_prefix = '3301' where login = 'cdc'")
    on_duty(world, world.staff["lead.qinghe"])
    world.resident(
        "张伟", "dr.wang", "青河卫生站", conditions=["diabetes", "hypertension"], birth_date=date(1941, 2, 3)
    )
    world.alert("张伟", glucose=2.6)
    for systolic, diastolic in ((217.52, 108.01), (221, 111), (128, 80)):
        world.measured("王秀英", systolic=systolic, diastolic=diastolic, at=datetime.now(UTC) - timedelta(minutes=3))
    world.measured("王秀英", systolic=150, diastolic=95, clock="assumed", flags=1, setting="station")
    world.evaluate()
    world.held(device=f"A4:C1:38:00:{world.residents['王秀英']:02X}:01")
    for kind, audience in (
        ("gateway", "technician"),
        ("rota", "station_lead"),
        ("channel", "admin"),
        ("station", "cdc"),
    ):
        trouble = Trouble(
            subject=Subject(kind, f"{kind}-1", f"{kind}_trouble"),
            audience=audience,
            tier=3,
            says={"zh": "出了问题", "en": "something is wrong"},
            station_id=world.stations["青河卫生站"],
            facts={},
        )
        incidents.settle(world.connection, [trouble], causes=[trouble.subject.cause], now=world.clock())
    ring(world)


def looks_right(page: Page) -> None:
    """Accessible, as wide as the screen, and the bar on one line with nothing on top of something else."""
    check(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
    bar = page.evaluate(
        "[...document.querySelectorAll('.bar > *, .bar nav > *')].map(e => e.getBoundingClientRect().toJSON())"
    )
    assert max(each["bottom"] for each in bar) <= 60, page.url
    nav, who = page.locator(".bar nav").bounding_box(), page.locator(".who").bounding_box()
    assert nav, page.url
    assert who, page.url
    assert nav["x"] + nav["width"] <= who["x"], page.url


@pytest.mark.parametrize("login", PEOPLE)
def test_every_page_of_the_bar(login: str, world: World, address: str, page: Page) -> None:
    fill(world)
    role, first = PEOPLE[login]
    page.set_viewport_size(SCREEN)  # type: ignore[arg-type]
    complaints = enter(page, address, login, lands_on=first)
    pages = [entry.path for entry in ENTRIES if role in entry.roles]
    if role in (Role.DOCTOR, Role.STATION_LEAD):
        resident = f"/residents/{world.residents['王秀英']}"
        pages += [
            "/alerts",
            resident,
            f"{resident}/overrides",
            f"{resident}/visits",
            f"{resident}/visits/new",
            "/notices",
        ]
    for language in ("zh", "en"):
        page.goto(f"{address}/language/{language}?next={first}")
        for path in pages:
            answer = page.goto(address + path)
            assert answer, path
            assert answer.status == 200, path
            looks_right(page)
    assert complaints == []


def test_whatever_is_behind_more_is_one_key_away(address: str, page: Page) -> None:
    page.set_viewport_size(SCREEN)  # type: ignore[arg-type]
    enter(page, address, "lead.qinghe")
    page.goto(f"{address}/language/en?next=/work")
    more = page.locator("summary", has_text="More")
    more.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: not url.endswith("/work"))
    behind = [entry.path for entry in ENTRIES if Role.STATION_LEAD in entry.roles]
    assert page.url.removeprefix(address) in behind
    assert page.locator("nav summary.current").count() == 1
