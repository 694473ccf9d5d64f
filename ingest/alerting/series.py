"""Readings that take part in a pattern, day by day, with each day's means."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import NamedTuple

from ingest.alerting.person import LOCAL, Circumstances, StoredReading

EVER = datetime.min.replace(tzinfo=UTC)


class Placed(NamedTuple):
    """A reading and its circumstances."""

    reading: StoredReading
    at: Circumstances


@dataclass(frozen=True, slots=True)
class Day:
    """One local day's readings, oldest first, and the mean of each metric."""

    day: date
    readings: Sequence[Placed]
    means: Mapping[str, float]

    @property
    def last(self) -> Placed:
        """The day's latest reading."""
        return self.readings[-1]


def taking_part(
    ordered: Iterable[Placed],
    kinds: Collection[str],
    since: datetime,
    doubtful: int,
    holds: Callable[[Placed], bool],
) -> list[Placed]:
    """The readings of a pattern: of its kinds, after a moment, not doubted by the meter."""
    return [
        each
        for each in ordered
        if each.reading.kind in kinds
        and not each.reading.flags & doubtful
        and each.reading.measured_at > since
        and holds(each)
    ]


def fresh(items: Sequence[Placed], now: datetime, fresh_for: timedelta) -> bool:
    """True if there is any, and the latest is young enough to say something of the present."""
    return bool(items) and items[-1].reading.measured_at > now - fresh_for


def days(items: Iterable[Placed], metrics: Collection[str]) -> list[Day]:
    """The days on which all of the metrics were measured, oldest first. `items` are in order of time."""
    found = (_day(day, list(group), metrics) for day, group in groupby(items, key=lambda each: each.at.day))
    return [day for day in found if day.means.keys() >= set(metrics)]


def up_to(items: Sequence[Day], count: int) -> list[Day]:
    """Those of the last so many days that end with the latest one measured."""
    first = items[-1].day - timedelta(days=count - 1) if items else date.min
    return [day for day in items if day.day >= first]


def mean(items: Iterable[Placed], metrics: Collection[str]) -> dict[str, float]:
    """The mean of each metric over the readings that have it."""
    readings = [each.reading.values for each in items]
    found = {metric: [values[metric] for values in readings if metric in values] for metric in metrics}
    return {metric: sum(values) / len(values) for metric, values in found.items() if values}


def evidence(items: Sequence[Day], most: int) -> tuple[StoredReading, ...]:
    """The first reading of each of the last days: enough to see a course, and the same all day long."""
    return tuple(day.readings[0].reading for day in items[-most:])


def is_morning(each: Placed, noon: int) -> bool:
    """True before so many minutes of the local day."""
    local = each.reading.measured_at.astimezone(LOCAL)
    return local.hour * 60 + local.minute < noon


def _day(day: date, items: list[Placed], metrics: Collection[str]) -> Day:
    return Day(day, items, mean(items, metrics))
