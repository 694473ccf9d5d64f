"""A whole replay: rules over the history of a station or a county, and its report."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

from ingest.alerting import candidate as candidates
from ingest.alerting.comparison import Comparison
from ingest.alerting.history import cases, how_many, reading_only
from ingest.alerting.person import LOCAL
from ingest.alerting.replay import ReplaySettings
from ingest.alerting.rules import Rules, parse
from ingest.alerting.store import Connection

Progress = Callable[[int, int], None]  # people done, people in all


def run(
    connection: Connection,
    current: candidates.Documents,
    candidate: candidates.Documents | None,
    *,
    first: date,
    until: date,
    settings: ReplaySettings,
    station_id: int | None = None,
    progress: Progress = lambda _done, _total: None,
) -> dict[str, Any]:
    """The report of `Comparison.report` with `rule_differences`. Days are local; `until` is the first one left out.

    Nothing is written: one read-only transaction. Raises `ConfigurationError` for candidate rules that are wrong.
    """
    comparison = Comparison(
        first=midnight(first),
        until=midnight(until),
        current=parse(current),
        candidate=parse(candidate) if candidate is not None else None,
        settings=settings,
    )
    wanted = [comparison.current, *([comparison.candidate] if comparison.candidate else [])]
    with reading_only(connection):
        total = how_many(connection, comparison.first, station_id)
        people = cases(
            connection,
            _both(wanted),
            since=comparison.first - max(rules.fresh_for for rules in wanted),
            first=comparison.first,
            until=comparison.until,
            station_id=station_id,
        )
        for done, case in enumerate(people):
            progress(done, total)
            comparison.add(case)
        progress(total, total)
    differ = candidates.differences(current, candidate) if candidate is not None else []
    return comparison.report() | {"rule_differences": differ, "station_id": station_id}


def midnight(day: date) -> datetime:
    """The beginning of a day in the country's one zone."""
    return datetime.combine(day, time(), LOCAL)


def _both(wanted: list[Rules]) -> Rules:
    """Only what to read: the kinds and metrics of all of them."""
    return Rules(tuple(file for rules in wanted for file in rules.files))
