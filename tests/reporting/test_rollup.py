"""Readings folded by person and month: exact however late, however often, and with two folders at once."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import psycopg
import pytest

from api.reporting.period import ZONE
from ingest.database import connect
from ingest.rollup import ONE_AT_A_TIME, ROLE, RollupSettings, fold, run
from tests.ingest.county import County, Ingest, message, pressure, settle
from tests.reporting.town import Town

_ROLLUP = """
select resident_id, month, kind::text, setting::text, station_id, readings, pressures, systolic_sum, diastolic_sum,
    systolic_max, fasting, fasting_sum, fasting_max from reporting.person_month order by 1, 2, 3, 4, 5"""
_RHYTHM = """
select station_id, kind::text, slot, sum(readings) from reporting.rhythm group by 1, 2, 3 having sum(readings) <> 0"""


def scatter(town: Town, people: list[int], number: int, random: Random) -> None:
    """Readings of every kind through a year, those near midnight and near the ends of months among them."""
    for _ in range(number):
        moment = datetime(2026, 1, 1, tzinfo=ZONE) + timedelta(minutes=random.randrange(365 * 24 * 60))
        if random.random() < 0.2:
            moment = moment.replace(day=1, hour=random.choice([0, 23]))
        when = moment.strftime("%Y-%m-%d %H:%M:%S")
        place = {"setting": random.choice(["home", "kiosk", "station"])}
        values: dict[str, Any] = random.choice(
            [
                {"systolic": random.randrange(900, 1900) / 10, "diastolic": random.randrange(50, 110)},
                {"systolic": random.randrange(90, 190)},
                {"glucose": random.randrange(300, 1500) / 100, "meal": random.choice(["fasting", "after_meal", None])},
            ]
        )
        town.reading(random.choice(people), when, **place, **values)


def expected_rhythm(connection: psycopg.Connection[Any]) -> Counter[tuple[int, str, int]]:
    """Counted from the readings themselves, without the database's own calendar."""
    rows = connection.execute("select station_id, kind::text, measured_at from telemetry.reading").fetchall()
    moments = ((station, kind, at.astimezone(ZONE)) for station, kind, at in rows)
    return Counter((station, kind, at.weekday() * 24 + at.hour) for station, kind, at in moments)


def rhythm(connection: psycopg.Connection[Any]) -> Counter[tuple[int, str, int]]:
    return Counter({tuple(key): number for *key, number in connection.execute(_RHYTHM)})


def test_folding_bit_by_bit_gives_what_folding_at_once_gives(town: Town) -> None:
    random = Random(5)
    people = [town.resident() for _ in range(5)]
    for _ in range(6):
        scatter(town, people, 60, random)
        fold(town.connection)
    bit_by_bit = town.connection.execute(_ROLLUP).fetchall()
    assert rhythm(town.connection) == expected_rhythm(town.connection)
    town.connection.execute("delete from reporting.person_month")
    town.connection.execute("delete from reporting.rhythm")
    town.connection.execute(
        "insert into reporting.dirty select resident_id, reporting.month_of(measured_at) from telemetry.reading"
    )
    fold(town.connection)
    assert town.connection.execute(_ROLLUP).fetchall() == bit_by_bit
    assert sum(row[5] for row in bit_by_bit) == 360
    assert rhythm(town.connection) == expected_rhythm(town.connection)


def test_folding_again_changes_nothing_and_without_marks_does_nothing(town: Town) -> None:
    people = [town.resident() for _ in range(3)]
    scatter(town, people, 50, Random(1))
    assert fold(town.connection) > 3
    before = town.connection.execute(_ROLLUP).fetchall(), rhythm(town.connection)
    assert fold(town.connection) == 0
    town.connection.execute("insert into reporting.dirty select resident_id, month from reporting.person_month")
    fold(town.connection)
    assert (town.connection.execute(_ROLLUP).fetchall(), rhythm(town.connection)) == before


def test_a_reading_taken_out_of_a_month_leaves_no_trace(town: Town) -> None:
    person = town.resident()
    town.reading(person, "2026-02-10 09:00", systolic=150, diastolic=90)
    fold(town.connection)
    town.connection.execute("delete from telemetry.reading")
    town.connection.execute("insert into reporting.dirty values (%s, '2026-02-01')", (person,))
    fold(town.connection)
    assert town.connection.execute(_ROLLUP).fetchall() == []
    assert rhythm(town.connection) == Counter()


def test_a_second_folder_passes_by_and_a_crash_leaves_the_marks(town: Town, database: str) -> None:
    person = town.resident()
    town.reading(person, "2026-02-10 09:00", systolic=150, diastolic=90)
    with psycopg.connect(database) as other:
        other.execute("select pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
        assert fold(town.connection) == 0
    with town.connection.transaction(force_rollback=True):
        assert fold(town.connection) == 1
    assert fold(town.connection) == 1


def test_ingest_marks_what_it_stores_and_only_once(connection: psycopg.Connection[Any]) -> None:
    county: County = settle(connection)
    ingest = Ingest(connection)
    june, july = datetime(2026, 6, 30, 15, 59, tzinfo=UTC), datetime(2026, 6, 30, 16, 0, tzinfo=UTC)
    batch = message([pressure(county.cuff, number, at=at) for number, at in enumerate([june, july, july])])
    ingest(batch)
    marks = connection.execute("select resident_id, month::text from reporting.dirty order by 2").fetchall()
    assert marks == [(county.resident, "2026-06-01"), (county.resident, "2026-07-01")]
    fold(connection)
    ingest(batch)
    assert connection.execute("select * from reporting.dirty").fetchall() == []


def test_the_process_has_the_rights_it_needs_and_no_more(town: Town, database: str) -> None:
    person = town.resident()
    stop = threading.Event()
    folder = threading.Thread(target=run, args=(database, RollupSettings(every_seconds=0.05, retry_seconds=0.1), stop))
    folder.start()
    town.reading(person, "2026-02-10 09:00", systolic=150, diastolic=90)
    for _ in range(200):
        if town.one("select count(*) from reporting.person_month"):
            break
        threading.Event().wait(0.05)
    stop.set()
    folder.join()
    assert town.one("select readings from reporting.person_month") == 1
    with connect(database, ROLE) as least, pytest.raises(psycopg.errors.InsufficientPrivilege):
        least.execute("select * from care.resident")
