"""The order of the list of tasks: points for what makes waiting dangerous, each with its reason. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from ingest.followups.programmes import Order

MOST_WEEKS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What the order looks at. `tier`: of the most urgent alert not closed; `days_overdue` below 0: not due yet."""

    reason: str
    tier: int | None
    classification: str | None
    lives_alone: bool
    age: int
    days_overdue: int


class Point(NamedTuple):
    """So many points for this; `code` is one of the keys of `order` in `config/programmes.yaml`."""

    code: str
    points: int


def points(waiting: Waiting, order: Order) -> list[Point]:
    """What speaks for this task, most points first."""
    return sorted((each for each in _points(waiting, order) if each.points), key=lambda each: -each.points)


def _points(waiting: Waiting, order: Order) -> Iterator[Point]:
    yield Point("reasons", order.reasons.get(waiting.reason.partition(":")[0], 0))
    if waiting.tier is not None:
        yield Point("open_alert", order.open_alert.get(waiting.tier, 0))
    if waiting.classification not in (None, "controlled"):
        yield Point("last_uncontrolled", order.last_uncontrolled)
    if waiting.lives_alone:
        yield Point("lives_alone", order.lives_alone)
    if waiting.age >= 80:
        yield Point("aged_80", order.aged_80)
    yield Point("week_overdue", order.week_overdue * min(max(waiting.days_overdue, 0) // 7, MOST_WEEKS))
