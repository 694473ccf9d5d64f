"""What contract packages promise, counted from the day of signing, and what fulfils it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from ingest.followups.facts import PACKAGE, Contract, Facts, Task, Wanted
from ingest.followups.period import Period, day_of, since
from ingest.followups.programmes import Item, Packages


@dataclass(frozen=True, slots=True)
class Fulfilment:
    """How one item of a contract stands in the period a day is in. `visit_id` None and done: readings did it."""

    package: str
    item: str
    period: Period
    is_done: bool
    visit_id: int | None


def fulfilments(facts: Facts, packages: Packages, today: date) -> Iterator[Fulfilment]:
    """Every item of every contract that holds on the day."""
    for contract in facts.contracts:
        package = packages.packages.get(contract.package)
        if package is not None and contract.signed_on <= today < contract.ends_on:
            for name, item in package.items.items():
                span = _span(contract, item, today)
                is_done, visit_id = _done(name, item, span, facts, today)
                yield Fulfilment(contract.package, name, span, is_done, visit_id)


def wanted(facts: Facts, packages: Packages, today: date) -> Iterator[Wanted]:
    """One task an item and period."""
    seen = set()
    for each in fulfilments(facts, packages, today):
        if each.item not in seen:  # two contracts that overlap promise an item once
            seen.add(each.item)
            yield Wanted(
                programme=PACKAGE,
                reason=f"{PACKAGE}:{each.item}",
                occasion=each.period.first.isoformat(),
                due_on=each.period.last,
                doctor_id=facts.resident.doctor_id,
                station_id=facts.resident.station_id,
                state="done" if each.is_done else "open",
                visit_id=each.visit_id,
            )


def past(task: Task, facts: Facts, packages: Packages, today: date) -> Wanted:
    """What becomes of the task of a period that is over, or of a contract that ended."""
    items = {name: item for package in packages.packages.values() for name, item in package.items.items()}
    name = task.reason.partition(":")[2]
    if name not in items or task.occasion is None or task.state == "done":
        return task.unchanged
    span = Period(date.fromisoformat(task.occasion), task.due_on)
    is_done, visit_id = _done(name, items[name], span, facts, today)
    if is_done and (task.state == "open" or task.ended_why == "missed"):
        return replace(task.unchanged, state="done", visit_id=visit_id, ended_why=None)
    if task.state == "cancelled":
        return task.unchanged
    return replace(task.unchanged, state="cancelled", ended_why="missed" if today > task.due_on else "contract_ended")


def _span(contract: Contract, item: Item, today: date) -> Period:
    whole = since(item.every, contract.signed_on, today)
    return Period(whole.first, min(whole.last, contract.ends_on - timedelta(days=1)))


def _done(name: str, item: Item, span: Period, facts: Facts, today: date) -> tuple[bool, int | None]:
    if item.by == "readings":
        return any(day in span for day in facts.measured_on), None
    for visit in facts.visits:
        on = day_of(visit.visited_at)
        fits = visit.programme == "elderly" if item.by == "elderly_exam" else name in visit.items
        if fits and not visit.was_lost and on in span and on <= today:
            return True, visit.visit_id
    return False, None
