"""The home average over HTTP: with the readings it rests on, found by its code and its time, and read by its id."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from devices.reading import Flag
from tests.api.conftest import SignIn
from tests.api.test_fhir import get, matches, pages, token_of
from tests.api.world import World
from tests.fhir import official

AVERAGE = "http://loinc.org|96607-7"
ZONE = ZoneInfo("Asia/Shanghai")


def morning(day: int, hour: int = 7) -> datetime:
    """A local hour of a day in November."""
    return datetime(2026, 11, day, hour, tzinfo=ZONE)


@pytest.fixture
def week(world: World) -> World:
    """Wang Xiuying, under treatment, measured at home morning and evening for a week; one of it with a loose cuff."""
    for day in range(10, 17):
        for hour, systolic in ((7, 130 + day), (20, 140 + day)):
            world.measured("王秀英", morning(day, hour), systolic=systolic, diastolic=85, pulse=70)
    world.measured("王秀英", morning(16, 21), systolic=200, diastolic=120, flags=int(Flag.CUFF_LOOSE))
    world.measured("王秀英", morning(16, 9), systolic=220, diastolic=120, setting="kiosk")
    return world


def test_it_stands_with_the_readings_it_was_taken_of_and_they_can_be_read(week: World, as_: SignIn) -> None:
    doctor, token = as_("dr.wang"), token_of(week, "王秀英")
    (average,) = matches(get(doctor, "/fhir/Observation", patient=token, code=AVERAGE))
    assert official.problems([average]) == []
    assert [c["valueQuantity"]["value"] for c in average["component"]] == [148.0, 85.0]
    assert average["effectivePeriod"] == {"start": "2026-11-09T23:00:00Z", "end": "2026-11-16T12:00:00Z"}
    assert average["id"] == f"home-average.{token}.2026-11-16"
    behind = [get(doctor, f"/fhir/{one['reference']}") for one in average["derivedFrom"]]
    assert len({one["id"] for one in behind}) == 14
    values = [c["valueQuantity"]["value"] for one in behind for c in one["component"] if "8480-6" in str(c["code"])]
    assert sum(values) / 14 == 148.0
    assert official.problems(behind) == []
    assert get(doctor, f"/fhir/Observation/{average['id']}") == average


def test_it_comes_first_and_a_page_is_never_longer_for_it(week: World, as_: SignIn) -> None:
    doctor, token = as_("dr.wang"), token_of(week, "王秀英")
    found = [
        [one["id"] for one in matches(page)] for page in pages(doctor, f"/fhir/Patient/{token}/$everything", _count=4)
    ]
    assert found[0][0].startswith("home-average.")
    assert {len(page) for page in found[:-1]} == {4}
    everything = [one for page in found for one in page]
    assert len(everything) == len(set(everything)) == 1 + 14 * 2 + 2


@pytest.mark.parametrize(
    ("dates", "is_there"),
    [
        ("2026-11", True),
        ("2026-11-16", False),  # it lasted longer than that day
        ("ge2026-11-16", True),
        ("ge2026-11-17", False),
        ("gt2026-11-15", True),
        ("le2026-11-10", True),
        ("lt2026-11-10", False),
        (["ge2026-11-12", "lt2026-11-13"], True),
    ],
)
def test_its_time_is_a_period(dates: Any, is_there: bool, week: World, as_: SignIn) -> None:
    token = token_of(week, "王秀英")
    found = matches(get(as_("dr.wang"), "/fhir/Observation", patient=token, code=AVERAGE, date=dates))
    assert bool(found) == is_there


def test_too_few_readings_make_none_and_what_arrives_late_changes_it(world: World, as_: SignIn) -> None:
    doctor, token = as_("dr.wang"), token_of(world, "王秀英")
    for day in (10, 11, 12):
        for hour in (7, 8, 19, 20):
            world.measured("王秀英", morning(day, hour), systolic=130, diastolic=80)
    assert matches(get(doctor, "/fhir/Observation", patient=token, code=AVERAGE)) == [], "three days are too few"
    world.measured("王秀英", morning(13), systolic=143, diastolic=80)
    (average,) = matches(get(doctor, "/fhir/Observation", patient=token, code=AVERAGE))
    assert average["component"][0]["valueQuantity"]["value"] == 131.0
    world.measured("王秀英", morning(12, 21), systolic=144, diastolic=80)
    later = get(doctor, f"/fhir/Observation/{average['id']}")
    assert later["component"][0]["valueQuantity"]["value"] == pytest.approx(131.9)


def test_whoever_is_not_yet_diagnosed_is_judged_without_the_first_day(world: World, as_: SignIn) -> None:
    world.resident("赵敏", "dr.wang", "青河卫生站", conditions=[])
    for day in range(10, 17):
        for hour in (7, 20):
            world.measured("赵敏", morning(day, hour), systolic=170 if day == 10 else 130, diastolic=80)
    (average,) = matches(get(as_("dr.wang"), "/fhir/Observation", patient=token_of(world, "赵敏"), code=AVERAGE))
    assert average["component"][0]["valueQuantity"]["value"] == 130.0
    assert len(average["derivedFrom"]) == 12


def test_an_observation_is_read_whatever_its_meters_clock_said(world: World, as_: SignIn) -> None:
    doctor = as_("dr.wang")
    mine = world.measured("王秀英", world.clock() - timedelta(days=40), systolic=150, diastolic=90, pulse=66)
    theirs = world.measured("李建国", glucose=9.9)
    assert get(doctor, f"/fhir/Observation/{mine}.panel")["id"] == f"{mine}.panel"
    assert get(doctor, f"/fhir/Observation/{mine}.pulse")["valueQuantity"]["value"] == 66
    assert world.one("select count(*) from care.audit where action = 'fhir.read'") == 2
    token = token_of(world, "李建国")
    for name in (
        f"{theirs}.glucose",
        f"{mine}.glucose",
        f"{mine}",
        "panel",
        f"home-average.{token}.2026-11-16",
        f"home-average.{token_of(world, '王秀英')}.2026-13-40",
    ):
        get(doctor, f"/fhir/Observation/{name}", 404)
    assert world.one("select count(*) from care.audit where action = 'fhir.read'") == 2
