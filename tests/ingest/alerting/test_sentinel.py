"""An outbreak at a school reaches the CDC as one incident that explains itself and ends by itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from ingest.alerting import sentinel_counts
from ingest.alerting.person import LOCAL
from ingest.alerting.sentinel import SentinelSettings, Series, Sign, troubles, watch
from ingest.alerting.sentinel_round import look
from maixun.configuration import settings
from tests.ingest.alerting.people import NOON
from tests.ingest.alerting.town import Town

TODAY = NOON.astimezone(LOCAL).date()


@pytest.fixture
def town(database: str) -> Iterator[Town]:
    opened = Town(database)
    yield opened
    opened.close()


def shipped() -> SentinelSettings:
    return settings(SentinelSettings, "sentinel")


def works(_day: date) -> bool:
    return True


def incidents(town: Town) -> list[dict[str, Any]]:
    rows = town.connection.execute(
        "select subject, cause, state, audience::text, station_id, finding from care.incident order by incident_id"
    ).fetchall()
    return [
        dict(zip(("subject", "cause", "state", "audience", "station_id", "finding"), row, strict=True)) for row in rows
    ]


def answer(town: Town, people: list[int], at: datetime, place: str = "school", **signs: Any) -> None:
    """So many residents are asked at a kiosk, or measured."""
    kind = "temperature" if "temperature" in signs else "symptoms"
    town.arrive([town.row(who, kind, at=at, setting=place, **signs) for who in people])


def quiet_past(town: Town, people: list[int]) -> None:
    """Two months with nobody, one or two with a fever a day."""
    for back in range(60, 0, -1):
        sick = people[: back % 3]
        if sick:
            answer(town, sick, town.now - timedelta(days=back), fever=1, diarrhoea=0)


def test_a_cluster_at_a_school_is_told_once_explained_and_ends(town: Town) -> None:
    pupils = [town.resident() for _ in range(12)]
    quiet_past(town, pupils)
    assert look(town.connection, shipped(), works, town.now) == 0
    answer(town, pupils[:9], town.now, fever=1, diarrhoea=0)
    answer(town, pupils[:9], town.now, fever=1, diarrhoea=0)  # asked twice: still nine people
    assert look(town.connection, shipped(), works, town.now) == 1
    assert look(town.connection, shipped(), works, town.now) == 0
    (cluster,) = incidents(town)
    assert (cluster["cause"], cluster["state"], cluster["audience"]) == ("fever_cluster", "open", "cdc")
    assert cluster["subject"] == f"{town.station}:school"
    assert cluster["finding"]["facts"]["people"] == 9
    assert "9 人" in cluster["finding"]["says"]["zh"]
    assert "EARS C2" in cluster["finding"]["says"]["en"]
    town.now += timedelta(days=3)
    look(town.connection, shipped(), works, town.now)
    assert [each["state"] for each in incidents(town)] == ["closed"]


def test_what_reaches_us_a_day_late_is_not_missed(town: Town) -> None:
    pupils = [town.resident() for _ in range(12)]
    quiet_past(town, pupils)
    answer(town, pupils[:9], town.now - timedelta(hours=20), fever=1, diarrhoea=0)
    assert look(town.connection, shipped(), works, town.now) == 1


def test_places_and_signs_are_counted_apart_and_homes_not_at_all(town: Town) -> None:
    people = [town.resident() for _ in range(5)]
    answer(town, people[:2], town.now, place="school", fever=0, diarrhoea=1)
    answer(town, people[:3], town.now, place="kiosk", temperature=37.3)
    answer(town, people[:4], town.now, place="station", temperature=38.0)
    answer(town, people, town.now, place="station", temperature=37.2)
    answer(town, people, town.now, place="home", temperature=39.0)
    today = {(s.place, s.sign): s.people[-1] for s in sentinel_counts.read(town.connection, shipped(), town.now)}
    assert today["school", Sign.DIARRHOEA] == 2
    assert today["school", Sign.FEVER] == 0
    assert today["station", Sign.TEMPERATURE] == 4
    assert {place for place, _ in today} == {"school", "station"}


def test_a_day_is_a_day_in_china(town: Town) -> None:
    """Half past eleven in the evening and half past midnight are two days, and one day in UTC."""
    midnight = datetime.combine(TODAY, datetime.min.time(), LOCAL)
    person = [town.resident()]
    answer(town, person, midnight - timedelta(minutes=30), fever=1, diarrhoea=0)
    answer(town, person, midnight + timedelta(minutes=30), fever=1, diarrhoea=0)
    series = next(s for s in sentinel_counts.read(town.connection, shipped(), town.now) if s.sign is Sign.FEVER)
    assert series.people[-2:] == [1, 1]


@pytest.mark.parametrize(("people", "told"), [(2, False), (3, True)])
def test_too_few_people_are_no_signal_however_unusual(people: int, told: bool) -> None:
    days = [TODAY - timedelta(days=back) for back in reversed(range(40))]
    series = Series(
        station_id=1, station="青河卫生站", place="station", sign=Sign.DIARRHOEA, days=days, people=[0] * 39 + [people]
    )
    assert bool(list(troubles([watch(series, shipped(), works)], shipped()))) == told
