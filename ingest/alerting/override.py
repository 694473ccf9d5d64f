"""A doctor's own limits for one resident: what may be set. Pure; the limits' bounds are data (`adjustable` of a rule).

Nobody can switch an alert off: a limit moves within its rule's bounds, for a stated reason, and ends by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple, Self

from pydantic import Field, model_validator

from ingest.alerting.parts import Limited
from ingest.alerting.rules import Rules
from maixun.configuration import Settings


class OverrideSettings(Settings):
    """How long limits of one's own may hold, in days (`config/override.yaml`)."""

    longest_days: int = Field(gt=0, le=366)
    offered_days: int = Field(gt=0)

    @model_validator(mode="after")
    def _offers_what_it_allows(self) -> Self:
        if self.offered_days > self.longest_days:
            raise ValueError("offered_days: no more than longest_days")
        return self


class Wrong(StrEnum):
    """Why limits cannot be set."""

    UNKNOWN_RULE = "unknown_rule"  # no such rule, or one whose limits nobody may move
    NOTHING_SET = "nothing_set"
    UNKNOWN_METRIC = "unknown_metric"
    OUT_OF_BOUNDS = "out_of_bounds"
    NO_REASON = "no_reason"
    BEGINS_IN_THE_PAST = "begins_in_the_past"  # readings judged already are not judged anew
    ENDS_BEFORE_IT_BEGINS = "ends_before_it_begins"
    TOO_LONG = "too_long"


class Problem(NamedTuple):
    """One thing wrong; `low` and `high` are the bounds of the metric that is out of them."""

    why: Wrong
    metric: str | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a doctor asks for; the limits hold from `valid_from` until the day before `ends_on`."""

    rule: str
    limits: Mapping[str, float]
    reason: str
    valid_from: date
    ends_on: date


def problem(wish: Wish, rules: Rules, settings: OverrideSettings, today: date) -> Problem | None:
    """The first thing that is wrong with a wish, or None."""
    found = rules.limited.get(wish.rule)
    if found is None:
        return Problem(Wrong.UNKNOWN_RULE)
    return _of_limits(wish, found[1]) or _of_time(wish, settings, today)


def _of_limits(wish: Wish, rule: Limited) -> Problem | None:
    if not wish.limits:
        return Problem(Wrong.NOTHING_SET)
    for metric, limit in wish.limits.items():
        bounds = rule.adjustable.get(metric)
        if bounds is None:
            return Problem(Wrong.UNKNOWN_METRIC, metric)
        if not bounds.low <= limit <= bounds.high:  # written so that a NaN is out of bounds too
            return Problem(Wrong.OUT_OF_BOUNDS, metric, bounds.low, bounds.high)
    return None


def _of_time(wish: Wish, settings: OverrideSettings, today: date) -> Problem | None:
    if not wish.reason.strip():
        return Problem(Wrong.NO_REASON)
    if wish.valid_from < today:
        return Problem(Wrong.BEGINS_IN_THE_PAST)
    if wish.ends_on <= wish.valid_from:
        return Problem(Wrong.ENDS_BEFORE_IT_BEGINS)
    if wish.ends_on > wish.valid_from + timedelta(days=settings.longest_days):
        return Problem(Wrong.TOO_LONG)
    return None
