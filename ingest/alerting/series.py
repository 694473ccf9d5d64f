"""Readings that take part in a pattern, day by day, with each day's means."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from ingest.alerting.person import LOCAL, Circumstances, Person, StoredReading, circumstances

EVER = datetime.min.replace(tzinfo=UTC)


class Placed(NamedTuple):
    """A reading and its circumstances."""

    reading: StoredReading
    at: Circumstances


Placements = Mapping[str, Sequence[Placed]]  # of one person by kind, in order of time


class Day(NamedTuple):
    """One local day's readings, oldest first, and the mean of each metric."""

    day: date
    readings: Sequence[Placed]
    means: Mapping[str, float]

    @property
    def last(self) -> Placed:
        """The day's latest reading."""
        return self.readings[-1]


def placed(person: Person, readings: Iterable[StoredReading]) -> Placements:
    """A person's readings, each once, in whatever order they come. Those of one day, setting and meal are judged alike:
    they share their circumstances.
    """
    shared: dict[tuple[date, str, str | None], Circumstances] = {}
    found: dict[str, list[Placed]] = defaultdict(list)
    for reading in once(sorted(readings, key=attrgetter("measured_at", "reading_id"))):
        key = reading.measured_at.astimezone(LOCAL).date(), reading.setting, reading.meal
        at = shared.get(key)
        if at is None:
            at = shared[key] = circumstances(person, reading)
        found[reading.kind].append(Placed(reading, at))
    return found


def once(ordered: Iterable[StoredReading]) -> Iterator[StoredReading]:
    """Without repetitions, which follow one another in order of time and identity."""
    last: StoredReading | None = None
    for reading in ordered:
        if last is None or reading.measured_at != last.measured_at or reading.reading_id != last.reading_id:
            yield reading
        last = reading


def of_kinds(placements: Placements, kinds: Collection[str]) -> Sequence[Placed]:
    """Those of several kinds together, in order of time."""
    parts = [placements[kind] for kind in kinds if kind in placements]
    if len(parts) == 1:
        return parts[0]
    return sorted(
        (each for part in parts for each in part), key=attrgetter("reading.measured_at", "reading.reading_id")
    )


def taking_part(
    ordered: Sequence[Placed],
    since: datetime,
    doubtful: int,
    metrics: Set[str],
    holds: Callable[[Circumstances], bool],
) -> list[Placed]:
    """The readings of a pattern: after a moment, with all of the metrics, not doubted by the meter."""
    found: list[Placed] = []
    for at, alike in groupby(ordered[bisect_right(ordered, since, key=_measured_at) :], key=_at):
        if holds(at):
            found += [
                each for each in alike if not each.reading.flags & doubtful and each.reading.values.keys() >= metrics
            ]
    return found


def fresh(items: Sequence[Placed], now: datetime, fresh_for: timedelta) -> bool:
    """True if there is any, and the latest is young enough to say something of the present."""
    return bool(items) and items[-1].reading.measured_at > now - fresh_for


def days(items: Iterable[Placed], metrics: Collection[str]) -> list[Day]:
    """Day by day, oldest first. `items` are in order of time, each with all of the metrics."""
    grouped = ((day, list(group)) for day, group in groupby(items, key=_day))
    return [Day(day, own, mean(own, metrics)) for day, own in grouped]


def up_to(items: Sequence[Placed], count: int) -> Sequence[Placed]:
    """Those of the last so many days that end with the latest one measured."""
    first = items[-1].at.day - timedelta(days=count - 1) if items else date.min
    return items[bisect_left(items, first, key=_day) :]


def mean(items: Sequence[Placed], metrics: Collection[str]) -> dict[str, float]:
    """The mean of each metric; all of the readings, at least one, have all of them."""
    values = [each.reading.values for each in items]
    return {metric: sum([each[metric] for each in values]) / len(values) for metric in metrics}


def evidence(items: Sequence[Day], most: int) -> tuple[StoredReading, ...]:
    """The first reading of each of the last days: enough to see a course, and the same all day long."""
    return tuple(day.readings[0].reading for day in items[-most:])


def is_morning(each: Placed, noon: int) -> bool:
    """True before so many minutes of the local day."""
    local = each.reading.measured_at.astimezone(LOCAL)
    return local.hour * 60 + local.minute < noon


def _measured_at(each: Placed) -> datetime:
    return each.reading.measured_at


def _at(each: Placed) -> Circumstances:
    return each.at


def _day(each: Placed) -> date:
    return each.at.day
