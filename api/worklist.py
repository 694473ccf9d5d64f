"""The order of a clinician's work: one entry a resident, in three sections, the most urgent first. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

DAYS_AHEAD = 7  # how far "this week" looks: a task due in seven days can still be planned for this week
URGENT = 2  # tiers up to this one are answered within minutes or hours (config/rules), the others within days
# Tasks beside alerts of tier 3: those that follow something bad come before the routine ones.
TASK_TIER = 3
FIRST_REASONS = ("emergency", "referred", "unsatisfactory")


class Section(StrEnum):
    """When something has to be done."""

    NOW = "now"
    TODAY = "today"
    WEEK = "week"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """An alert that is not closed. `returned_from`: open again, as the time ran out for which it was taken over
    ("acknowledged") or set aside ("shelved"); None once somebody acted."""

    resident_id: int
    episode_id: int
    cause: str
    tier: int
    state: str
    since: datetime
    revision: int
    returned_from: str | None
    in_hand_of: str | None

    @property
    def returned(self) -> bool:
        """Whether it has come back."""
        return self.state == "open" and self.returned_from is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A follow-up that somebody has to do by a day."""

    resident_id: int
    follow_up_id: int
    programme: str
    reason: str
    due_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """All that is to be done for one resident. Entries of a section are in the order of `order`, a plain word."""

    resident_id: int
    section: Section
    order: str
    alarms: tuple[Alarm, ...]
    tasks: tuple[Task, ...]

    @property
    def tier(self) -> int | None:
        """The most severe tier among the alerts; None with tasks alone."""
        return min((alarm.tier for alarm in self.alarms if alarm.state != "shelved"), default=None)

    @property
    def first(self) -> Alarm | None:
        """The alert to open first."""
        return self.alarms[0] if self.alarms else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which entries to show: those of which any alert has the tier and the cause. None: all."""

    tier: int | None = None
    cause: str | None = None

    def admits(self, entry: Entry) -> bool:
        """Whether the entry is one of them."""
        return (self.tier is None and self.cause is None) or any(
            self.tier in (None, alarm.tier) and self.cause in (None, alarm.cause) for alarm in entry.alarms
        )


def arrange(alarms: Iterable[Alarm], tasks: Iterable[Task], today: date) -> list[Entry]:
    """The work, by section and urgency. A resident for whom nothing is due, or all is set aside, is not in it."""
    of: dict[int, tuple[list[Alarm], list[Task]]] = {}
    for alarm in alarms:
        of.setdefault(alarm.resident_id, ([], []))[0].append(alarm)
    for task in tasks:
        of.setdefault(task.resident_id, ([], []))[1].append(task)
    entries = (_entry(resident_id, *work, today) for resident_id, work in of.items())
    return sorted((entry for entry in entries if entry), key=_place)


def alarm_section(alarm: Alarm) -> Section | None:
    """Urgent and in nobody's hands: now. Urgent in somebody's hands, or come back: today. None: set aside."""
    if alarm.state == "shelved":
        return None
    if alarm.tier <= URGENT:
        return Section.NOW if alarm.state == "open" else Section.TODAY
    return Section.TODAY if alarm.returned else Section.WEEK


def task_section(task: Task, today: date) -> Section | None:
    """Due or overdue: today. None: later than this week."""
    if task.due_on <= today:
        return Section.TODAY
    return Section.WEEK if task.due_on <= today + timedelta(days=DAYS_AHEAD) else None


def cut(entries: Collection[Entry], section: Section, after: str | None, limit: int) -> tuple[list[Entry], bool]:
    """A section's page after an `order`, and whether there are more."""
    rest = [entry for entry in entries if entry.section is section and (after is None or entry.order > after)]
    return rest[:limit], len(rest) > limit


def _entry(resident_id: int, alarms: list[Alarm], tasks: list[Task], today: date) -> Entry | None:
    placed = [*_placed_alarms(alarms), *_placed_tasks(tasks, today)]
    if not placed:
        return None
    section, urgency = min(placed, key=lambda one: (list(Section).index(one[0]), one[1]))
    return Entry(
        resident_id=resident_id,
        section=section,
        order=f"{urgency}{resident_id:010}",
        alarms=tuple(sorted(alarms, key=_alarm_urgency)),
        tasks=tuple(sorted((t for t in tasks if task_section(t, today)), key=_task_urgency)),
    )


def _placed_alarms(alarms: Iterable[Alarm]) -> Iterator[tuple[Section, str]]:
    for alarm in alarms:
        section = alarm_section(alarm)
        if section is not None:
            yield section, _alarm_urgency(alarm)


def _placed_tasks(tasks: Iterable[Task], today: date) -> Iterator[tuple[Section, str]]:
    for task in tasks:
        section = task_section(task, today)
        if section is not None:
            yield section, _task_urgency(task)


def _alarm_urgency(alarm: Alarm) -> str:
    """Sorts: set aside last, then by tier, what came back first, the longest waiting first."""
    rests = int(alarm.state == "shelved")
    return f"{rests}{alarm.tier}{int(not alarm.returned)}{_stamp(alarm.since)}"


def _task_urgency(task: Task) -> str:
    """Sorts among alerts of tier 3: what follows something bad first, then the longest overdue."""
    routine = int(task.reason not in FIRST_REASONS)
    return f"0{TASK_TIER}{routine}{_stamp(datetime.combine(task.due_on, time(), UTC))}"


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%d%H%M%S")


def _place(entry: Entry) -> tuple[int, str]:
    return list(Section).index(entry.section), entry.order
