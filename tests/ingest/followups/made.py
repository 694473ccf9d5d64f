"""Residents, visits and alerts made for a test, and tasks as they stand after plans were carried out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

from ingest.followups.facts import Alarm, Contract, Facts, Managed, Resident, Task, Visit, Wanted
from ingest.followups.plan import plan
from ingest.followups.programmes import Rulebook, parse
from maixun.configuration import load

RULEBOOK: Rulebook = parse(load("programmes.yaml"), load("packages.yaml"))
_numbers = count(1)


def resident(*conditions: str, born: date = date(1966, 5, 1), since: date = date(2020, 1, 1), **more: Any) -> Resident:
    """In the programmes of these conditions."""
    managed = {condition: Managed(since=since) for condition in conditions}
    return Resident(
        resident_id=1,
        birth_date=born,
        station_id=1,
        doctor_id=7,
        managed=managed,
        has_hypertension="hypertension" in conditions,
        **more,
    )


def visit(at: str, result: str | None = "controlled", programme: str = "hypertension", **more: Any) -> Visit:
    """At a local time, e.g. 2026-03-31T23:30."""
    fixed: dict[str, Any] = {
        "visit_id": next(_numbers),
        "programme": programme,
        "visited_at": local(at),
        "mode": "clinic",
    }
    return Visit(**fixed | {"classification": result} | more)


def alarm(at: str, cause: str = "blood_pressure_high", tier: int = 1, **more: Any) -> Alarm:
    """An alert opened at a local time."""
    return Alarm(episode_id=next(_numbers), cause=cause, tier=tier, opened_at=local(at), **more)


def contract(package: str, signed_on: date) -> Contract:
    """For a year."""
    return Contract(package=package, signed_on=signed_on, ends_on=signed_on.replace(year=signed_on.year + 1))


def local(text: str) -> datetime:
    """A moment in Shanghai, as UTC."""
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


def carried_out(facts: Facts, today: date) -> Facts:
    """The facts once the plan of the day is written."""
    tasks = {task.key: task for task in facts.tasks}
    for change in plan(facts, RULEBOOK, today):
        tasks[change.key] = _row(change, today)
    return replace(facts, tasks=tuple(tasks.values()))


def lived(facts: Facts, *days: date) -> Facts:
    """The same plan on one day after the other, each seeing only what happened up to it."""
    for day in days:
        seen = replace(
            facts,
            visits=tuple(each for each in facts.visits if each.visited_at < local(f"{day}T23:59")),
            alarms=tuple(each for each in facts.alarms if each.opened_at < local(f"{day}T23:59")),
        )
        facts = replace(facts, tasks=carried_out(seen, day).tasks)
    return facts


def standing(facts: Facts, state: str = "open") -> dict[str, date]:
    """Reason → due date of the tasks in a state, `programme/reason`."""
    return {f"{task.programme}/{task.reason}": task.due_on for task in facts.tasks if task.state == state}


def why_ended(facts: Facts) -> set[str | None]:
    """Why tasks were cancelled."""
    return {task.ended_why for task in facts.tasks if task.state == "cancelled"}


def open_twice(tasks: Iterable[Task]) -> bool:
    """Whether the same is asked for twice."""
    opened = [(task.programme, task.reason) for task in tasks if task.state == "open"]
    return len(opened) != len(set(opened))


def _row(wanted: Wanted, today: date) -> Task:
    before = wanted.task
    return Task(
        follow_up_id=before.follow_up_id if before else next(_numbers),
        programme=wanted.programme,
        reason=wanted.reason,
        occasion=wanted.occasion,
        due_on=wanted.due_on,
        dispatched_at=before.dispatched_at if before else local(f"{today}T00:05"),
        doctor_id=wanted.doctor_id,
        station_id=wanted.station_id,
        state=wanted.state,
        revision=before.revision + 1 if before else 1,
        visit_id=wanted.visit_id,
        ended_why=wanted.ended_why,
    )
