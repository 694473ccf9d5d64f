"""Is somebody never diagnosed a case for their doctor, why, since when, and what comes next? Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from ingest.screening.criteria import Criteria, Limits, Measured, ScreeningSettings


class Level(StrEnum):
    """How much a case is one."""

    SUSPECT = "suspect"
    HIGH_RISK = "high_risk"


class Step(StrEnum):
    """What is to be done."""

    REFER = "refer"  # suspect on days enough
    RECHECK = "recheck"  # suspect, and not yet on days enough
    RESULT = "result"  # referred: ask how it went
    ADVISE = "advise"  # high risk


class Outcome(StrEnum):
    """What a doctor decided. The names are stored."""

    REFERRED = "referred"
    DIAGNOSED = "diagnosed"
    NOT_CONFIRMED = "not_confirmed"
    ADVISED = "advised"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The latest decision about a resident and a condition."""

    outcome: Outcome
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Somebody to look at. `since`: the first day; `days`: on how many; `readings`: behind it, latest first.

    `risks`: criteria of high risk; `due`: when a referral's result is asked for.
    """

    level: Level
    step: Step
    since: date
    days: int
    readings: Sequence[Measured] = ()
    risks: Collection[str] = ()
    due: date | None = None


def judge(
    criteria: Criteria,
    settings: ScreeningSettings,
    readings: Sequence[Measured],
    *,
    risks: Mapping[str, date],
    last: Decision | None,
    now: datetime,
) -> Case | None:
    """The case that the readings make, or None. `risks`: criteria of high risk that the latest values meet, since when.

    Readings from before a decision are decided. A referral is a case until its result is known; whoever was advised is
    none again for half a year, unless a later reading is suspect.
    """
    if last is not None and last.outcome is Outcome.DIAGNOSED:
        return None
    oldest = now - timedelta(days=settings.looks_back_days)
    known = [each for each in readings if oldest <= each.at <= now]
    fresh = [each for each in known if last is None or each.at > last.at]
    if last is not None and last.outcome is Outcome.REFERRED:
        return _referred(criteria, known, last, settings)
    suspect = _reaching(criteria.suspect, fresh)
    if suspect:
        step = Step.REFER if _on_days_enough(criteria, fresh) else Step.RECHECK
        return _case(Level.SUSPECT, step, suspect)
    if last is not None and last.at + timedelta(days=settings.advised_for_days) > now:
        return None
    return _high_risk(criteria, known, risks)


def _referred(
    criteria: Criteria, known: Sequence[Measured], last: Decision, settings: ScreeningSettings
) -> Case | None:
    behind = _reaching(criteria.suspect, [each for each in known if each.at <= last.at])
    day = behind[-1].on if behind else last.at.date()
    return Case(
        level=Level.SUSPECT,
        step=Step.RESULT,
        since=day,
        days=len({each.on for each in behind}),
        readings=behind,
        due=(last.at + timedelta(days=settings.result_after_days)).date(),
    )


def _high_risk(criteria: Criteria, known: Sequence[Measured], risks: Mapping[str, date]) -> Case | None:
    """By the latest values: what has come down since is no risk any more."""
    latest = max(known, key=lambda each: each.at, default=None)
    behind = _reaching(criteria.high_risk, [latest] if latest else [])
    if behind:
        return _case(Level.HIGH_RISK, Step.ADVISE, behind)
    if not risks:
        return None
    shown = [latest] if latest else []
    days = set(risks.values())
    return Case(
        level=Level.HIGH_RISK, step=Step.ADVISE, since=min(days), days=len(days), readings=shown, risks=list(risks)
    )


def _case(level: Level, step: Step, behind: Sequence[Measured]) -> Case:
    days = {each.on for each in behind}
    return Case(level=level, step=step, since=min(days), days=len(days), readings=behind)


def _reaching(limits: Sequence[Limits], readings: Sequence[Measured]) -> list[Measured]:
    """The readings that reach a limit, latest first."""
    found = [each for each in readings if any(any(one.reached(each)) for one in limits)]
    return sorted(found, key=lambda each: each.at, reverse=True)


def _on_days_enough(criteria: Criteria, readings: Sequence[Measured]) -> bool:
    """Whether so many different days lie close enough together, where days confirm."""
    confirming = [each for each in criteria.suspect if each.confirms]
    days = sorted({each.on for each in _reaching(confirming, readings)})
    needed = criteria.days_to_refer
    return any(
        (later - first).days < criteria.within_days for first, later in zip(days, days[needed - 1 :], strict=False)
    )
