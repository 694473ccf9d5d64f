"""High risk of hypertension (高危人群): which of the six criteria a resident's data meet. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ingest.followups.programmes import HighRisk

# What is asked on the form: nothing that a meter measures tells it.
ASKED = ("family_history", "high_salt", "heavy_drinking")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The latest values that are known: mmHg, kg, cm; `answered`: criteria that a form says are met."""

    age: int
    sex: str
    systolic: float | None = None
    diastolic: float | None = None
    weight: float | None = None
    height: float | None = None
    waist: float | None = None
    answered: frozenset[str] = frozenset()


def risks(known: Known, limits: HighRisk) -> frozenset[str]:
    """The criteria that are met, as far as the data tell."""
    return frozenset(_met(known, limits))


def body_mass_index(weight: float | None, height: float | None) -> float | None:
    """kg/m² from kg and cm, to one decimal as a form shows it."""
    if not weight or not height:
        return None
    return round(weight / (height / 100) ** 2, 1)


def _met(known: Known, limits: HighRisk) -> Iterator[str]:
    if limits.systolic.holds(known.systolic) or limits.diastolic.holds(known.diastolic):
        yield "high_normal"
    waist = limits.waist_women if known.sex == "female" else limits.waist_men
    if limits.body_mass_index.holds(body_mass_index(known.weight, known.height)) or waist.holds(known.waist):
        yield "overweight"
    if limits.age.holds(known.age):
        yield "age"
    yield from (each for each in ASKED if each in known.answered)
