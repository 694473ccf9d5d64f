"""What the plan of follow-ups looks at, and what it answers: frozen, without a clock or a database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

State = Literal["open", "done", "cancelled"]

PACKAGE = "package"  # the programme of a package's items; their reasons are package:<item>


@dataclass(frozen=True, slots=True, kw_only=True)
class Managed:
    """In the programme of a condition from a day on, until before another."""

    since: date
    until: date | None = None

    def on(self, day: date) -> bool:
        """Whether in the programme on that day."""
        return self.since <= day and (self.until is None or day < self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resident:
    """One resident as far as follow-ups depend on them. `doctor_id` None: no active doctor, the station lead sees it.

    `managed` by condition; `has_hypertension`: diagnosed, in the programme or not; `risks`: criteria of high risk met.
    """

    resident_id: int
    birth_date: date
    station_id: int
    doctor_id: int | None
    managed: Mapping[str, Managed] = field(default_factory=dict)
    has_hypertension: bool = False
    risks: frozenset[str] = frozenset()
    left_on: date | None = None
    left_why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A visit as it stands. `items`: what of a package was done; `is_emergency`: by values, or found so.

    `was_referred`: to a hospital, for a reason of the form.
    """

    visit_id: int
    programme: str
    visited_at: datetime
    mode: str
    classification: str | None = None
    was_lost: bool = False
    is_emergency: bool = False
    was_referred: bool = False
    next_due_on: date | None = None
    has_pressure: bool = False
    items: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """A package from a day on, until before another."""

    package: str
    signed_on: date
    ends_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """An alert that a doctor could see. `was_mistaken`: closed as nothing of the kind."""

    episode_id: int
    cause: str
    tier: int
    opened_at: datetime
    was_mistaken: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A row of `care.follow_up`. `occasion` asked for it: a period's first day, visit:<id>, episode:<id>."""

    follow_up_id: int
    programme: str
    reason: str
    occasion: str | None
    due_on: date
    dispatched_at: datetime
    doctor_id: int | None
    station_id: int
    state: State
    revision: int
    visit_id: int | None = None
    ended_at: datetime | None = None
    ended_why: str | None = None

    @property
    def key(self) -> tuple[str, str, str | None]:
        """What a task is known by: one row, whatever becomes of it."""
        return self.programme, self.reason, self.occasion

    @property
    def unchanged(self) -> Wanted:
        """How it stands, as an answer of the plan."""
        return Wanted(
            programme=self.programme,
            reason=self.reason,
            occasion=self.occasion,
            due_on=self.due_on,
            doctor_id=self.doctor_id,
            station_id=self.station_id,
            state=self.state,
            visit_id=self.visit_id,
            ended_why=self.ended_why,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How a task shall stand: the plan's answer for one occasion. Written as a new row, or over the row `task`."""

    programme: str
    reason: str
    occasion: str | None
    due_on: date
    doctor_id: int | None
    station_id: int
    state: State
    visit_id: int | None = None
    ended_why: str | None = None
    task: Task | None = None

    @property
    def key(self) -> tuple[str, str, str | None]:
        """As `Task.key`."""
        return self.programme, self.reason, self.occasion


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All the plan looks at. `measured_on`: the days of late with a blood pressure or glucose reading of the person."""

    resident: Resident
    visits: tuple[Visit, ...] = ()
    contracts: tuple[Contract, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    tasks: tuple[Task, ...] = ()
    measured_on: frozenset[date] = frozenset()
