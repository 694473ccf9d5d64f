"""What follows from a visit as it was filled in: the classification and the day of the next visit. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from ingest.alerting.classification import Classification, classify, target
from ingest.alerting.rules import Rules
from ingest.followups.period import later
from ingest.followups.programmes import Programme, Rulebook, Soon

JUDGED = ("hypertension", "diabetes")
COMPLICATIONS = {"3", "4"}  # reasons for referral: new complication, complication that got worse
ADVERSE = "2"


@dataclass(frozen=True, slots=True)
class Judgement:
    """`classification` None: nothing on the form decides, or the programme has none. `limits` as printed beside it.

    `is_soon`: the next visit is due within the rule's days, and a later date of the doctor's own does not change that.
    """

    classification: Classification | None
    is_emergency: bool
    next_due_on: date | None
    is_soon: bool
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
    why = reason(classification, before, is_emergency=is_emergency, was_referred=bool(values.get("referral_reasons")))
    soon = known.soon.get(why) if known is not None and why is not None else None
    if soon is not None:
        return Judgement(classification, is_emergency, day + timedelta(days=soon.days), True, limits)
    regular = later(known.regular.every, day) if known is not None else None  # none: a package
    return Judgement(classification, is_emergency, regular, False, limits)


def reason(classification: str | None, before: str | None, *, is_emergency: bool, was_referred: bool) -> Soon | None:
    """Why somebody is seen again soon; None: the next regular visit is enough. `before`: the visit before's result.

    Whoever was referred, for an adverse reaction that is hard to control too, is asked how it went.
    """
    if is_emergency:
        return "emergency"
    if was_referred or classification == Classification.COMPLICATION:
        return "referred"
    if classification in (None, Classification.CONTROLLED):
        return None
    return "unsatisfactory" if before in (None, Classification.CONTROLLED) else "referred"


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
