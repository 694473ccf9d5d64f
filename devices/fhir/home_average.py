"""The mean of a resident's home blood pressures over a protocol's days, as it is exchanged, and its id."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple, Self
from uuid import UUID

_ID = re.compile(r"home-average\.([0-9a-f-]{36})\.(\d{4}-\d\d-\d\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeAverage:
    """`readings` are those the mean was taken of, mmHg; `since` and `until` are UTC, the first and the last of them.

    `on`: the local day of the last.
    """

    token: UUID
    on: date
    since: datetime
    until: datetime
    systolic: float
    diastolic: float
    readings: tuple[UUID, ...]

    @property
    def name(self) -> Name:
        """What its Observation is known by."""
        return Name(self.token, self.on)


class Name(NamedTuple):
    """The id of a home average: whose it is, and the local day it ends with."""

    token: UUID
    on: date

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Back from the id of an Observation; None: it is not one of a home average."""
        match = _ID.fullmatch(text)
        try:
            return cls(UUID(match[1]), date.fromisoformat(match[2])) if match else None
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"home-average.{self.token}.{self.on.isoformat()}"
