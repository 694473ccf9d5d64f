"""The CDC sees an outbreak in its region, the curve around it, and nothing small that is not a signal."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from ingest.alerting.sentinel import SentinelSettings
from ingest.alerting.sentinel_round import look
from maixun.configuration import settings
from tests.api.conftest import SignIn
from tests.api.world import World


def answer(world: World, residents: list[int], back: int) -> None:
    """These residents say at the school's kiosk, so many days ago, that they have a fever."""
    at = world.clock() - timedelta(days=back)
    for resident_id in residents:
        world.connection.execute(
            "insert into telemetry.reading (resident_id, measured_at, reading_id, received_at, kind, setting, clock,"
            " device_id, station_id, fever, diarrhoea, raw)"
            " values (%s, %s, %s, %s, 'symptoms', 'school', 'exact', 1, %s, 1, 0, '-')",
            [resident_id, at, uuid4(), at, world.stations["青河卫生站"]],
        )


@pytest.fixture
def outbreak(world: World) -> World:
    """A child or two a day for two months, and seven today."""
    pupils = [world.resident(f"学生{n}", "dr.wang", "青河卫生站") for n in range(7)]
    for back in range(60, 0, -1):
        answer(world, pupils[: back % 3], back)
    answer(world, pupils, 0)
    world.connection.execute("update care.staff set region_prefix = '330100' where login = 'cdc'")
    assert look(world.connection, settings(SentinelSettings, "sentinel"), lambda _day: True, world.clock()) == 1
    return world


@pytest.mark.usefixtures("outbreak")
def test_the_signal_is_shown_whatever_its_size_and_nothing_else_that_is_small(as_: SignIn) -> None:
    curve = as_("cdc").get("/api/v1/sentinel?sign=fever").json()
    (school,) = curve["places"]
    assert (school["station"], school["place"]) == ("青河卫生站", "school")
    assert school["people"][-1] == 7
    assert school["signal"][-1]
    assert set(school["people"][:-1]) <= {None, 0}
    assert curve["people"][-1] == 7


@pytest.mark.usefixtures("outbreak")
def test_the_page_says_what_was_seen_and_names_nobody(as_: SignIn) -> None:
    client = as_("cdc")
    page = client.get("/sentinel").text
    assert "自述发热 7 人" in page
    assert "学生1" not in page
    client.get("/language/en")
    assert "fever reported by 7 people" in client.get("/sentinel").text
    assert client.get("/sentinel/chart?sign=fever").json()["words"]["limit"] == "Limit"


def test_another_regions_outbreak_is_not_shown(outbreak: World, as_: SignIn) -> None:
    outbreak.connection.execute("update care.staff set region_prefix = '3302' where login = 'cdc'")
    client = as_("cdc")
    assert client.get("/api/v1/sentinel").json()["places"] == []
    assert "自述发热 7 人" not in client.get("/sentinel").text


@pytest.mark.usefixtures("outbreak")
def test_a_doctor_has_no_business_here(as_: SignIn) -> None:
    assert as_("dr.wang").get("/sentinel").status_code == 403
