"""What the course of the visits, or an alert, asks for: unsatisfactory, referred, emergency. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from ingest.followups.facts import Alarm, Facts, Task, Visit, Wanted
from ingest.followups.outcome import reason
from ingest.followups.period import day_of
from ingest.followups.programmes import Programme, Soon

VISIT, ALARM = "visit:", "episode:"
OCCASIONS = (VISIT, ALARM)


def why_soon(visits: Sequence[Visit]) -> Soon | None:
    """What the last of the judged visits (in order) asks for; None: the next regular one is enough."""
    if not visits:
        return None
    last, before = visits[-1], visits[-2].classification if len(visits) > 1 else None
    return reason(last.classification, before, is_emergency=last.is_emergency, was_referred=last.was_referred)


def wanted(name: str, programme: Programme, facts: Facts, today: date, looks_back: timedelta) -> Iterator[Wanted]:
    """The task the last visit asks for, and that of the oldest alert nobody has visited for."""
    if not programme.soon:
        return
    judged = [visit for visit in _judged(name, facts) if day_of(visit.visited_at) <= today]
    why = why_soon(judged)
    if why is not None:
        last = judged[-1]
        yield _wanted(name, why, f"{VISIT}{last.visit_id}", _due(last, programme.soon[why].days), facts)
    if why != "emergency":  # one visit answers both
        yield from _for_alarm(name, programme, facts, today - looks_back)


def _due(last: Visit, days: int) -> date:
    """The doctor's own date, but never later than the rule's."""
    latest = day_of(last.visited_at) + timedelta(days=days)
    return min(last.next_due_on or latest, latest)


def past(task: Task, facts: Facts, is_member: bool) -> Wanted:
    """What becomes of a task whose visit or alert asks for nothing any more."""
    answer = _answer(task, facts)
    if answer is not None and task.state != "cancelled":
        return replace(task.unchanged, state="done", visit_id=answer.visit_id, ended_why=None)
    if task.state != "open":
        return task.unchanged
    return replace(task.unchanged, state="cancelled", ended_why=_why_cancelled(task, facts, is_member))


def _judged(name: str, facts: Facts) -> list[Visit]:
    """Visits of the programme with a result; a phone call without values says nothing of control."""
    own = (visit for visit in facts.visits if visit.programme == name and not visit.was_lost)
    return [visit for visit in own if visit.classification is not None or visit.is_emergency or visit.was_referred]


def _for_alarm(name: str, programme: Programme, facts: Facts, since: date) -> Iterator[Wanted]:
    if programme.emergency is None:
        return
    alerts = programme.emergency.alerts
    known = {task.occasion for task in facts.tasks if task.programme == name and task.state == "open"}
    waiting = [
        alarm
        for alarm in facts.alarms
        if alarm.cause in alerts.causes and alarm.tier <= alerts.tier and not alarm.was_mistaken
        if day_of(alarm.opened_at) >= since or f"{ALARM}{alarm.episode_id}" in known
        if _first_after(name, facts, alarm.opened_at) is None
    ]
    if waiting:
        oldest = min(waiting, key=lambda alarm: (alarm.opened_at, alarm.episode_id))
        due = day_of(oldest.opened_at) + timedelta(days=programme.soon["emergency"].days)
        yield _wanted(name, "emergency", f"{ALARM}{oldest.episode_id}", due, facts)


def _answer(task: Task, facts: Facts) -> Visit | None:
    """The visit that did what the task asked for."""
    kind, _, number = (task.occasion or "").partition(":")
    if f"{kind}:" == ALARM:
        alarm = _alarm(int(number), facts)
        return _first_after(task.programme, facts, alarm.opened_at if alarm else task.dispatched_at)
    judged = _judged(task.programme, facts)
    order = [visit.visit_id for visit in judged]
    if int(number) not in order:
        return None
    return next(iter(judged[order.index(int(number)) + 1 :]), None)


def _why_cancelled(task: Task, facts: Facts, is_member: bool) -> str:
    if not is_member:
        return "not_managed"
    kind, _, number = (task.occasion or "").partition(":")
    if f"{kind}:" == ALARM:
        alarm = _alarm(int(number), facts)
        return "mistaken" if alarm is not None and alarm.was_mistaken else "superseded"
    is_there = any(visit.visit_id == int(number) for visit in facts.visits)
    return "corrected" if is_there else "taken_back"


def _first_after(programme: str, facts: Facts, moment: datetime) -> Visit | None:
    own = (visit for visit in facts.visits if visit.programme == programme and not visit.was_lost)
    return next((visit for visit in own if visit.visited_at >= moment), None)


def _alarm(episode_id: int, facts: Facts) -> Alarm | None:
    return next((alarm for alarm in facts.alarms if alarm.episode_id == episode_id), None)


def _wanted(programme: str, why: str, occasion: str, due_on: date, facts: Facts) -> Wanted:
    return Wanted(
        programme=programme,
        reason=why,
        occasion=occasion,
        due_on=due_on,
        doctor_id=facts.resident.doctor_id,
        station_id=facts.resident.station_id,
        state="open",
    )
