"""The CDC's dashboard: a page of seven charts as it is asked for, beside counting the page's figures anew.

`python -m tests.bench dashboard` takes a modest county; `python -m tests.bench.dashboard --full` 50,000 managed people
at 200 stations with 50,000 meters. The page does not read readings, so a million of them are enough.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import pytest
from fastapi.testclient import TestClient
from psycopg.types.json import Jsonb

from api.app import create_app
from api.dashboard.outcomes import OUTCOMES
from api.reporting import definitions, shelf
from api.reporting.figures import Dimension
from api.reporting.figures import figures as counted
from api.reporting.period import Quarter, Span, Window, local_date
from api.reporting.publisher import FiguresSettings, Publisher
from api.reporting.settings import ReportingSettings
from api.settings import ApiSettings
from api.small_cells import SmallCells
from ingest.rollup import fold
from maixun.configuration import settings
from tests.api.world import PASSWORD_HASH, sign_in
from tests.bench import county_year
from tests.bench.county_year import YEAR, Size
from tests.bench.figure import Figure
from tests.bench.own_database import own_database

MODEST, FULL = Size(60_000, 3_000, 40), Size(1_000_000, 50_000, 200)
NOW = datetime(YEAR + 1, 1, 15, 2, tzinfo=UTC)
PAGES = 120
RAW_ROUNDS = 3
METERS = 250  # of a station
INDICATORS = (
    "hypertension_control_rate",
    "hypertension_standard_rate",
    "diabetes_control_rate",
    "record_rate",
    "measurement_coverage",
    "measurements",
)

_STAFF = (
    "insert into care.staff (login, display_name, role, password_hash, region_prefix)"
    " values ('cdc', 'cdc', 'cdc', %s, '330108')"
)
_GATEWAYS = "insert into fleet.gateway select 'gw-' || station_id, station_id, now() from care.station"
_DEVICES = """
insert into care.device (address, model, registered_at)
select 'B0:' || station_id || ':' || n, 'bench', %s from care.station, generate_series(1, %s) n"""
_ASSIGNMENTS = """
insert into care.assignment (device_id, valid_from, setting, station_id)
select device_id, registered_at, 'home', split_part(address, ':', 2)::integer from care.device"""
_SAID = """
insert into telemetry.gateway_status
select 'gw-' || station_id, station_id %% 9 <> 0, %(now)s, %(said)s || jsonb_build_object('meters',
    (select jsonb_agg(jsonb_build_object('device', address, 'last_visit', %(visited)s::text,
        'battery', device_id %% 100)) from care.device where split_part(address, ':', 2) = station_id::text))
from care.station"""


def figures(size: Size = MODEST) -> Iterator[Figure]:
    """All of it on one county."""
    with (
        TemporaryDirectory(prefix="maixun-") as folder,
        pytest.MonkeyPatch.context() as environment,
        own_database() as (dsn, connection),
    ):
        environment.setenv("MAIXUN_RUNTIME", folder)
        connection.execute("set jit = off")
        _fill(connection, size)
        yield from _published(connection, dsn)


def _fill(connection: psycopg.Connection[Any], size: Size) -> None:
    county_year.fill(connection, size)
    fold(connection)
    connection.execute(_STAFF, [PASSWORD_HASH])
    connection.execute(_GATEWAYS)
    connection.execute(_DEVICES, [NOW, METERS])
    connection.execute(_ASSIGNMENTS.encode())
    said = {"adapter": "well", "queued": 0}
    connection.execute(_SAID, {"now": NOW, "visited": NOW.isoformat(), "said": Jsonb(said)})
    connection.execute("vacuum analyze")


def _published(connection: psycopg.Connection[Any], dsn: str) -> Iterator[Figure]:
    publisher = Publisher(
        definitions.load(),
        settings(FiguresSettings, "figures").model_copy(update={"months": 0}),
        settings(ReportingSettings, "reporting"),
        settings(SmallCells, "small_cells").threshold,
    )
    publisher.publish_due(connection, NOW)
    anew = statistics.median(_counted_anew(connection) for _ in range(RAW_ROUNDS))
    app = create_app(settings(ApiSettings, "api"), dsn, lambda: NOW)
    with TestClient(app, headers={"origin": "http://testserver"}) as browser:
        sign_in(browser, "cdc")
        first = _asked(browser, {})
        yield Figure(name="dashboard, the first page of a process", value=first, unit="ms")
        times = sorted(_asked(browser, each) for each in _looks(connection))
    for name, share in (("p50", 0.5), ("p95", 0.95)):
        yield Figure(
            name=f"dashboard, a page of seven charts, {name}",
            value=times[int(share * len(times))],
            unit="ms",
            baseline_name="its figures counted anew",
            baseline=anew,
        )


def _looks(connection: psycopg.Connection[Any]) -> list[dict[str, str]]:
    """Every look at another place, period or indicator than the one before."""
    periods = [each.period for each in shelf.periods(connection)]
    stations = [row[0] for row in connection.execute("select station_id from care.station")]
    places = ["330108", *(f"station-{each}" for each in stations)]
    return [
        {
            "region": "330108" if n % 2 else places[n * 7 % len(places)],
            "period": periods[n % len(periods)],
            "indicator": INDICATORS[n % len(INDICATORS)],
        }
        for n in range(PAGES)
    ]


def _asked(browser: TestClient, look: dict[str, str]) -> float:
    began = time.perf_counter()
    answer = browser.get("/dashboard", params=look)
    assert answer.status_code == 200, look
    return 1000 * (time.perf_counter() - began)


def _counted_anew(connection: psycopg.Connection[Any]) -> float:
    """The page's figures for the whole county, by station, from the rollup: trend, outcomes, overview and ages."""
    known, today = definitions.load(), local_date(NOW)
    quarters = [Window.of(Quarter(YEAR, number), Span.QUARTER, today) for number in (1, 2, 3, 4)]
    wanted = [(INDICATORS[0], window) for window in quarters]
    wanted += [(each.indicator, window) for each in OUTCOMES for window in quarters]
    wanted += [(each.name, quarters[-1]) for each in known.all_on(quarters[-1].last_day)]
    began = time.perf_counter()
    with connection.transaction():
        for name, window in wanted:
            counted(connection, known.on(name, window.last_day), window, [Dimension.STATION])
        by = [Dimension.AGE_BAND, Dimension.SEX]
        ages = settings(ReportingSettings, "reporting").age_bands
        counted(connection, known.on(INDICATORS[0], quarters[-1].last_day), quarters[-1], by, age_bands=ages)
    return 1000 * (time.perf_counter() - began)


def main() -> None:
    """Run with the size asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="50,000 managed people, 200 stations, 50,000 meters")
    for figure in figures(FULL if parser.parse_args().full else MODEST):
        print(figure.line(), flush=True)


if __name__ == "__main__":
    main()
