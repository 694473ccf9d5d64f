"""How a child under 7 grows against WHO's standards: z-scores of weight, length or height, and BMI, by the LMS method.

Of weight and BMI, which are skewed, a z beyond 3 is counted in steps of the distance from 2 to 3, as WHO does, because
the tails of the standards rest on too few children.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from devices.metrics import Label

MEASURES = ("weight", "height", "bmi")  # metrics of the catalogue, in their canonical units
_FAR = 3


class Lms(NamedTuple):
    """Box-Cox power, median, coefficient of variation."""

    l: float  # noqa: E741 - the method is named for its letters
    m: float
    s: float


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Document(_Strict):
    """Where values come from."""

    title: Label
    reference: str
    verified: bool


class Standards(_Strict):
    """The parsed `config/growth.yaml`; `tables` are rows (age in days, L, M, S) by measure and sex."""

    documents: Mapping[str, Document]
    reference_from_day: int
    standing_from_day: int
    standing_adds_cm: float
    outlying_z: float
    tables: Mapping[str, Mapping[str, Sequence[tuple[int, float, float, float]]]]

    @property
    def last_day(self) -> int:
        """The greatest age, in days, that every table covers."""
        return min(rows[-1][0] for by_sex in self.tables.values() for rows in by_sex.values())

    def at(self, measure: str, sex: str, days: int) -> Lms | None:
        """The values for an age; None outside the tables, or where the sex is not known."""
        rows = self.tables[measure].get(sex)
        if rows is None or not rows[0][0] <= days <= rows[-1][0]:
            return None
        upper = bisect_right(rows, days, key=lambda row: row[0])
        (day, *before), (following, *after) = rows[upper - 1], rows[min(upper, len(rows) - 1)]
        share = (days - day) / (following - day) if following != day else 0.0
        return Lms(*(low + (high - low) * share for low, high in zip(before, after, strict=True)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A measured value against the standard. `value` is what was compared: a height under two as length."""

    measure: str
    days: int
    value: float
    z: float
    outlying: bool


def parse(document: Mapping[str, Any]) -> Standards:
    """The standards. Raises ValueError that names what is wrong."""
    standards = Standards.model_validate(document)
    for measure in MEASURES:
        for sex, rows in standards.tables[measure].items():
            if any(before[0] >= after[0] for before, after in pairwise(rows)):
                raise ValueError(f"growth.yaml: tables.{measure}.{sex} is not in the order of age")
    return standards


def score(
    standards: Standards, measure: str, value: float, *, sex: str, born: date, on: date, standing: bool = True
) -> Score | None:
    """The z-score of a value measured on a day; None for whom the standards are not, adults among them.

    A height of a child under two who stood is compared as length. A BMI under two needs the length too: give the
    BMI of the length, from `bmi`.
    """
    days = (on - born).days
    lms = standards.at(measure, sex, days)
    if lms is None:
        return None
    compared = as_length(standards, value, days, standing) if measure == "height" else value
    found = z(compared, lms, skewed=measure != "height")
    return Score(measure=measure, days=days, value=compared, z=found, outlying=abs(found) > standards.outlying_z)


def as_length(standards: Standards, height: float, days: int, standing: bool) -> float:
    """The height, or the length it stands for, in cm, as the standard of that age wants it."""
    lying_wanted = days < standards.standing_from_day
    if lying_wanted == (not standing):
        return height
    return round(height + (standards.standing_adds_cm if lying_wanted else -standards.standing_adds_cm), 1)


def bmi(weight: float, height: float) -> float:
    """kg/m² from kg and cm."""
    return weight / (height / 100) ** 2


def z(value: float, lms: Lms, *, skewed: bool) -> float:
    """The z-score of a value above 0."""
    plain = math.log(value / lms.m) / lms.s if lms.l == 0 else ((value / lms.m) ** lms.l - 1) / (lms.l * lms.s)
    if not skewed or abs(plain) <= _FAR:
        return plain
    side = math.copysign(1, plain)
    third, second = value_at(side * _FAR, lms), value_at(side * (_FAR - 1), lms)
    return side * _FAR + (value - third) / abs(third - second)


def value_at(z_score: float, lms: Lms) -> float:
    """The value with this z-score, for curves within three z."""
    if lms.l == 0:
        return lms.m * math.exp(lms.s * z_score)
    return float(lms.m * (1 + lms.l * lms.s * z_score) ** (1 / lms.l))
