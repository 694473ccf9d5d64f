"""A visit as it was typed: form and head checked together, judged, and ready to be stored. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from ingest.alerting.classification import Classification
from ingest.alerting.rules import Rules
from ingest.followups.entry import TEXT_LIMIT, Problem, Raw, check
from ingest.followups.form import Form
from ingest.followups.outcome import Judgement, judge
from ingest.followups.programmes import Rulebook

MODES = ("clinic", "home", "phone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a draft is judged by. `before`: the classification of the visit before; `birth_date` of the resident."""

    birth_date: date
    before: str | None
    now: datetime
    zone: ZoneInfo
    rules: Rules
    rulebook: Rulebook


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A visit that can be stored when `problems` is empty. `values` by key of the form."""

    programme: str
    visited_at: datetime | None
    mode: str | None
    values: Mapping[str, Any]
    judgement: Judgement
    classification: str | None
    classification_why: str | None
    lost_why: str | None
    next_due_on: date | None
    died_on: date | None
    death_cause: str | None
    moved_on: date | None
    complete: bool
    problems: Mapping[str, Problem] = field(default_factory=dict)


def draft(form: Form, raw: Raw, given: Given) -> Draft:
    """Everything that was typed, judged, with a problem for each field that cannot be stored as it is."""
    entry = check(form, raw)
    problems = dict(entry.problems)
    visited_at = _moment(raw, given, problems)
    day = (visited_at or given.now).astimezone(given.zone).date()
    judged = judge(
        form.programme,
        entry.values,
        birth_date=given.birth_date,
        day=day,
        before=given.before,
        rules=given.rules,
        rulebook=given.rulebook,
    )
    lost_why = _text(raw, "lost_why", problems)
    mode = _one(raw, "mode")
    if mode not in MODES:
        problems["mode"] = Problem("no_mode")
    if not lost_why and not _one(raw, "incomplete"):
        problems |= {key: Problem("missing") for key in entry.missing}
    _check_pressure(entry.values, problems)
    classification, why = _classification(raw, judged, problems)
    died_on, moved_on = (_date(raw, key, problems, latest=given.now.astimezone(given.zone).date()) for key in _ENDS)
    cause = _text(raw, "death_cause", problems)
    if died_on and not cause:
        problems["death_cause"] = Problem("cause_missing")
    if died_on and moved_on:
        problems["moved_on"] = Problem("both_ends")
    next_due_on = _date(raw, "next_due_on", problems) or (None if lost_why else judged.next_due_on)
    if next_due_on and next_due_on <= day:
        problems["next_due_on"] = Problem("before_visit")
    return Draft(
        programme=form.programme,
        visited_at=visited_at,
        mode=mode,
        values={} if lost_why else entry.values,
        judgement=judged,
        classification=None if lost_why else classification,
        classification_why=why,
        lost_why=lost_why,
        next_due_on=None if died_on or moved_on else next_due_on,
        died_on=died_on,
        death_cause=cause,
        moved_on=moved_on,
        complete=not entry.missing and not lost_why,
        problems=problems,
    )


_ENDS = ("died_on", "moved_on")


def _classification(raw: Raw, judged: Judgement, problems: dict[str, Problem]) -> tuple[str | None, str | None]:
    """The doctor's own, with a reason, else the computed one."""
    own, why = _one(raw, "classification"), _text(raw, "classification_why", problems)
    if not own or own == judged.classification:
        return judged.classification, None
    if own not in list(Classification):
        problems["classification"] = Problem("unknown_choice")
    elif not why:
        problems["classification_why"] = Problem("why_missing")
    return own, why


def _check_pressure(values: Mapping[str, Any], problems: dict[str, Problem]) -> None:
    systolic, diastolic = values.get("systolic"), values.get("diastolic")
    if systolic is not None and diastolic is not None and diastolic >= systolic:
        problems["diastolic"] = Problem("pressure_crossed")


def _moment(raw: Raw, given: Given, problems: dict[str, Problem]) -> datetime | None:
    try:
        at = datetime.fromisoformat(_one(raw, "visited_at") or "").replace(tzinfo=given.zone)
    except ValueError:
        problems["visited_at"] = Problem("not_a_time")
        return None
    if at > given.now:
        problems["visited_at"] = Problem("in_future")
    elif at.date() < given.birth_date:
        problems["visited_at"] = Problem("too_early")
    return at


def _date(raw: Raw, key: str, problems: dict[str, Problem], latest: date = date.max) -> date | None:
    text = _one(raw, key)
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        problems[key] = Problem("not_a_date")
        return None
    if found > latest:
        problems[key] = Problem("in_future")
    return found


def _text(raw: Raw, key: str, problems: dict[str, Problem]) -> str | None:
    text = _one(raw, key)
    if text and len(text) > TEXT_LIMIT:
        problems[key] = Problem("too_long", {"most": TEXT_LIMIT})
    return text


def _one(raw: Raw, key: str) -> str | None:
    return next((text.strip() for text in raw.get(key, ()) if text.strip()), None)
