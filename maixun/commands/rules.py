"""`maixun rules replay`: what candidate rules would have told over stored history, beside the current ones."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from tqdm import tqdm

from ingest.alerting import candidate, replays
from ingest.alerting.person import LOCAL
from ingest.alerting.replay import ReplaySettings
from ingest.database import connect
from maixun import endpoints, registered, replay_table
from maixun.configuration import ConfigurationError, load_all, settings
from maixun.registered import Unknown

ROLE = "maixun_alerting"  # it knows no names
DAYS = 90  # a quarter, as the county reports


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One command so far."""
    commands = parser.add_subparsers(dest="what", required=True, metavar="what")
    replay = commands.add_parser("replay", help=__doc__, description=__doc__)
    replay.add_argument("--from", dest="first", type=date.fromisoformat, help=f"default: {DAYS} days before --to")
    replay.add_argument("--to", dest="until", type=date.fromisoformat, help="the first day left out; default: today")
    replay.add_argument("--rules", type=Path, metavar="FILE-or-DIR", help="one rule file in its place, or a folder")
    replay.add_argument("--station", metavar="NAME", help="only the residents of one station")
    replay.add_argument("--json", action="store_true", help="the whole report instead of tables")


def run(options: argparse.Namespace) -> int:
    """Replay and print. Returns the exit code."""
    until: date = options.until or datetime.now(LOCAL).date()
    first: date = options.first or until - timedelta(days=DAYS)
    if first >= until:
        raise ConfigurationError(f"--from {first} is not before --to {until}")
    current = load_all("rules/*.yaml")
    wanted = candidate.read(options.rules, current) if options.rules else None
    try:
        with connect(endpoints.database(), ROLE) as connection, _Bar() as bar:
            report = replays.run(
                connection,
                current,
                wanted,
                first=first,
                until=until,
                settings=settings(ReplaySettings, "replay"),
                station_id=registered.station(connection, options.station) if options.station else None,
                progress=bar.show,
            )
            doctors = _doctors(connection)
    except (psycopg.OperationalError, Unknown) as error:
        print(f"maixun rules: {str(error).strip()}", file=sys.stderr)
        return 2
    report = pseudonymous(report)
    print(json.dumps(report, ensure_ascii=False, indent=1) if options.json else replay_table.text(report, doctors))
    return 0


def pseudonymous(report: dict[str, Any]) -> dict[str, Any]:
    """Without the residents' numbers: who they are is told on the page, to whom it may be told."""
    return report | {"differ": [{k: v for k, v in one.items() if k != "resident_id"} for one in report["differ"]]}


def _doctors(connection: psycopg.Connection[Any]) -> dict[str, str]:
    """What colleagues call them, by the number the report has."""
    return {str(number): name for number, name in connection.execute("select staff_id, display_name from care.staff")}


class _Bar:
    """Progress on standard error, where somebody watches."""

    def __enter__(self) -> _Bar:
        self._bar = tqdm(unit=" residents", disable=not sys.stderr.isatty())
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def show(self, done: int, total: int) -> None:
        """So many of all."""
        self._bar.total = total
        self._bar.update(done - self._bar.n)
