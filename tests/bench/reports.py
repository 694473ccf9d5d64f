"""Indicators, the quarterly report and late data on a synthetic year, each beside the same on raw readings.

`python -m tests.bench reports` takes a modest size; `python -m tests.bench.reports --full` the 10 million readings of
50,000 managed people at 200 stations. Every indicator is recounted with polars: a difference ends the run.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import psycopg
from psycopg import sql

from api import report_files
from api.language import Language
from api.report_files import Kind
from api.reporting import definitions, quarterly, reports
from api.reporting import figures as counting
from api.reporting.definitions import Definition
from api.reporting.figures import Dimension, Scope
from api.reporting.period import Quarter, Span, Window
from api.reporting.quarterly import Programme
from api.reporting.settings import ReportingSettings
from ingest.rollup import fold
from maixun.configuration import settings
from tests.bench import county_year
from tests.bench.county_year import YEAR, Size
from tests.bench.figure import Figure
from tests.bench.own_database import own_database
from tests.reporting import recomputed
from tests.reporting.recomputed import Recomputed, differences

MODEST, FULL = Size(300_000, 3_000, 40), Size(10_000_000, 50_000, 200)
ROUNDS = 12  # of each dashboard request, over quarters and scopes
LATER = date(YEAR + 1, 2, 1)
RAW_ROUNDS = 2

# The rollup's rows made from the readings of the window, as an indicator would need them without a rollup.
_RAW = """(
    select resident_id, reporting.month_of(measured_at) as month, kind, setting, station_id,
        count(*)::integer as readings,
        count(*) filter (where systolic is not null and diastolic is not null)::integer as pressures,
        coalesce(sum(round(systolic * 10)) filter (where diastolic is not null), 0)::integer as systolic_sum,
        coalesce(sum(round(diastolic * 10)) filter (where systolic is not null), 0)::integer as diastolic_sum,
        max(systolic) filter (where diastolic is not null) as systolic_max,
        max(diastolic) filter (where systolic is not null) as diastolic_max,
        count(glucose) filter (where meal = 'fasting')::integer as fasting,
        max(round(glucose::numeric, 1)::real) filter (where meal = 'fasting') as fasting_max
    from telemetry.reading where measured_at >= %(begin_at)s and measured_at < %(until_at)s group by 1, 2, 3, 4, 5)"""
_RHYTHM = "select slot, sum(readings) from reporting.rhythm where month >= %s and month < %s group by 1 order by 1"
_RAW_RHYTHM = """
select ((extract(isodow from reporting.local(measured_at)) - 1) * 24
    + extract(hour from reporting.local(measured_at)))::smallint, count(*)
from telemetry.reading where measured_at >= %s and measured_at < %s group by 1 order by 1"""

_SUMS = sql.SQL("select station_id, slice, sum(numerator), sum(denominator) from ({}) c group by 1, 2")

# What a dashboard asks for: indicator, told apart by what.
REQUESTS = (
    ("hypertension_control_rate", (Dimension.STATION,)),
    ("hypertension_standard_rate", (Dimension.TOWNSHIP,)),
    ("diabetes_control_rate", (Dimension.AGE_BAND, Dimension.SEX)),
    ("hearts_controlled", (Dimension.COUNTY,)),
    ("follow_up_completion_rate", (Dimension.STATION, Dimension.SLICE)),
    ("hypertension_home_control_rate", (Dimension.STATION,)),
    ("measurement_coverage", (Dimension.STATION, Dimension.SLICE)),
    ("measurements", (Dimension.STATION, Dimension.SLICE)),
    ("hypertension_screening_yield", (Dimension.TOWNSHIP,)),
)
FROM_READINGS = {name for name, _ in REQUESTS[5:]}


def figures(size: Size = MODEST, *, brief: bool = False) -> Iterator[Figure]:
    """All of it on one county; `brief`: folding, the report and the late week alone."""
    with own_database() as (_, connection):
        connection.execute("set jit = off")
        yield from _figures(connection, size, brief=brief)


def _figures(connection: psycopg.Connection[Any], size: Size, *, brief: bool) -> Iterator[Figure]:
    readings = county_year.fill(connection, size)
    print(f"  {readings:,} readings, {size.managed:,} managed, {size.stations} stations", flush=True)
    whole = _timed(lambda: fold(connection))
    connection.execute("vacuum analyze")
    yield Figure(name="fold the whole year", value=readings / whole, unit="readings/s")
    if not brief:
        yield from _dashboard(connection)
        yield from _of_a_station(connection)
        yield from _rhythm(connection)
    yield _report(connection)
    late = county_year.late_week(connection, size)
    folding = _timed(lambda: fold(connection))
    yield Figure(
        name=f"fold in {late:,} late readings of a week",
        value=folding,
        unit="s",
        baseline_name="the whole year",
        baseline=whole,
    )
    if brief:
        return
    compared = _compare(connection)
    yield Figure(name="stations × indicators × windows recounted, all equal", value=compared, unit="figures")


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _windows() -> list[Window]:
    return [Window.of(Quarter(YEAR, number), span, LATER) for number in (1, 2, 3, 4) for span in Span]


def _scopes() -> list[Scope]:
    return [Scope(region_prefix=prefix) for prefix in ("330108", "330108", "330108000")]


def _dashboard(connection: psycopg.Connection[Any]) -> Iterator[Figure]:
    everything: list[float] = []
    for name, by in REQUESTS:
        definition = definitions.load().on(name, date(YEAR, 12, 31))
        times = []
        for number in range(ROUNDS):
            window, scope = _windows()[number % 8], _scopes()[number % 3]
            times.append(_timed(partial(_asked, connection, definition, window, by, scope)))
        everything += times
        raw = _raw(connection, definition) if name in FROM_READINGS else None
        for share in (50, 95):
            yield Figure(
                name=f"{name} by {'+'.join(by)}, p{share}",
                value=1000 * float(np.percentile(times, share)),
                unit="ms",
                baseline_name="raw readings" if raw else "",
                baseline=1000 * raw if raw else None,
            )
    for share in (50, 95):
        yield Figure(
            name=f"dashboard requests together, p{share}",
            value=1000 * float(np.percentile(everything, share)),
            unit="ms",
        )


def _of_a_station(connection: psycopg.Connection[Any]) -> Iterator[Figure]:
    """The same requests of single stations, as their leads ask them; beside the whole county."""
    times: dict[str, list[float]] = {"station": [], "county": []}
    for name, by in REQUESTS:
        definition = definitions.load().on(name, date(YEAR, 12, 31))
        for number, window in enumerate(_windows()[-2:], start=1):
            for whose, scope in (("station", Scope(station_id=number)), ("county", Scope(region_prefix="330108"))):
                times[whose].append(_timed(partial(_asked, connection, definition, window, by, scope)))
    for share in (50, 95):
        yield Figure(
            name=f"dashboard requests of one station, p{share}",
            value=1000 * float(np.percentile(times["station"], share)),
            unit="ms",
            baseline_name="of the county",
            baseline=1000 * float(np.percentile(times["county"], share)),
        )


def _asked(
    connection: psycopg.Connection[Any], definition: Definition, window: Window, by: tuple[Dimension, ...], scope: Scope
) -> object:
    with connection.transaction():  # as a request has one
        return counting.figures(connection, definition, window, by, scope, age_bands=[35, 45, 55, 65, 75])


def _fetched(connection: psycopg.Connection[Any], query: sql.Composed, given: dict[str, Any]) -> object:
    with connection.transaction():
        connection.execute(counting.ROOM)
        return connection.execute(query, given).fetchall()


def _raw(connection: psycopg.Connection[Any], definition: Definition) -> float:
    """The same query with the rollup's rows made from the readings; median over the year and its last quarter."""
    times = []
    for window in _windows()[-2:]:
        text = counting.relation(definition, counting.EVERYBODY).as_string(connection)
        raw = sql.SQL(text.replace("reporting.person_month p", f"{_RAW} p"))
        query = _SUMS.format(raw)
        given = counting.parameters(definition, window, counting.EVERYBODY)
        ask = partial(_fetched, connection, query, given)
        times += [_timed(ask) for _ in range(RAW_ROUNDS)]
    return float(np.median(times))


def _rhythm(connection: psycopg.Connection[Any]) -> Iterator[Figure]:
    year = (date(YEAR, 1, 1), date(YEAR + 1, 1, 1))
    moments = [f"{day} 00:00+08" for day in year]
    rolled = connection.execute(_RHYTHM, year).fetchall()
    began = time.perf_counter()
    if connection.execute(_RAW_RHYTHM, moments).fetchall() != rolled:
        raise AssertionError("the week's rhythm differs from the readings")
    raw = time.perf_counter() - began
    value = float(np.percentile([_timed(lambda: connection.execute(_RHYTHM, year).fetchall()) for _ in range(5)], 95))
    yield Figure(
        name="heat map of a year by hour and weekday, p95",
        value=1000 * value,
        unit="ms",
        baseline_name="raw readings",
        baseline=1000 * raw,
    )


def _report(connection: psycopg.Connection[Any]) -> Figure:
    """Draft it with the people behind it and write the four files; beside counting the same indicators once."""
    names = [name for programme in Programme for name in quarterly.names(programme)]
    windows = [Window.of(Quarter(YEAR, 3), span, LATER) for span in Span]
    known = [definitions.load().on(name, date(YEAR, 9, 30)) for name in names]

    def counted() -> None:
        with connection.transaction():
            for window, definition in product(windows, known):
                counting.figures(connection, definition, window, [Dimension.STATION])

    def made() -> None:
        chosen = settings(ReportingSettings, "reporting")
        with connection.transaction():
            now = datetime(YEAR + 1, 2, 1, tzinfo=UTC)
            number = reports.draft(connection, definitions.load(), Quarter(YEAR, 3), "330108", staff_id=1, now=now)
        report = reports.find(connection, number)
        assert report is not None
        sheet = report_files.sheet(report, report.tables, chosen, Language.CHINESE)
        for kind in Kind:
            report_files.written(kind, sheet, chosen, {})

    baseline = _timed(counted)
    return Figure(
        name="quarterly report drafted, four files written",
        value=_timed(made),
        unit="s",
        baseline_name="count once",
        baseline=baseline,
    )


def _compare(connection: psycopg.Connection[Any]) -> int:
    tables = recomputed.export(connection)
    compared = 0
    for window in (_windows()[5], _windows()[-1]):
        recount = Recomputed(tables, window)
        for name in recomputed.NAMES:
            definition = definitions.load().on(name, window.last_day)
            found = {
                key[0]: (each.numerator, each.denominator or 0)
                for key, each in counting.figures(connection, definition, window, [Dimension.STATION]).items()
            }
            wrong = differences(found, recount.figures(name))
            if wrong:
                raise AssertionError(f"{name} {window}: {len(wrong)} stations differ from the recount")
            compared += len(found)
    return compared


def main() -> None:
    """Run with the size asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="10 million readings, 50,000 managed, 200 stations")
    parser.add_argument("--brief", action="store_true", help="folding, the report and the late week alone")
    parser.add_argument("--readings", type=int)
    parser.add_argument("--managed", type=int, default=MODEST.managed)
    parser.add_argument("--stations", type=int, default=MODEST.stations)
    given = parser.parse_args()
    size = Size(given.readings, given.managed, given.stations) if given.readings else FULL if given.full else MODEST
    for figure in figures(size, brief=given.brief):
        print(figure.line(), flush=True)


if __name__ == "__main__":
    main()
