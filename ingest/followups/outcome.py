"""What follows from a visit as it was filled in: the classification and the day of the next visit. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from ingest.alerting.classification import Classification, classify, target
from ingest.alerting.rules import Rules
from ingest.followups.period import later
from ingest.followups.programmes import Programme, Rulebook

JUDGED = ("hypertension", "diabetes")
COMPLICATIONS = {"3", "4"}  # reasons for referral: new complication, complication that got worse
ADVERSE = "2"


@dataclass(frozen=True, slots=True)
class Judgement:
    """`classification` None: nothing on the form decides, or the programme has none. `limits` as printed beside it."""

    classification: Classification | None
    is_emergency: bool
    next_due_on: date | None
    limits: Mapping[str, float]


def judge(
    programme: str,
    values: Mapping[str, Any],
    *,
    birth_date: date,
    day: date,
    before: str | None,
    rules: Rules,
    rulebook: Rulebook,
) -> Judgement:
    """`values` by key of the form, `day` of the visit, `before`: the classification of the visit before."""
    known = rulebook.file.programmes.get(programme)
    classification, limits = _classification(programme, values, birth_date, day, rules)
    is_emergency = known is not None and (bool(values.get("danger")) or is_beyond(known, values))
    return Judgement(classification, is_emergency, next_day(known, classification, is_emergency, before, day), limits)


def next_day(
    programme: Programme | None, classification: str | None, is_emergency: bool, before: str | None, day: date
) -> date | None:
    """When the next visit is due: soon after all but a controlled value, else a period later. None: a package."""
    if programme is None:
        return None
    if is_emergency and "emergency" in programme.soon:
        return day + timedelta(days=programme.soon["emergency"].days)
    if classification not in (None, Classification.CONTROLLED) and programme.soon:
        again = before not in (None, Classification.CONTROLLED) or classification == Classification.COMPLICATION
        return day + timedelta(days=programme.soon["referred" if again else "unsatisfactory"].days)
    return later(programme.regular.every, day)


def is_beyond(programme: Programme, values: Mapping[str, Any]) -> bool:
    """Whether a value alone makes an emergency."""
    if programme.emergency is None:
        return False
    limits = programme.emergency.limits.items()
    return any(values.get(name) is not None and limit.is_beyond(float(values[name])) for name, limit in limits)


def _classification(
    programme: str, values: Mapping[str, Any], birth_date: date, day: date, rules: Rules
) -> tuple[Classification | None, Mapping[str, float]]:
    if programme not in JUDGED:
        return None, {}
    goal = target(programme, birth_date, day, rules)
    measured = {**values, "glucose": values.get("fasting_glucose")}
    found = classify(
        measured,
        goal,
        adverse=values.get("adverse") == ADVERSE,
        complication=bool(COMPLICATIONS & set(values.get("referral_reasons", ()))),
    )
    return found, goal.limits
