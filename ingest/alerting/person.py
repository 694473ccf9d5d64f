"""What the rules look at: a person as far as thresholds depend on them, and the rows of `telemetry.reading`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One resident. `conditions` holds "hypertension", "diabetes".

    `settled` says for a cause when a doctor last closed an episode of it: what was measured up to then is dealt with.
    """

    resident_id: int
    birth_date: date
    conditions: frozenset[str] = frozenset()
    settled: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReading:
    """One accepted reading; values in canonical units, `flags` as `devices.reading.Flag`, times in UTC."""

    reading_id: UUID
    kind: str
    measured_at: datetime
    received_at: datetime
    setting: str
    meal: str | None
    flags: int
    values: Mapping[str, float]


def age_on(birth_date: date, day: date) -> int:
    """Age in completed years; someone born on 29 February ages on 1 March of other years."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))
