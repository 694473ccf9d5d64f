"""The tasks a history of visits would have led to, had the dispatcher been at work all the time: a demonstration's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from ingest.alerting.person import LOCAL
from ingest.followups.facts import Facts, Task, Wanted
from ingest.followups.period import Every, day_of, period
from ingest.followups.plan import plan
from ingest.followups.programmes import Rulebook


def rehearse(facts: Facts, rulebook: Rulebook, first: date, until: date) -> list[Task]:
    """The tasks as they stand on `until` when planning begins on `first`; without those of packages and alerts."""
    tasks: dict[tuple[str, str, str | None], Task] = {}
    for day in _days(facts, first, until):
        seen = replace(
            facts,
            contracts=(),
            visits=tuple(visit for visit in facts.visits if day_of(visit.visited_at) <= day),
            tasks=tuple(tasks.values()),
        )
        tasks |= {change.key: _row(change, day) for change in plan(seen, rulebook, day)}
    return list(tasks.values())


def _days(facts: Facts, first: date, until: date) -> Iterable[date]:
    """The days on which anything can change: a quarter begins, a visit was made, somebody left."""
    days = {first, until}
    if facts.resident.managed:  # nobody else's visit asks for another
        days |= {day_of(visit.visited_at) for visit in facts.visits}
    quarter = period(Every.QUARTER, first)
    while quarter.last < until:
        quarter = period(Every.QUARTER, quarter.last + timedelta(days=1))
        days.add(quarter.first)
    if facts.resident.left_on:
        days.add(facts.resident.left_on)
    return sorted(day for day in days if first <= day <= until)


def _row(wanted: Wanted, day: date) -> Task:
    before = wanted.task
    return Task(
        follow_up_id=0,
        programme=wanted.programme,
        reason=wanted.reason,
        occasion=wanted.occasion,
        due_on=wanted.due_on,
        dispatched_at=before.dispatched_at if before else datetime.combine(day, time(0, 5), LOCAL),
        doctor_id=wanted.doctor_id,
        station_id=wanted.station_id,
        state=wanted.state,
        revision=before.revision + 1 if before else 1,
        visit_id=wanted.visit_id,
        ended_at=datetime.combine(day, time(18), LOCAL),
        ended_why=wanted.ended_why,
    )
