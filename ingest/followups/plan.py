"""The plan: which follow-up tasks a resident has on a day, and what becomes of those that are there. Pure.

A task is known by its occasion — the period that asks for a visit, the visit whose result does, the alert — so
planning twice gives one task, a visit that is taken back opens its task again, and late records are counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from ingest.alerting.person import age_on
from ingest.followups import course, packages
from ingest.followups.facts import PACKAGE, Facts, Resident, State, Task, Visit, Wanted
from ingest.followups.period import Period, day_of, later, period
from ingest.followups.programmes import Programme, Rulebook

HIGH_RISK = "high_risk"


def plan(facts: Facts, rulebook: Rulebook, today: date) -> list[Wanted]:
    """What has to be written so that the tasks stand as they should; the ended ones come first."""
    facts = replace(
        facts,
        visits=tuple(sorted(facts.visits, key=lambda v: (v.visited_at, v.visit_id))),
        tasks=tuple(task for task in facts.tasks if task.occasion is not None),  # not those set by hand
    )
    wanted = {each.key: each for each in _current(facts, rulebook, today)}
    for task in facts.tasks:
        if task.key not in wanted:
            wanted[task.key] = _past(task, facts, rulebook, today)
    rows = {task.key: task for task in facts.tasks}
    changes = [_over(each, rows.get(each.key)) for each in wanted.values()]
    return sorted((each for each in changes if _differs(each)), key=lambda each: each.state == "open")


def belongs(name: str, programme: Programme, resident: Resident, today: date) -> bool:
    """Whether the resident is in the programme on the day."""
    if resident.left_on is not None and resident.left_on <= today:
        return False
    if not programme.ages.from_ <= age_on(resident.birth_date, today) < programme.ages.below:
        return False
    if programme.condition is not None:
        managed = resident.managed.get(programme.condition)
        return managed is not None and managed.on(today)
    return name != HIGH_RISK or (bool(resident.risks) and not resident.has_hypertension)


def _current(facts: Facts, rulebook: Rulebook, today: date) -> Iterator[Wanted]:
    resident = facts.resident
    if resident.left_on is not None and resident.left_on <= today:
        return
    for name, programme in rulebook.file.programmes.items():
        if belongs(name, programme, resident, today):
            yield from _regular(name, programme, facts, today)
            yield from course.wanted(name, programme, facts, today, timedelta(days=rulebook.file.looks_back.days))
    yield from packages.wanted(facts, rulebook.packages, today)


def _regular(name: str, programme: Programme, facts: Facts, today: date) -> Iterator[Wanted]:
    """Once in the period the day is in."""
    span = period(programme.regular.every, today)
    ready = _member_since(programme, facts.resident) + timedelta(days=programme.joined.days)
    if ready > span.last:
        return
    counting = [
        visit for visit in facts.visits if _counts(name, programme, visit) and day_of(visit.visited_at) <= today
    ]
    done = next((visit for visit in counting if day_of(visit.visited_at) in span), None)
    before = [visit for visit in counting if day_of(visit.visited_at) < span.first]
    yield Wanted(
        programme=name,
        reason=programme.regular.reason,
        occasion=span.first.isoformat(),
        due_on=_due(programme, span, before[-1] if before else None, ready),
        doctor_id=facts.resident.doctor_id,
        station_id=facts.resident.station_id,
        state="done" if done else "open",
        visit_id=done.visit_id if done else None,
    )


def _due(programme: Programme, span: Period, last: Visit | None, ready: date) -> date:
    """The date the doctor set at the last visit, or a period after it; always within the period."""
    if last is None:
        return ready if ready >= span.first else span.last
    expected = last.next_due_on or later(programme.regular.every, day_of(last.visited_at))
    return min(max(expected, span.first), span.last)


def _member_since(programme: Programme, resident: Resident) -> date:
    if programme.condition is not None:
        return resident.managed[programme.condition].since
    return date(1900, 1, 1)


def _counts(name: str, programme: Programme, visit: Visit) -> bool:
    """Whether a visit is one the programme asks for: the right mode, and somebody was there."""
    own = visit.has_pressure if name == HIGH_RISK else visit.programme == name
    return own and not visit.was_lost and visit.mode in programme.regular.modes


def _past(task: Task, facts: Facts, rulebook: Rulebook, today: date) -> Wanted:
    """What becomes of a task the day does not ask for any more."""
    if task.state == "open" and facts.resident.left_on is not None and facts.resident.left_on <= today:
        return _ended(task, "cancelled", why=facts.resident.left_why)
    if task.programme == PACKAGE:
        return packages.past(task, facts, rulebook.packages, today)
    programme = rulebook.file.programmes.get(task.programme)
    if task.occasion is None or programme is None:  # the programme is no more
        return task.unchanged
    if task.occasion.startswith(course.OCCASIONS):
        return course.past(task, facts, belongs(task.programme, programme, facts.resident, today))
    return _past_period(task, programme, facts, today)


def _past_period(task: Task, programme: Programme, facts: Facts, today: date) -> Wanted:
    span = period(programme.regular.every, date.fromisoformat(task.occasion or ""))
    done = next(
        (
            visit
            for visit in facts.visits
            if _counts(task.programme, programme, visit) and day_of(visit.visited_at) in span
        ),
        None,
    )
    if done is not None and (task.state != "cancelled" or task.ended_why == "missed"):
        return _ended(task, "done", visit_id=done.visit_id)
    if task.state == "cancelled":
        return task.unchanged
    return _ended(task, "cancelled", why="missed" if today > span.last else "not_managed")


def _ended(task: Task, state: State, *, visit_id: int | None = None, why: str | None = None) -> Wanted:
    return replace(task.unchanged, state=state, visit_id=visit_id, ended_why=why)


def _over(wanted: Wanted, task: Task | None) -> Wanted:
    """With the row it is written over. What is done or cancelled stays with whom it was given to, and when due."""
    if task is None or wanted.state == "open":
        return replace(wanted, task=task)
    return replace(wanted, task=task, due_on=task.due_on, doctor_id=task.doctor_id, station_id=task.station_id)


def _differs(wanted: Wanted) -> bool:
    return wanted.task is None or replace(wanted, task=None) != wanted.task.unchanged
