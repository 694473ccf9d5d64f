"""Who is a case, why and what next: every boundary of the criteria, and what a decision changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.screening.case import Case, Decision, Level, Outcome, Step, judge
from ingest.screening.criteria import Measured, ScreeningSettings
from maixun.configuration import settings

SETTINGS = settings(ScreeningSettings, "screening")
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


def measured(days_ago: float, setting: str = "station", **values: Any) -> Measured:
    at = NOW - timedelta(days=days_ago)
    return Measured(at=at, on=at.date(), setting=setting, **values)


def pressure(days_ago: float, text: str, setting: str = "station") -> Measured:
    systolic, diastolic = map(float, text.split("/"))
    return measured(days_ago, setting, systolic=systolic, diastolic=diastolic)


def hypertension(*readings: Measured, last: Decision | None = None, **risks: date) -> Case | None:
    return judge(SETTINGS.conditions["hypertension"], SETTINGS, readings, risks=risks, last=last, now=NOW)


def diabetes(*readings: Measured) -> Case | None:
    return judge(SETTINGS.conditions["diabetes"], SETTINGS, readings, risks={}, last=None, now=NOW)


@pytest.mark.parametrize(
    ("text", "setting", "is_suspect"),
    [
        ("139/89", "station", False),
        ("140/89", "station", True),
        ("139/90", "station", True),
        ("134/84", "kiosk", False),
        ("135/84", "kiosk", True),
        ("134/85", "kiosk", True),
        ("170/100", "home", False),  # a matter of the alert on the home average
    ],
)
def test_the_limits_of_blood_pressure(text: str, setting: str, is_suspect: bool) -> None:
    case = hypertension(pressure(1, text, setting))
    assert (case is not None and case.level is Level.SUSPECT) is is_suspect


@pytest.mark.parametrize(
    ("glucose", "meal", "level"),
    [
        (6.0, "fasting", None),
        (6.1, "fasting", Level.HIGH_RISK),
        (6.9, "fasting", Level.HIGH_RISK),
        (6.994, "fasting", Level.SUSPECT),  # 126 mg/dL
        (7.0, "fasting", Level.SUSPECT),
        (11.0, "after_meal", None),
        (11.1, "after_meal", Level.SUSPECT),
        (15.0, "casual", None),  # a random value never counts
        (15.0, None, None),  # nor one without its meal
    ],
)
def test_the_limits_of_glucose(glucose: float, meal: str | None, level: Level | None) -> None:
    case = diabetes(measured(1, glucose=glucose, meal=meal))
    assert (case.level if case else None) == level


@pytest.mark.parametrize(
    ("days", "step"),
    [
        ([1], Step.RECHECK),
        ([1, 1.1, 1.2], Step.RECHECK),  # thrice on one day
        ([1, 5], Step.RECHECK),
        ([1, 5, 28], Step.REFER),
        ([1, 5, 29], Step.RECHECK),  # the first and the last are four weeks apart
        ([1, 29, 33, 40], Step.REFER),
    ],
)
def test_three_days_within_four_weeks_are_referred(days: list[float], step: Step) -> None:
    case = hypertension(*(pressure(day, "150/80") for day in days))
    assert case is not None
    assert (case.step, case.since) == (step, (NOW - timedelta(days=max(days))).date())


def test_a_kiosk_alone_refers_nobody() -> None:
    case = hypertension(*(pressure(day, "150/95", "kiosk") for day in (1, 5, 9)))
    assert case is not None
    assert (case.step, case.days) == (Step.RECHECK, 3)


def test_a_decision_settles_what_was_before_it() -> None:
    before = [pressure(day, "150/95") for day in (10, 12, 14)]
    decided = Decision(outcome=Outcome.NOT_CONFIRMED, at=NOW - timedelta(days=9))
    assert hypertension(*before, last=decided) is None
    again = hypertension(*before, pressure(1, "150/95"), last=decided)
    assert again is not None
    assert (again.step, again.days) == (Step.RECHECK, 1)
    diagnosed = Decision(outcome=Outcome.DIAGNOSED, at=NOW - timedelta(days=9))
    assert hypertension(*before, pressure(1, "190/120"), last=diagnosed) is None


def test_a_referral_waits_for_its_result_whatever_is_measured() -> None:
    decided = Decision(outcome=Outcome.REFERRED, at=NOW - timedelta(days=15))
    case = hypertension(pressure(20, "150/95"), pressure(1, "120/70"), last=decided)
    assert case is not None
    assert (case.step, case.due) == (Step.RESULT, (NOW - timedelta(days=1)).date())


def test_whoever_was_advised_comes_back_after_half_a_year_or_with_a_suspect_value() -> None:
    risks = {"high_normal": (NOW - timedelta(days=1)).date()}
    lately = Decision(outcome=Outcome.ADVISED, at=NOW - timedelta(days=181))
    assert hypertension(pressure(1, "132/84"), last=lately, **risks) is None
    long_ago = Decision(outcome=Outcome.ADVISED, at=NOW - timedelta(days=182))
    back = hypertension(pressure(1, "132/84"), last=long_ago, **risks)
    assert back is not None
    assert back.step is Step.ADVISE
    suspect = hypertension(pressure(1, "142/84"), last=lately, **risks)
    assert suspect is not None
    assert suspect.level is Level.SUSPECT


READINGS = st.lists(
    st.builds(
        lambda day, systolic, diastolic, setting: pressure(day, f"{systolic}/{diastolic}", setting),
        st.floats(0, 400),
        st.integers(90, 200),
        st.integers(50, 120),
        st.sampled_from(["station", "kiosk", "home", "school"]),
    ),
    max_size=12,
)


@given(READINGS, st.floats(0, 400))
def test_a_case_rests_on_readings_that_reach_a_limit_and_more_readings_never_hide_one(
    readings: list[Measured], day: float
) -> None:
    case = hypertension(*readings)
    by_hand = {
        each.on
        for each in readings
        if NOW - each.at <= timedelta(days=365)
        and ((each.setting == "station" and (each.systolic or 0, each.diastolic or 0) != (0, 0)
              and ((each.systolic or 0) >= 140 or (each.diastolic or 0) >= 90))
             or (each.setting == "kiosk" and ((each.systolic or 0) >= 135 or (each.diastolic or 0) >= 85)))
    }  # fmt: skip
    assert (case is not None) == bool(by_hand)
    if case is not None:
        assert (case.since, case.days) == (min(by_hand), len(by_hand))
        assert {each.on for each in case.readings} == by_hand
        more = hypertension(*readings, pressure(day, "120/70"))
        assert more is not None
        assert more.step is case.step
