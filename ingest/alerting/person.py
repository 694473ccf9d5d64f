"""What the rules look at: a person as far as thresholds depend on them, and the rows of `telemetry.reading`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from typing import NamedTuple

LOCAL = timezone(timedelta(hours=8))  # the whole country keeps one time, without daylight saving


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """Limits that a doctor has set for one resident (`care.threshold_override`): they win over the rule's own.

    In force from `valid_from` until the day before `ends_on`; `by` is the doctor's name, for the sentence.
    """

    rule: str
    limits: Mapping[str, float]
    valid_from: date
    ends_on: date
    by: str

    def holds(self, day: date) -> bool:
        """True if it is in force on a day."""
        return self.valid_from <= day < self.ends_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One resident. `conditions` holds names of `ingest.alerting.parts.Condition`.

    `settled` says for a cause when a doctor last closed an episode of it: what was measured up to then is dealt with.
    `packages`: since when which contract package has been agreed; it says how often somebody means to measure.
    `complaints` says for a pattern when a visit last recorded what makes it graver.
    """

    resident_id: int
    birth_date: date
    conditions: frozenset[str] = frozenset()
    settled: Mapping[str, datetime] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()
    packages: Mapping[str, datetime] = field(default_factory=dict)
    lives_alone: bool = False
    complaints: Mapping[str, datetime] = field(default_factory=dict)


class StoredReading(NamedTuple):
    """One accepted reading; values in canonical units, `flags` as `devices.reading.Flag`, times in UTC.

    A review makes a hundred of these a person: a tuple is made in a quarter of the time a frozen dataclass takes.
    """

    reading_id: str  # a UUID's text: nobody reckons with it
    kind: str
    measured_at: datetime
    received_at: datetime
    setting: str
    meal: str | None
    flags: int
    values: Mapping[str, float]


class Circumstances(NamedTuple):
    """Of whom, when and where a value is judged: what decides which level of a rule holds."""

    setting: str
    age: int
    conditions: Collection[str]
    meal: str | None
    day: date


def circumstances(person: Person, reading: StoredReading) -> Circumstances:
    """Those of a reading: the person's age on the day it was measured, in local time."""
    day = reading.measured_at.astimezone(LOCAL).date()
    return Circumstances(reading.setting, age_on(person.birth_date, day), person.conditions, reading.meal, day)


def age_on(birth_date: date, day: date) -> int:
    """Age in completed years; someone born on 29 February ages on 1 March of other years."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))
