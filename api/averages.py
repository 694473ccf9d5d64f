"""Averages by protocol: over which days, without which, and whether there are readings enough for one. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from api.people import ReadingRow
from ingest.alerting.patterns import Mean
from ingest.alerting.rules import Rules

NOON = 12  # readings before it are the morning's


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """What an average needs, as `config/rules/` has it for the alert of the same name."""

    over_days: int
    least_days: int
    least_readings: int
    first_day_counts_with: str | None

    def drops_first(self, conditions: Collection[str]) -> bool:
        """Whether the first day is left out for such a person: it matters for a diagnosis, not in the long run."""
        return self.first_day_counts_with is not None and self.first_day_counts_with not in conditions


@dataclass(frozen=True, slots=True, kw_only=True)
class Average:
    """Means by metric, and what they rest on: the readings `taken`. With too few of them `enough` is False and the
    means are not shown.
    """

    means: Mapping[str, float]
    readings: int
    days: int
    mornings: int
    evenings: int
    first: date
    last: date
    dropped: date | None
    enough: bool
    taken: Sequence[ReadingRow] = field(default=(), repr=False)


def average(
    readings: Iterable[ReadingRow],
    protocol: Protocol,
    *,
    metrics: Collection[str],
    doubtful: int,
    drop_first: bool,
    until: datetime,
    zone: ZoneInfo,
) -> Average | None:
    """Of the days up to `until` that end with the latest one measured; None without any reading.

    Readings that the meter doubts (bits `doubtful`) take no part. The caller has chosen place and meal.
    """
    taken = [(row.measured_at.astimezone(zone), row) for row in readings if row.measured_at < until]
    placed = [(at, row) for at, row in taken if not row.flags & doubtful and row.values.keys() >= set(metrics)]
    if not placed:
        return None
    last = max(at.date() for at, _ in placed)
    first = last - timedelta(days=protocol.over_days - 1)
    window = [(at, row) for at, row in placed if at.date() >= first]
    dropped = min(at.date() for at, _ in window) if drop_first else None
    kept = [(at, row) for at, row in window if at.date() != dropped]
    days = {at.date() for at, _ in kept}
    mornings = sum(at.hour < NOON for at, _ in kept)
    return Average(
        means={metric: sum(row.values[metric] for _, row in kept) / len(kept) for metric in metrics} if kept else {},
        readings=len(kept),
        days=len(days),
        mornings=mornings,
        evenings=len(kept) - mornings,
        first=min(days, default=last),
        last=last,
        dropped=dropped,
        enough=len(days) >= protocol.least_days and len(kept) >= protocol.least_readings,
        taken=[row for _, row in kept],
    )


def protocols(rules: Rules) -> dict[str, Protocol]:
    """Those of all means in the rules, by the name of the pattern."""
    return {
        each.name: Protocol(
            over_days=each.over_days,
            least_days=each.least_days,
            least_readings=each.least_readings,
            first_day_counts_with=each.first_day_counts_with,
        )
        for each in rules.patterns
        if isinstance(each, Mean)
    }
