"""A question about data: which pattern, how strong with what uncertainty, on which records; never a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from ingest.authenticity.statistics import Interval


class Pattern(StrEnum):
    """What was noticed."""

    DIGITS = "digits"  # terminal-digit preference
    PAIRS = "pairs"  # identical pairs in a row
    RHYTHM = "rhythm"  # more visits than an hour holds
    MANUAL = "manual"  # typed instead of measured
    SHARING = "sharing"  # one person's meter on many people
    VARIANCE = "variance"  # values too alike


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """Blood pressures of one station or one member of staff, in order of time; arrays of one entry a record.

    `keys` name the records ("visit:12", "reading:<uuid>"); `manual` is true for what a person typed.
    """

    station_id: int
    staff_id: int | None
    keys: Sequence[str]
    at: Sequence[datetime]
    resident: NDArray[np.int64]
    systolic: NDArray[np.int64]
    diastolic: NDArray[np.int64]
    manual: NDArray[np.bool_]

    def __len__(self) -> int:
        """How many there are."""
        return len(self.keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """The readings of one meter that is registered as somebody's own; `residents` has one entry a reading."""

    station_id: int
    address: str
    residents: Sequence[int]
    keys: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """`value` is what was found, with its interval; `expected` what is usual; `keys` the records behind it."""

    pattern: Pattern
    station_id: int
    staff_id: int | None
    records: int
    value: Interval
    expected: float
    keys: tuple[str, ...]
