"""What follows from a visit: when somebody is seen again. The form and the plan say the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.alerting import rules
from ingest.alerting.classification import Classification
from ingest.followups.course import why_soon
from ingest.followups.outcome import Judgement, judge, reason
from maixun.configuration import load_all
from tests.ingest.followups.made import RULEBOOK, visit

RULES = rules.parse(load_all("rules/*.yaml"))
DAY, SOON = date(2026, 5, 11), timedelta(days=14)
CALM: dict[str, Any] = {"systolic": 130.0, "diastolic": 80.0, "fasting_glucose": 6.1, "adverse": "1"}


def judged(programme: str = "hypertension", before: str | None = None, **values: Any) -> Judgement:
    return judge(
        programme,
        CALM | values,
        birth_date=date(1966, 5, 1),
        day=DAY,
        before=before,
        rules=RULES,
        rulebook=RULEBOOK,
    )


@pytest.mark.parametrize(
    ("programme", "values", "classification", "is_emergency"),
    [
        ("hypertension", {}, "controlled", False),
        ("hypertension", {"systolic": 140.0}, "uncontrolled", False),
        ("hypertension", {"systolic": 179.0, "diastolic": 109.0}, "uncontrolled", False),
        ("hypertension", {"systolic": 180.0}, "uncontrolled", True),
        ("hypertension", {"diastolic": 110.0}, "uncontrolled", True),
        ("hypertension", {"danger": ["5"]}, "controlled", True),
        ("hypertension", {"fasting_glucose": 20.0}, "controlled", False),  # not asked on that form
        ("diabetes", {"fasting_glucose": 6.9}, "controlled", False),
        ("diabetes", {"fasting_glucose": 7.0}, "uncontrolled", False),
        ("diabetes", {"fasting_glucose": 4.0}, "controlled", False),
        ("diabetes", {"fasting_glucose": 3.9}, "controlled", True),
        ("diabetes", {"after_meal_glucose": 16.6}, "controlled", False),
        ("diabetes", {"after_meal_glucose": 16.7}, "controlled", True),
        ("diabetes", {"systolic": 180.0}, "controlled", True),
        ("diabetes", {"pulse": 105.0}, "controlled", False),  # once is not persistent
    ],
)
def test_an_emergency_is_seen_again_within_two_weeks(
    programme: str, values: dict[str, Any], classification: str, is_emergency: bool
) -> None:
    found = judged(programme, **values)
    assert (found.classification, found.is_emergency) == (classification, is_emergency)
    soon = is_emergency or classification != "controlled"
    assert found.is_soon == soon
    assert found.next_due_on == (DAY + SOON if soon else date(2026, 8, 11))


def test_referred_or_worse_is_soon_and_the_regular_visit_is_a_period_later() -> None:
    assert judged(referral_reasons=["2"]).next_due_on == DAY + SOON
    assert judged(referral_reasons=["3"]).classification == "complication"
    assert judged(adverse="2").classification == "adverse_reaction"
    assert judged("elderly").next_due_on == date(2027, 5, 11)
    assert judged("high_risk").next_due_on == date(2026, 11, 11)
    assert judged("package").next_due_on is None


@given(
    result=st.none() | st.sampled_from(Classification),
    before=st.none() | st.sampled_from(Classification),
    is_emergency=st.booleans(),
    was_referred=st.booleans(),
)
def test_form_and_plan_agree_on_why(
    result: str | None, before: str | None, is_emergency: bool, was_referred: bool
) -> None:
    first = visit("2026-04-01T09:00", before)
    last = visit("2026-05-01T09:00", result, is_emergency=is_emergency, was_referred=was_referred)
    wanted = reason(result, before, is_emergency=is_emergency, was_referred=was_referred)
    assert why_soon([first, last]) == wanted
    assert why_soon([replace(last, visit_id=1)]) == reason(
        result, None, is_emergency=is_emergency, was_referred=was_referred
    )
