"""Published figures on a synthetic year: a release counted and protected, then questions to the figures API.

`python -m tests.bench published_figures` takes a modest size; `python -m tests.bench.published_figures --full` the 10
million readings of 50,000 managed people at 200 stations. Beside it: the same numbers from visits and raw readings.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import partial
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

import numpy as np
import psycopg
from fastapi.testclient import TestClient

from api.app import create_app
from api.reporting import definitions, guarding, releasing
from api.reporting.figures import Dimension
from api.reporting.figures import figures as counted
from api.reporting.period import Quarter, Window
from api.reporting.publisher import FiguresSettings, Publisher
from api.reporting.settings import ReportingSettings
from api.settings import ApiSettings
from api.small_cells import SmallCells
from ingest.accounts import hash_password
from ingest.rollup import fold
from maixun.configuration import settings
from tests.bench import county_year
from tests.bench.county_year import YEAR, Size
from tests.bench.figure import Figure
from tests.bench.own_database import own_database
from tests.bench.reports import FULL, MODEST

NOW = datetime(YEAR + 1, 2, 1, 4, tzinfo=UTC)
PASSWORD = "a county's year"
ROUNDS = 20  # of each question
RAW_ROUNDS = 2
URL = "/api/v1/figures"
# What a dashboard or another system asks for, of the last quarter.
QUESTIONS: dict[str, dict[str, Any]] = {
    "an indicator by station": {"indicator": "hypertension_control_rate", "level": "station"},
    "an indicator by age and sex": {"indicator": "hypertension_control_rate", "by": "age_sex"},
    "readings by station and kind": {"indicator": "measurements", "level": "station", "by": "slice"},
    "readings by hour of the week": {"by": "hour"},
    "all indicators of the county": {},
    "all indicators by township": {"level": "township"},
    "all indicators by station": {"level": "station", "limit": 5000},
}
_READINGS = """
select r.station_id, d.kind, count(*) from telemetry.reading d join care.resident r using (resident_id)
where d.measured_at >= %s and d.measured_at < %s group by 1, 2"""


def figures(size: Size = MODEST) -> Iterator[Figure]:
    """All of it on one county."""
    with _county(size) as (dsn, connection):
        yield from _releases(connection)
        yield from _requests(dsn, connection)


@contextmanager
def _county(size: Size) -> Iterator[tuple[str, psycopg.Connection[Any]]]:
    with own_database() as (dsn, connection):
        readings = county_year.fill(connection, size)
        print(f"  {readings:,} readings, {size.managed:,} managed, {size.stations} stations", flush=True)
        fold(connection)
        connection.execute("vacuum analyze")
        yield dsn, connection


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _releases(connection: psycopg.Connection[Any]) -> Iterator[Figure]:
    """Two quarters published with their months and years to date; and again two days later, nothing changed."""
    publisher = Publisher(
        definitions.load(),
        settings(FiguresSettings, "figures").model_copy(update={"quarters": 2, "months": 0}),
        settings(ReportingSettings, "reporting"),
        settings(SmallCells, "small_cells").threshold,
    )
    guarded: list[float] = []

    def watched(*given: Any) -> Any:
        began = time.perf_counter()
        found = guarding.guard(*given)
        guarded.append(time.perf_counter() - began)
        return found

    with mock.patch.object(releasing, "guard", watched):
        times = []
        for days in (0, 2):
            whole = _timed(partial(publisher.publish_due, connection, NOW + timedelta(days=days)))
            made = len(guarded)
            times.append((whole / made, sum(guarded) / made))
            guarded.clear()
    for name, (whole, protecting) in zip(("", " again, nothing has changed"), times, strict=True):
        yield Figure(
            name=f"a release counted, protected, kept{name}",
            value=whole,
            unit="s",
            baseline_name="of it protecting",
            baseline=protecting,
        )


def _requests(dsn: str, connection: psycopg.Connection[Any]) -> Iterator[Figure]:
    connection.execute("update care.staff set password_hash = %s, region_prefix = '330108'", [hash_password(PASSWORD)])
    raw = _raw(connection)
    with (
        TemporaryDirectory(prefix="maixun-") as folder,
        mock.patch.dict(os.environ, MAIXUN_RUNTIME=folder),  # the identity key of this run
        TestClient(create_app(settings(ApiSettings, "api"), dsn, lambda: NOW)) as client,
    ):
        client.headers["origin"] = str(client.base_url)
        signed = client.post("/api/v1/session", json={"login": "bench", "password": PASSWORD})
        if signed.is_error:
            raise AssertionError(signed.text)
        everything: list[float] = []
        for name, asked in QUESTIONS.items():
            times = [_timed(partial(_ask, client, asked | {"period": f"{YEAR}Q4"})) for _ in range(ROUNDS)]
            everything += times
            yield from _shares(name, times, raw.get(name))
        yield from _shares("questions together", everything, None)


def _ask(client: TestClient, asked: dict[str, Any]) -> None:
    answer = client.get(URL, params=asked)
    if not answer.json()["figures"]:
        raise AssertionError(f"no figures for {asked}")


def _shares(name: str, times: list[float], raw: tuple[str, float] | None) -> Iterator[Figure]:
    for share in (50, 95):
        yield Figure(
            name=f"figures API: {name}, p{share}",
            value=1000 * float(np.percentile(times, share)),
            unit="ms",
            baseline_name=raw[0] if raw else "",
            baseline=1000 * raw[1] if raw else None,
        )


def _raw(connection: psycopg.Connection[Any]) -> dict[str, tuple[str, float]]:
    """The same numbers from where they come from, unprotected; median over two quarters."""
    known = definitions.load().on("hypertension_control_rate", date(YEAR, 12, 31))
    quarters = [Window(each.begins, each.ends) for each in (Quarter(YEAR, 2), Quarter(YEAR, 4))]

    def median(ask: Callable[[Window], object]) -> float:
        return float(np.median([_timed(partial(ask, window)) for window in quarters for _ in range(RAW_ROUNDS)]))

    def visits(window: Window) -> object:
        with connection.transaction():
            return counted(connection, known, window, [Dimension.STATION])

    def readings(window: Window) -> object:
        return connection.execute(_READINGS, window.bounds).fetchall()

    return {
        "an indicator by station": ("counting visits", median(visits)),
        "readings by station and kind": ("raw readings", median(readings)),
    }


def main() -> None:
    """Run with the size asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="10 million readings, 50,000 managed, 200 stations")
    for figure in figures(FULL if parser.parse_args().full else MODEST):
        print(figure.line(), flush=True)


if __name__ == "__main__":
    main()
