"""How many residents an engine evaluates in a second with 30 days of readings, and how much of a core that takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import psycopg

from ingest.alerting import engine, loading
from ingest.alerting.rules import Rules, parse
from maixun import collector
from maixun.configuration import load_all
from tests.bench.figure import Figure
from tests.harness.line import Line, running_line, wait_until

RESIDENTS = 4_000
AT_ONCE = 500
TAKES = 2  # a sitting's; it is reviewed once
LOAD = 1_111  # readings a second, each of another resident: the highest load published elsewhere

# Two sittings of two takes a day, for 30 days: a home cuff used by protocol. A third of the people has hypertension.
_STATION = "insert into care.station (name, township, region_code) values ('Station', 'Town', '370283001001')"
_PEOPLE = """
insert into care.resident (birth_date, sex, station_id)
select date '1950-01-01' + n, 'female', 1 from generate_series(1, %s) n"""
_CONDITIONS = """
insert into care.condition (resident_id, condition)
select resident_id, 'hypertension' from care.resident where resident_id %% 3 = 0"""
_READINGS = """
insert into telemetry.reading (resident_id, measured_at, reading_id, received_at, kind, setting, clock, device_id,
    station_id, systolic, diastolic, pulse, raw)
select resident_id, at, gen_random_uuid(), at, 'blood_pressure', 'home', 'exact', 1, 1,
    round(118 + resident_id %% 20 + random() * 16), round(72 + random() * 14), round(66 + random() * 16), '2A35:00'
from care.resident, generate_series(0, 29) day, unnest(array[0, 1, 720, 721]) minute,
    lateral (select %s - day * interval '1 day' - minute * interval '1 minute') as moment (at)"""
_NEW = """
with new as (
    insert into telemetry.reading (resident_id, measured_at, reading_id, received_at, kind, setting, clock, device_id,
        station_id, systolic, diastolic, pulse, raw)
    select resident_id, %s, gen_random_uuid(), %s, 'blood_pressure', 'home', 'exact', 1, 1, 126, 78, 70, '2A35:00'
    from care.resident returning resident_id)
insert into telemetry.work (resident_id) select resident_id from new"""

_EAGER = {"MAIXUN_ALERTING_REVIEW_EVERY_SECONDS": "0.1"}


class Took(NamedTuple):
    """Seconds of the clock, and of this process's own work."""

    wall: float
    cpu: float


def figures() -> Iterator[Figure]:
    """Residents a second, beside reading the same rows and comparing each with one threshold."""
    rules = parse(load_all("rules/*.yaml"))
    collector.relax()  # as `maixun alerting` does
    now = datetime.now(UTC)
    with running_line() as line, psycopg.connect(line.database, autocommit=True) as connection:
        _fill(connection, now)
        fast, fast_bare = _prompt(connection, rules, now), _bare(connection, rules.prompt, now)
        whole, whole_bare = _review(connection, rules, now), _bare(connection, rules.review, now)
        shared = [_shared(line, connection, processes) for processes in (1, 2)]
    bare = "same rows, one comparison each"
    for what, took, beside in (("a new reading", fast, fast_bare), ("a review of 30 days", whole, whole_bare)):
        yield Figure(name=f"{what} of each of {RESIDENTS:,}", value=RESIDENTS / took.wall, unit="residents/s",
                     baseline_name=bare, baseline=RESIDENTS / beside.wall)  # fmt: skip
        yield Figure(name=f"{what}, at {LOAD:,} a second", value=100 * LOAD * took.cpu / RESIDENTS, unit="% of a core",
                     baseline_name=bare, baseline=100 * LOAD * beside.cpu / RESIDENTS)  # fmt: skip
    yield Figure(name=f"both, at {LOAD:,} a second in sittings of {TAKES}", value=_share(fast, whole),
                 unit="% of a core", baseline_name=bare, baseline=_share(fast_bare, whole_bare))  # fmt: skip
    yield Figure(name="reviews by two processes", value=RESIDENTS / shared[1], unit="residents/s",
                 baseline_name="by one process", baseline=RESIDENTS / shared[0])  # fmt: skip


def _share(prompt: Took, review: Took) -> float:
    """Of a core, in per cent: every reading is judged at once, and reviewed once a sitting."""
    return 100 * LOAD * (prompt.cpu + review.cpu / TAKES) / RESIDENTS


def _fill(connection: psycopg.Connection[Any], now: datetime) -> None:
    for statement, parameters in ((_STATION, []), (_PEOPLE, [RESIDENTS]), (_CONDITIONS, []), (_READINGS, [now])):
        connection.execute(statement.encode(), parameters)
    connection.execute("analyze telemetry.reading")
    connection.execute(_NEW.encode(), [now, now])


def _prompt(connection: psycopg.Connection[Any], rules: Rules, now: datetime) -> Took:
    """What follows a reading: claimed, loaded, judged, written, a review asked for."""

    def work() -> int:
        people = 0
        while done := engine.run_once(connection, rules, people=AT_ONCE, now=now, review_after=timedelta()).people:
            people += done
        return people

    return _timed(work)


def _review(connection: psycopg.Connection[Any], rules: Rules, now: datetime) -> Took:
    """Averages, trends, days, silence over all that is stored."""

    def work() -> int:
        engine.review_all(connection, now, rules=rules, people=100)
        row = connection.execute("select count(*) from care.review where due_at is null or due_at > %s", [now])
        return int((row.fetchone() or (0,))[0])

    return _timed(work)


def _shared(line: Line, connection: psycopg.Connection[Any], processes: int) -> float:
    """Seconds until so many processes of `maixun alerting` have reviewed everybody."""
    programs = [line.start(f"alerting-{n}", "alerting", **_EAGER) for n in range(processes)]
    for program in programs:
        wait_until(lambda program=program: b"at work" in program.log.read_bytes())  # type: ignore[misc]
    connection.execute("update care.review set due_at = now()")
    began = time.perf_counter()
    while connection.execute("select from care.review where due_at is not null limit 1").rowcount:
        time.sleep(0.02)
    took = time.perf_counter() - began
    for program in programs:
        program.stop(5)
    return took


def _bare(connection: psycopg.Connection[Any], rules: Rules, now: datetime) -> Took:
    """The baseline: the same rows by the same query, each compared with one number."""
    residents = [row[0] for row in connection.execute("select resident_id from care.resident").fetchall()]

    def work() -> int:
        seen = 0
        for first in range(0, RESIDENTS, AT_ONCE):
            found = loading.readings(connection, residents[first : first + AT_ONCE], rules, now)
            high = sum(1 for rows in found.values() for each in rows if each.values["systolic"] >= 180)
            seen += len(found) + 0 * high
        return seen

    return _timed(work)


def _timed(work: Callable[[], int]) -> Took:
    wall, cpu = time.perf_counter(), time.process_time()
    people = work()
    took = Took(time.perf_counter() - wall, time.process_time() - cpu)
    if people != RESIDENTS:
        raise AssertionError(f"{people} of {RESIDENTS} were looked at")
    return took
