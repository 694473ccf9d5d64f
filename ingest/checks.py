"""Judges one item: accepted (None), or the reason why not. Pure: the criteria and the holder are given."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from math import inf
from typing import NamedTuple, Self

from devices.metrics import Catalogue, Range
from devices.units import UnknownUnit, canonical
from devices.waveform import unpack
from ingest.envelope import Curve, Item, packed
from ingest.instant import micros
from ingest.reason import Reason
from ingest.roster import Resolved
from ingest.settings import Limits

# A meter that shows HI or LO has measured: there is no number, and none is needed.
_WITHOUT_NUMBER = frozenset({"above_range", "below_range"})
_SAID_BY_GATEWAYS = {
    str(reason): reason
    for reason in (
        Reason.UNDECODABLE,
        Reason.NOT_A_NUMBER,
        Reason.NOT_READABLE,
        Reason.PLACEHOLDER,
        Reason.CONTROL_SOLUTION,
        Reason.UNKNOWN_METRIC,
    )
}


class Difference(NamedTuple):
    """Two metrics of one reading and the possible range of the first minus the second."""

    minuend: str
    subtrahend: str
    low: float
    high: float


class Criteria(NamedTuple):
    """What a batch is judged by. Times in microseconds (`ingest.instant`), ranges in canonical units."""

    earliest: int
    latest: int
    ranges: Mapping[str, tuple[float, float]]
    differences: tuple[Difference, ...]

    @classmethod
    def at(cls, now: datetime, catalogue: Catalogue, limits: Limits) -> Self:
        """The criteria in force at `now`: the catalogue's hard ranges, flat, because every value is compared."""
        return cls(
            earliest=micros(now - timedelta(days=limits.oldest_days)),
            latest=micros(now + timedelta(seconds=limits.future_seconds)),
            ranges={name: _ends(metric.hard) for name, metric in catalogue.metrics.items()},
            differences=tuple(
                Difference(rule.minuend, rule.subtrahend, *_ends(rule.hard)) for rule in catalogue.differences.values()
            ),
        )

    def possible(self, values: Mapping[str, float]) -> bool:
        """Whether every value, and every difference between two, is one that a living person can have."""
        ranges = self.ranges
        for name, value in values.items():
            low, high = ranges[name]
            if not low <= value <= high:
                return False
        for minuend, subtrahend, low, high in self.differences:
            if minuend in values and subtrahend in values and not low <= values[minuend] - values[subtrahend] <= high:
                return False
        return True


def unreadable(item: Item) -> Reason | None:
    """Why the item holds no measurement: what the gateway says, or a shape that is not a reading's."""
    if "unusable" in item:
        return _SAID_BY_GATEWAYS.get(item["unusable"], Reason.UNDECODABLE)
    if not ("kind" in item and "values" in item and "clock" in item):
        return Reason.MALFORMED
    return Reason.UNDECODABLE if "waveform" in item and not _is_whole(item["waveform"]) else None


def canonical_values(item: Item, criteria: Criteria) -> Mapping[str, float] | Reason:
    """The values we know, in canonical units. A metric we do not know is a newer gateway's: it is left in `raw`."""
    values, units = item["values"], item.get("units")
    if not values.keys() <= criteria.ranges.keys():
        values = {name: value for name, value in values.items() if name in criteria.ranges}
    if not units:
        return values
    try:
        return {name: canonical(name, value, units[name]) if name in units else value for name, value in values.items()}
    except UnknownUnit:
        return Reason.UNKNOWN_UNIT


def judge(
    item: Item, values: Mapping[str, float], measured: int | None, holder: Resolved, criteria: Criteria
) -> Reason | None:
    """Accepted (None), or why not. `measured` is the item's time in microseconds, None when its clock was unusable."""
    if not values and _WITHOUT_NUMBER.isdisjoint(item.get("flags", ())):
        return Reason.NOT_A_NUMBER
    if measured is None or item["clock"] == "unusable":
        return Reason.CLOCK_UNUSABLE
    if measured > criteria.latest:
        return Reason.IN_FUTURE
    if measured < criteria.earliest:
        return Reason.TOO_OLD
    if not criteria.possible(values):
        return Reason.IMPLAUSIBLE
    return holder if isinstance(holder, Reason) else None


def _is_whole(curve: Curve) -> bool:
    try:
        unpack(curve["sampling_rate"], packed(curve))
    except ValueError:
        return False
    return True


def _ends(possible: Range) -> tuple[float, float]:
    return (-inf if possible.low is None else possible.low, inf if possible.high is None else possible.high)
