"""The mean of a resident's home blood pressures over a protocol's days, as it is exchanged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeAverage:
    """`readings` are those the mean was taken of, mmHg; `since` and `until` are UTC, the first and the last of them."""

    token: UUID
    since: datetime
    until: datetime
    systolic: float
    diastolic: float
    readings: tuple[UUID, ...]
