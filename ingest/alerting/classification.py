"""Classification of a visit (此次随访分类) by the reporting thresholds: the most severe of what applies."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from ingest.alerting.documents import Purpose, Rule, RuleFile
from ingest.alerting.parts import BREACHES, Document
from ingest.alerting.person import Circumstances, age_on
from ingest.alerting.rules import Rules
from maixun.configuration import ConfigurationError

KINDS = {"hypertension": "blood_pressure", "diabetes": "glucose"}


class Classification(StrEnum):
    """The four of the national form, the mildest first; the values are those of `care.visit`."""

    CONTROLLED = "controlled"
    UNCONTROLLED = "uncontrolled"
    ADVERSE_REACTION = "adverse_reaction"
    COMPLICATION = "complication"


class Target(NamedTuple):
    """The limits that hold for a person on a day (values at or above are not controlled), and where they stand."""

    limits: Mapping[str, float]
    boundary: str
    decimals: Mapping[str, int]
    document: Document


def target(programme: str, birth_date: date, day: date, rules: Rules) -> Target:
    """The reporting limits of a programme (hypertension, diabetes); the age is that on the day of the visit.

    Raises `ConfigurationError` when the rules hold none.
    """
    file, rule = _reporting(KINDS[programme], rules)
    at = Circumstances("station", age_on(birth_date, day), {programme}, "fasting", day)
    level = rule.level(at)
    if level is None:
        raise ConfigurationError(f"config/rules: {rule.name} has no level for age {at.age} on {day}")
    return Target(level.limits, rule.boundary, file.decimals, file.documents[level.source])


def is_controlled(values: Mapping[str, float | None], goal: Target) -> bool | None:
    """Whether all values keep below their limits; None when one the limits speak of is missing.

    `values` by the names of `telemetry.reading`: systolic, diastolic, glucose (fasting).
    """
    beyond = BREACHES[goal.boundary]
    missing = False
    for metric, limit in goal.limits.items():
        value = values.get(metric)
        if value is None:
            missing = True
        elif beyond(round(value, goal.decimals[metric]), limit):
            return False
    return None if missing else True


def classify(
    values: Mapping[str, float | None], goal: Target, *, adverse: bool, complication: bool
) -> Classification | None:
    """What the form's classification is; None while the values that decide are missing and nothing worse applies."""
    if complication:
        return Classification.COMPLICATION
    if adverse:
        return Classification.ADVERSE_REACTION
    controlled = is_controlled(values, goal)
    if controlled is None:
        return None
    return Classification.CONTROLLED if controlled else Classification.UNCONTROLLED


def _reporting(kind: str, rules: Rules) -> tuple[RuleFile, Rule]:
    for file in rules.files:
        for rule in file.rules:
            if kind in file.kinds and rule.purpose is Purpose.REPORTING:
                return file, rule
    raise ConfigurationError(f"config/rules: no rule with purpose reporting for {kind}")
