"""How often a synthetic county's year alerts, and how rightly: the default rules beside "every reading over the line".

The county's readings go the real path into a real database (quarantine and all) and are replayed as a county would to
tune its rules. Two lines are drawn for the naive programme: the limits of our own alert rules, and those of diagnosis
and control.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import psycopg

from devices.simulator.simulation import Simulation
from ingest import seed, seed_records
from ingest.alerting import history, rules
from ingest.alerting.comparison import Comparison, judge
from ingest.alerting.comparison import figures as counted
from ingest.alerting.confirmation import Confirmation
from ingest.alerting.replay import ReplaySettings, every_reading
from ingest.alerting.replays import midnight
from ingest.followups import programmes
from ingest.migrate import migrate
from maixun import county
from maixun.configuration import load, load_all, settings
from maixun.runtime.binaries import services
from maixun.runtime.postgres import Postgres
from tests.bench.figure import Figure

RESIDENTS = 2_000
SEED = 7
FIRST, UNTIL = date(2025, 1, 1), date(2026, 1, 1)
ALERT, CLINICAL = "every reading over an alert limit", "every reading over a clinical line"
_LINES = {ALERT: "alert", CLINICAL: "clinical"}


class Measured(NamedTuple):
    """The year under each programme, and what it took."""

    report: dict[str, Any]
    naive: dict[str, dict[str, Any]]
    seconds: float


def figures() -> Iterator[Figure]:
    """Alerts a resident-week, share confirmed and refuted, share of readings that alert; and the replay's own speed."""
    with TemporaryDirectory() as folder:
        server = Postgres(services(print).postgresql, Path(folder), durable=False)
        server.start()
        try:
            measured = _measured(_filled(server))
        finally:
            server.stop()
    report = measured.report
    print(
        f"{report['residents']:,} residents, {report['readings']:,} readings of {UNTIL.year - 1} that a rule looks at"
    )
    ours = report["sides"]["current"]["total"]
    for name, counts in report["sides"]["current"]["by_rule"].items():
        print(f"  {name:<34} {counts['alerts']:>6}")
    for name, naive in measured.naive.items():
        yield from _beside(ours, name, naive, report)
    yield Figure(name="replay of the year, one set of rules", value=measured.seconds, unit="s")
    yield Figure(name="replay, readings a second", value=report["readings"] / measured.seconds, unit="/s")


def _beside(ours: dict[str, Any], name: str, naive: dict[str, Any], report: dict[str, Any]) -> Iterator[Figure]:
    """Beside our own limits what rests on single readings; beside the clinical lines everything we alert about."""
    whole = name == CLINICAL
    told = ours["alerts"] if whole else _on_readings(ours)
    what = "alerts of every kind" if whole else "alerts on single readings"
    for label, value, baseline, unit in (
        (f"{what}, per 1,000 resident-weeks", told, naive["alerts"], 1000 / report["resident_weeks"]),
        (f"{what}, of all readings", told, naive["alerts"], 100 / report["readings"]),
        ("confirmed, of those with a repeat", ours["share_confirmed"], naive["share_confirmed"], 100),
        ("false alarms, of those with a repeat", ours["share_refuted"], naive["share_refuted"], 100),
    ):
        yield Figure(
            name=f"default rules: {label}",
            value=unit * (value or 0),
            unit="" if "per" in label else "%",
            baseline_name=name,
            baseline=unit * (baseline or 0),
        )


def _on_readings(figures: dict[str, Any]) -> int:
    return int(figures["alerts"] - figures["by_protocol"])


def _filled(server: Postgres) -> str:
    """The year of the county in a fresh database."""
    database = server.create("alerts_a_week")
    migrate(database)
    simulation: Simulation = county.simulation(SEED, residents=RESIDENTS)
    with psycopg.connect(database, autocommit=True) as connection:
        seed.register(connection, simulation.county, simulation.meters, key=secrets.token_bytes(32), passwords={})
        rulebook = programmes.parse(load("programmes.yaml"), load("packages.yaml"))
        seed_records.register(connection, simulation, rules.parse(load_all("rules/*.yaml")), rulebook, _until())
        simulation.warm_up(FIRST)
        for _ in county.fill(connection, simulation, FIRST, _until()):
            pass
    return database


def _until() -> datetime:
    """In the county's own naive local time."""
    return datetime.combine(UNTIL, datetime.min.time())


def _measured(database: str) -> Measured:
    shipped = load_all("rules/*.yaml")
    assumed = settings(ReplaySettings, "replay")
    current = rules.parse(shipped)
    lines = {name: rules.parse(over_the_line(shipped, purpose)) for name, purpose in _LINES.items()}
    comparison = Comparison(
        first=midnight(FIRST), until=midnight(UNTIL), current=current, candidate=None, settings=assumed
    )
    naive: dict[str, Counter[Confirmation]] = {name: Counter() for name in lines}
    spent = 0.0
    with psycopg.connect(database, autocommit=True) as connection, history.reading_only(connection):
        for case in history.cases(
            connection,
            current,
            since=comparison.first - current.fresh_for,
            first=comparison.first,
            until=comparison.until,
            station_id=None,
        ):
            began = time.process_time()
            comparison.add(case)
            spent += time.process_time() - began
            for name, line in lines.items():
                alerts = judge(every_reading(case.person, case.readings, line), case, line, assumed.repeat_within)
                naive[name].update(one.confirmation for one in alerts)
    report = comparison.report()
    found = {name: counted(counter, report["resident_weeks"]) for name, counter in naive.items()}
    return Measured(report, found, spent)


def over_the_line(documents: dict[str, Any], purpose: str) -> dict[str, Any]:
    """The rule files with nothing but this purpose's lines, each an alert at once: one cause a file."""
    return {name: _lines(document, purpose) for name, document in documents.items()}


def _lines(document: dict[str, Any], purpose: str) -> dict[str, Any]:
    source, cause = next(iter(document["documents"])), f"{'_'.join(document.get('kinds', ['none']))}_over_the_line"
    kept = [rule for rule in document.get("rules", ()) if rule["purpose"] == purpose]
    alert = {
        "cause": cause,
        "tier": 1,
        "confirm": "none",
        "acknowledged_for": "PT4H",
        "source": source,
        "says": {"zh": "{value}", "en": "{value}"},
    }
    described = {
        "label": {"zh": cause, "en": cause},
        "repeat_within": "PT10M",
        "clears_after": 2,
        "fresh_for": "P3D",
        "source": source,
    }
    lines = [rule | {"purpose": "alert", "alert": alert} for rule in kept]
    return document | {"causes": {cause: described} if lines else {}, "rules": lines, "patterns": []}
