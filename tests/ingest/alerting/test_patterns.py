"""Patterns over many readings: each kind at its boundaries, in words, and the same whatever order they come in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.reading import Flag
from ingest.alerting import trends
from ingest.alerting.finding import Finding, Verdict, Why
from ingest.alerting.person import Person, StoredReading
from ingest.alerting.rules import evaluate, next_look
from tests.ingest.alerting.people import DAY, MINUTE, NONE, NOON, pressure, reading, shipped, somebody, sugar

HYPERTENSIVE = somebody(conditions=frozenset({"hypertension"}))
DIABETIC = somebody(conditions=frozenset({"diabetes"}))
EVENING = timedelta(hours=9)  # 21:00 in China, as long after noon
MORNING = timedelta(hours=-5)  # 7:00


def seen(
    cause: str, readings: Iterable[StoredReading], person: Person | None = None, now: datetime | None = None
) -> Finding | None:
    """What the readings say of one cause just after the last of them."""
    readings = list(readings)
    at = now or max((one.measured_at for one in readings), default=NOON) + MINUTE
    return next((f for f in evaluate(person or somebody(), readings, shipped(), at) if f.cause == cause), None)


def confirmed(cause: str, readings: Iterable[StoredReading], **more: Any) -> bool:
    found = seen(cause, readings, **more)
    return found is not None and found.verdict is Verdict.CONFIRMED


def says(found: Finding | None, language: str = "en") -> str:
    assert found is not None
    return str(found.explained()["says"][language])


# Repeated on different days


def station(systolic: float, diastolic: float, *days: int) -> list[StoredReading]:
    return [pressure(systolic, diastolic, NOON - day * DAY, setting="station") for day in days]


def test_three_different_days_at_a_station_are_suspected_hypertension() -> None:
    assert not confirmed("hypertension_suspected", station(140, 80, 0, 7))
    found = seen("hypertension_suspected", station(140, 80, 0, 7, 14))
    assert found
    assert (found.verdict, found.why, found.tier) == (Verdict.CONFIRMED, Why.SEEN, 3)
    assert [one.measured_at for one in found.readings] == [NOON - 14 * DAY, NOON - 7 * DAY, NOON]
    assert "on 3 days within 4 weeks (11-07, 11-14, 11-21)" in says(found)
    assert "疑似高血压，请转诊" in says(found, "zh")
    assert "国家基层高血压防治管理指南2025版" in says(found, "zh")


@pytest.mark.parametrize(
    ("systolic", "diastolic", "beyond"), [(140, 89, True), (139, 90, True), (139, 89, False), (139.6, 80, True)]
)
def test_the_cut_off_of_an_office_is_either_value(systolic: float, diastolic: float, *, beyond: bool) -> None:
    assert confirmed("hypertension_suspected", station(systolic, diastolic, 0, 3, 5)) is beyond


def test_three_readings_on_one_day_are_one_day() -> None:
    day = [pressure(160, 95, NOON + n * MINUTE, setting="station") for n in range(3)]
    assert not confirmed("hypertension_suspected", [*day, *station(160, 95, 1)])


def test_the_days_mean_counts_not_its_highest_reading() -> None:
    lower = [pressure(120, 70, one.measured_at + MINUTE, setting="station") for one in station(150, 80, 0, 3, 5)]
    assert not confirmed("hypertension_suspected", station(150, 80, 0, 3, 5) + lower)


def test_four_weeks_are_four_weeks() -> None:
    assert confirmed("hypertension_suspected", station(150, 80, 0, 10, 28))
    assert not confirmed("hypertension_suspected", station(150, 80, 0, 10, 29))


def test_home_and_kiosk_readings_make_no_office_diagnosis() -> None:
    for setting in ("home", "kiosk"):
        readings = [pressure(160, 95, NOON - day * DAY, setting=setting) for day in (0, 5, 9)]
        assert not confirmed("hypertension_suspected", readings)


def test_who_has_the_diagnosis_is_not_suspected() -> None:
    assert not confirmed("hypertension_suspected", station(160, 95, 0, 5, 9), person=HYPERTENSIVE)


def test_doubtful_values_make_no_diagnosis() -> None:
    doubtful = [pressure(160, 95, NOON - day * DAY, setting="station", flags=Flag.BODY_MOVEMENT) for day in (0, 5, 9)]
    assert not confirmed("hypertension_suspected", doubtful)


def test_two_days_of_high_fasting_glucose_are_suspected_diabetes_and_unknown_meals_never() -> None:
    for meal, value, expected in (
        ("fasting", 7.0, True),
        ("fasting", 126 / 18.016, True),
        ("fasting", 6.9, False),
        ("after_meal", 11.1, True),
        ("after_meal", 11.0, False),
        ("casual", 12.0, False),
        (None, 12.0, False),
    ):
        readings = [sugar(value, NOON - day * DAY, meal=meal) for day in (0, 4)]
        assert confirmed("diabetes_suspected", readings) is expected, (meal, value)
        assert not confirmed("diabetes_suspected", readings[:1])
        assert not confirmed("diabetes_suspected", readings, person=DIABETIC)


# Averages by protocol


def home(
    systolic: float, diastolic: float, days: Iterable[int], *, a_sitting: int = 2, setting: str = "home"
) -> list[StoredReading]:
    """Mornings and evenings on days before noon's day, with repeats a minute apart."""
    return [
        pressure(systolic, diastolic, NOON - day * DAY + half + n * MINUTE, setting=setting)
        for day in days
        for half in (MORNING, EVENING)
        for n in range(a_sitting)
    ]


@pytest.mark.parametrize(
    ("systolic", "diastolic", "beyond"),
    [(135, 84, True), (134, 85, True), (134, 84, False), (134.4, 84.4, False), (134.6, 80, True)],
)
def test_a_home_average_of_135_85(systolic: float, diastolic: float, *, beyond: bool) -> None:
    assert confirmed("home_pressure_high", home(systolic, diastolic, range(7))) is beyond


def test_home_136_84_is_above_and_the_same_at_the_station_is_not() -> None:
    assert confirmed("home_pressure_high", home(136, 84, range(7)))
    assert not confirmed("home_pressure_high", home(136, 84, range(7), setting="station"))
    assert not confirmed("hypertension_suspected", home(136, 84, range(7), setting="station"))


def test_the_first_day_is_dropped_for_a_diagnosis_and_not_for_who_has_it() -> None:
    """Four days of four readings are enough with the diagnosis; without it the first does not count."""
    assert confirmed("home_pressure_high", home(140, 90, range(4)), person=HYPERTENSIVE)
    assert not confirmed("home_pressure_high", home(140, 90, range(4)))
    assert confirmed("home_pressure_high", home(140, 90, range(5)))
    nervous = home(170, 100, [6]) + home(134, 84, range(6))
    assert not confirmed("home_pressure_high", nervous)
    assert confirmed("home_pressure_high", nervous, person=HYPERTENSIVE)


def test_fewer_than_four_days_or_twelve_readings_are_no_average() -> None:
    assert not confirmed("home_pressure_high", home(150, 95, range(3), a_sitting=3), person=HYPERTENSIVE)
    five = home(150, 95, range(5), a_sitting=1) + home(150, 95, [0], a_sitting=1)[:1]
    assert len(five) == 11
    assert not confirmed("home_pressure_high", five, person=HYPERTENSIVE)
    assert confirmed("home_pressure_high", [*five, pressure(150, 95, NOON)], person=HYPERTENSIVE)


def test_only_the_last_seven_days_count() -> None:
    assert not confirmed("home_pressure_high", home(160, 100, range(7, 12)) + home(120, 75, range(7)))


def test_mornings_alone_are_no_protocol() -> None:
    mornings = [one for one in home(150, 95, range(7)) if one.measured_at.hour == 23]  # 7:00 in China
    assert len(mornings) == 14
    assert not confirmed("home_pressure_high", mornings, person=HYPERTENSIVE)


def test_an_average_says_what_it_is_made_of() -> None:
    found = seen("home_pressure_high", home(138, 86, range(7)))
    assert found
    assert says(found).startswith(
        "Home readings from 11-16 to 11-21, 24 on 6 days, average 138/86 mmHg (morning 138/86, evening 138/86)"
    )
    told = found.explained()
    assert told["figures"]["readings"] == 24
    assert told["threshold"] == {"boundary": ">=", "limits": {"systolic": 135, "diastolic": 85}}
    assert told["source"]["reference"] == "PMC8030885, table 3"
    assert len(told["readings"]) == 5


def test_an_average_at_the_limit_neither_opens_nor_ends_and_one_clearly_below_ends() -> None:
    near, below = (
        seen("home_pressure_high", home(133, 80, range(7))),
        seen("home_pressure_high", home(131, 80, range(7))),
    )
    assert near
    assert near.verdict is Verdict.NORMAL
    assert below
    assert (below.verdict, below.why) == (Verdict.CLEARED, Why.PASSED)


def test_the_evidence_changes_once_a_day() -> None:
    """Else every reading would be news of an alert that is weeks long."""
    week = home(140, 90, range(7))
    more = [*week, pressure(141, 90, NOON + 11 * 60 * MINUTE)]
    before, after = seen("home_pressure_high", week), seen("home_pressure_high", more)
    assert before
    assert after
    assert before.readings == after.readings


@pytest.mark.parametrize(("value", "beyond"), [(7.0, False), (7.1, True)])
def test_the_fasting_target_of_a_diabetic(value: float, *, beyond: bool) -> None:
    readings = [sugar(value, NOON - day * DAY, meal="fasting") for day in range(4)]
    assert confirmed("glucose_fasting_high", readings, person=DIABETIC) is beyond
    assert not confirmed("glucose_fasting_high", readings[:3], person=DIABETIC)
    assert not confirmed("glucose_fasting_high", [sugar(value, NOON - d * DAY) for d in range(4)], person=DIABETIC)


@pytest.mark.parametrize(("value", "beyond"), [(9.9, False), (10.0, True)])
def test_the_target_after_meals_of_a_diabetic(value: float, *, beyond: bool) -> None:
    readings = [sugar(value, NOON - day * DAY, meal="after_meal") for day in range(4)]
    assert confirmed("glucose_after_meal_high", readings, person=DIABETIC) is beyond
    assert not confirmed("glucose_fasting_high", readings, person=DIABETIC)


# Trend and variability


def rising(per_day: float, *, noise: float = 0, days: range = range(0, 40, 2)) -> list[StoredReading]:
    random = Random(5)
    return [pressure(120 + per_day * day + random.gauss(0, noise), 75, NOON + (day - days[-1]) * DAY) for day in days]


def test_a_steady_rise_is_seen_with_its_interval() -> None:
    found = seen("home_pressure_rising", rising(0.5, noise=1))
    assert found
    assert (found.verdict, found.tier) == (Verdict.CONFIRMED, 3)
    figures = found.explained()["figures"]
    assert figures["interval"][0] > 0
    assert figures["change"] == pytest.approx(14, abs=1.5)
    assert "by about" in says(found)
    assert "95% interval" in says(found)


def test_a_change_too_small_to_matter_or_not_sure_says_nothing() -> None:
    assert not confirmed("home_pressure_rising", rising(0.3))  # 8.4 in four weeks: certain, and small
    assert not confirmed("home_pressure_rising", rising(0.5, noise=40))  # large, and not certain
    assert not confirmed("home_pressure_rising", rising(-0.5))


def test_how_sure_a_trend_is_stands_in_words() -> None:
    assert "Even the smallest change in it matters." in says(seen("home_pressure_rising", rising(0.6)))
    assert "how large it is not" in says(seen("home_pressure_rising", rising(0.45, noise=6)))


def test_a_fortnight_or_nine_days_are_no_trend() -> None:
    assert not confirmed("home_pressure_rising", rising(1.0, days=range(15)))
    assert not confirmed("home_pressure_rising", rising(1.0, days=range(0, 36, 4)))


def test_one_wild_day_does_not_move_a_slope() -> None:
    wild = [*rising(0)[:-1], pressure(190, 80, NOON)]
    assert not confirmed("home_pressure_rising", wild)


@given(st.floats(-2, 2), st.lists(st.floats(-5, 5), min_size=10, max_size=30))
def test_the_slope_lies_in_its_interval_and_follows_a_line(per_day: float, noise: list[float]) -> None:
    days = list(range(len(noise)))
    exact = trends.slope(days, [100 + per_day * day for day in days], 0.95)
    assert exact.per_day == pytest.approx(per_day, abs=1e-6)
    found = trends.slope(days, [100 + per_day * day + part for day, part in zip(days, noise, strict=True)], 0.95)
    assert found.low <= found.per_day <= found.high
    wider = trends.slope(days, [100 + per_day * day + part for day, part in zip(days, noise, strict=True)], 0.99)
    assert wider.low <= found.low
    assert found.high <= wider.high


def test_the_interval_of_pure_noise_excludes_zero_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(7)
    sure = sum(trends.slope(range(20), random.normal(130, 8, 20).tolist(), 0.95).is_sure for _ in range(600))
    assert 0.02 < sure / 600 < 0.09


def test_pressure_that_varies_widely_from_day_to_day() -> None:
    def days(swing: float) -> list[StoredReading]:
        return [pressure(130 + swing * (-1) ** day, 80, NOON - day * DAY) for day in range(12)]

    assert confirmed("home_pressure_variable", days(18))
    assert not confirmed("home_pressure_variable", days(12))
    assert not confirmed("home_pressure_variable", days(30)[:9])


# Rhythm, weight


def cuff(*flagged: bool, apart: timedelta = 2 * MINUTE, also: Flag = NONE) -> list[StoredReading]:
    return [
        pressure(130, 80, NOON + n * apart, flags=(Flag.IRREGULAR_PULSE if one else NONE) | also)
        for n, one in enumerate(flagged)
    ]


@pytest.mark.parametrize(
    ("flagged", "expected"),
    [
        ((True, True, False), True),
        ((True, False, True), True),
        ((True, True), True),
        ((False, False, True), False),
        ((True, False, False, True), False),
    ],
)
def test_two_of_three_irregular_pulses_ask_for_an_ecg(flagged: tuple[bool, ...], *, expected: bool) -> None:
    assert confirmed("atrial_fibrillation_possible", cuff(*flagged)) is expected


def test_possible_fibrillation_is_never_more_than_possible() -> None:
    found = seen("atrial_fibrillation_possible", cuff(True, True, False))
    assert "in 2 of 2 readings: possibly atrial fibrillation, possibly not" in says(found)
    assert "An ECG is needed, read by a doctor" in says(found)


def test_movement_imitates_an_irregular_pulse_and_days_apart_are_no_occasion() -> None:
    assert not confirmed("atrial_fibrillation_possible", cuff(True, True, True, also=Flag.BODY_MOVEMENT))
    assert not confirmed("atrial_fibrillation_possible", cuff(True, True, apart=DAY))


def test_an_ecg_that_asks_to_be_read() -> None:
    ecg = reading("ecg", {"pulse": 90}, NOON, setting="kiosk", flags=Flag.POSSIBLE_AF)
    assert "must be read by a doctor" in says(seen("atrial_fibrillation_possible", [ecg]))
    assert not confirmed("atrial_fibrillation_possible", [reading("ecg", {"pulse": 90}, NOON)])


@pytest.mark.parametrize(("days_ago", "tier"), [(0, 1), (13, 1), (14, 1), (15, 2), (None, 2)])
def test_possible_fibrillation_with_symptoms_is_critical(days_ago: int | None, tier: int) -> None:
    cause = "atrial_fibrillation_possible"
    complaints = {} if days_ago is None else {cause: NOON + 2 * MINUTE - days_ago * DAY}
    found = seen(cause, cuff(True, True), person=somebody(complaints=complaints))
    assert found
    assert found.tier == tier
    assert ("A recent visit recorded palpitations" in says(found)) is (tier == 1)
    assert found.explained()["acknowledged_for"] == (4 * 3600 if tier == 1 else 3 * 86400)


def weight(kilograms: float, days_ago: int, setting: str = "home") -> StoredReading:
    return reading("body", {"weight": kilograms}, NOON - days_ago * DAY, setting=setting)


def test_weight_gain_matters_in_heart_failure() -> None:
    failing = somebody(conditions=frozenset({"heart_failure"}))
    course = [weight(70.0, 3), weight(71.0, 1), weight(72.0, 0)]
    found = seen("weight_gain", course, person=failing)
    assert found
    assert (found.verdict, found.tier) == (Verdict.CONFIRMED, 2)
    assert "up by 2.0 kg in 3 days (70.0 kg on 11-18, now 72.0 kg)" in says(found)
    assert not confirmed("weight_gain", course)
    assert not confirmed("weight_gain", [weight(70.1, 3), weight(72.0, 0)], person=failing)
    assert not confirmed("weight_gain", [weight(70.0, 4), weight(72.0, 0)], person=failing)
    other_scales = [weight(70.0, 3, "kiosk"), weight(72.0, 0)]
    assert not confirmed("weight_gain", other_scales, person=failing)


# Single values of the other meters


def levels(cause: str, one: StoredReading, person: Person | None = None) -> tuple[Verdict, int | None] | None:
    found = seen(cause, [one], person, now=one.measured_at + 11 * MINUTE)
    return (found.verdict, found.tier) if found else None


@pytest.mark.parametrize(("spo2", "tier"), [(95, None), (94, 3), (93, 3), (92, 1), (88, 1)])
def test_oxygen(spo2: float, tier: int | None) -> None:
    found = levels("oxygen_low", reading("oximetry", {"spo2": spo2}, NOON))
    assert found == ((Verdict.CONFIRMED, tier) if tier else (Verdict.NORMAL, None))


@pytest.mark.parametrize(("spo2", "tier"), [(92, None), (88, None), (87, 1)])
def test_oxygen_has_a_band_of_its_own_in_copd(spo2: float, tier: int | None) -> None:
    ill = somebody(conditions=frozenset({"copd"}))
    found = levels("oxygen_low", reading("oximetry", {"spo2": spo2}, NOON), ill)
    assert found == ((Verdict.CONFIRMED, tier) if tier else (Verdict.NORMAL, None))


@pytest.mark.parametrize(("degrees", "tier"), [(37.2, None), (37.3, 3), (39.0, 3), (39.1, 2)])
def test_fever(degrees: float, tier: int | None) -> None:
    found = levels("fever", reading("temperature", {"temperature": degrees}, NOON))
    assert found == ((Verdict.CONFIRMED, tier) if tier else (Verdict.NORMAL, None))


@pytest.mark.parametrize(("pulse", "cause"), [(120, None), (121, "pulse_high"), (45, None), (44, "pulse_low")])
@pytest.mark.parametrize("kind", ["heart_rate", "blood_pressure", "oximetry"])
def test_a_pulse_is_judged_whatever_measured_it(kind: str, pulse: float, cause: str | None) -> None:
    values = {"blood_pressure": {"systolic": 120.0, "diastolic": 75.0}, "oximetry": {"spo2": 98.0}}.get(kind, {})
    one = reading(kind, {**values, "pulse": pulse}, NOON)
    alarming = {f.cause for f in evaluate(somebody(), [one], shipped(), NOON + 11 * MINUTE) if f.alarming}
    assert alarming == ({cause} if cause else set())


def test_a_cuff_that_tells_no_pulse_says_nothing_of_it() -> None:
    fast = reading("heart_rate", {"pulse": 140}, NOON)
    found = seen("pulse_high", [fast, pressure(120, 75, NOON + MINUTE), pressure(120, 75, NOON + 2 * MINUTE)])
    assert found
    assert found.verdict is Verdict.SUSPECTED


# Silence

AGREED = NOON - 400 * DAY


def contracted(*, alone: bool = False, since: datetime = AGREED, condition: str = "hypertension") -> Person:
    return somebody(conditions=frozenset({condition}), packages={"chronic": since}, lives_alone=alone)


def test_silence_after_the_agreed_month() -> None:
    last = [pressure(120, 75, NOON)]
    assert not confirmed("silence", last, person=contracted(), now=NOON + 31 * DAY - MINUTE)
    found = seen("silence", last, contracted(), now=NOON + 31 * DAY)
    assert found
    assert (found.verdict, found.why, found.tier) == (Verdict.CONFIRMED, Why.OVERDUE, 4)
    assert found.began_at == NOON + 31 * DAY
    assert says(found).startswith("No blood pressure measured for 31 days; agreed is once in 31 days at least.")


def test_silence_says_since_the_last_measurement_and_never_more_than_was_looked_at() -> None:
    asked = somebody(  # who measured before signing, and whom a doctor asked in between
        conditions=frozenset({"hypertension"}), packages={"chronic": NOON}, settled={"silence": NOON + 5 * DAY}
    )
    found = seen("silence", [pressure(120, 75, NOON - 10 * DAY)], asked, now=NOON + 36 * DAY)
    assert says(found).startswith("No blood pressure measured for 46 days;")
    long_ago = [pressure(120, 75, NOON - 63 * DAY)]  # twice the agreed time: the engine reads no further back
    for history in (long_ago, []):
        found = seen("silence", history, contracted(), now=NOON)
        assert says(found).startswith("No blood pressure measured for more than 62 days;")
        assert "已有 超过 62 天没有血压测量" in says(found, "zh")


def test_sooner_for_people_who_live_alone() -> None:
    last = [pressure(120, 75, NOON)]
    assert confirmed("silence", last, person=contracted(alone=True), now=NOON + 14 * DAY)
    assert not confirmed("silence", last, person=contracted(alone=True), now=NOON + 14 * DAY - MINUTE)
    assert "该居民独居" in says(seen("silence", last, contracted(alone=True), now=NOON + 14 * DAY), "zh")


def test_a_reading_ends_the_silence_and_another_kind_does_not() -> None:
    now = NOON + 40 * DAY
    assert confirmed("silence", [sugar(6.0, now - DAY)], person=contracted(), now=now)
    found = seen("silence", [pressure(120, 75, now - DAY)], contracted(), now=now)
    assert found
    assert (found.verdict, found.why) == (Verdict.CLEARED, Why.MEASURED)


def test_who_has_never_measured_is_silent_a_month_after_signing_and_who_signed_nothing_never() -> None:
    person = contracted(since=NOON)
    assert not confirmed("silence", [], person=person, now=NOON + 30 * DAY)
    found = seen("silence", [], person, now=NOON + 31 * DAY)
    assert found
    assert found.readings == ()
    assert not confirmed("silence", [], person=HYPERTENSIVE, now=NOON + 400 * DAY)


def test_what_a_doctor_has_closed_begins_anew() -> None:
    closed = NOON + 32 * DAY
    person = somebody(conditions=frozenset({"hypertension"}), packages={"chronic": AGREED}, settled={"silence": closed})
    assert not confirmed("silence", [pressure(120, 75, NOON)], person=person, now=closed + 30 * DAY)
    assert confirmed("silence", [], person=person, now=closed + 31 * DAY)


def test_the_next_look_is_when_something_would_be_missing() -> None:
    last = [pressure(120, 75, NOON)]
    assert next_look(contracted(), last, shipped(), NOON) == NOON + 31 * DAY
    assert next_look(contracted(), last, shipped(), NOON + 31 * DAY) is None
    assert next_look(HYPERTENSIVE, last, shipped(), NOON) is None


# For all of them

EVERYTHING = somebody(
    conditions=frozenset({"diabetes", "heart_failure", "hypertension"}), packages={"chronic": NOON - 90 * DAY}
)
NOBODY = somebody(packages={"chronic": NOON - 90 * DAY})
moments = st.integers(0, 70 * 24 * 4).map(lambda quarters: NOON - quarters * 15 * MINUTE)
places = st.sampled_from(["home", "station", "kiosk"])
quality = st.sampled_from([NONE, NONE, NONE, Flag.BODY_MOVEMENT, Flag.IRREGULAR_PULSE])
pressures = st.builds(pressure, st.integers(100, 220), st.integers(60, 130), moments, setting=places, flags=quality)
meals = st.sampled_from([None, "fasting", "after_meal", "before_meal"])
sugars = st.builds(sugar, st.floats(1.7, 30), moments, meal=meals)
weights = st.builds(weight, st.floats(60, 80), st.integers(0, 10))
histories = st.lists(pressures | sugars | weights, max_size=40)


@settings(max_examples=60)
@given(histories, st.randoms(use_true_random=False), st.sampled_from([EVERYTHING, NOBODY]))
def test_order_repetition_and_lateness_do_not_matter(history: list[StoredReading], random: Any, person: Person) -> None:
    muddled = history + random.choices(history, k=len(history)) if history else []
    random.shuffle(muddled)
    assert evaluate(person, muddled, shipped(), NOON) == evaluate(person, history, shipped(), NOON)


@settings(max_examples=60)
@given(histories, st.sampled_from([EVERYTHING, NOBODY]))
def test_together_they_say_what_prompt_and_review_say_apart(history: list[StoredReading], person: Person) -> None:
    rules = shipped()
    apart = [f.explained() for part in (rules.prompt, rules.review) for f in evaluate(person, history, part, NOON)]
    whole = [f.explained() for f in evaluate(person, history, rules, NOON)]
    assert sorted(apart, key=lambda told: told["cause"]) == sorted(whole, key=lambda told: told["cause"])


@settings(max_examples=60)
@given(histories, st.sampled_from([EVERYTHING, NOBODY]))
def test_readings_older_than_any_window_change_nothing(history: list[StoredReading], person: Person) -> None:
    """So the engine may load no more than the windows say."""
    windows = shipped().windows
    kept = [one for one in history if one.measured_at > NOON - windows.get(one.kind, timedelta())]
    assert evaluate(person, kept, shipped(), NOON) == evaluate(person, history, shipped(), NOON)


@settings(max_examples=60)
@given(histories)
def test_doubtful_values_take_part_in_no_pattern(history: list[StoredReading]) -> None:
    moved = [one._replace(flags=one.flags | Flag.BODY_MOVEMENT) for one in history if one.kind == "blood_pressure"]
    patterns = {pattern.name for pattern in shipped().patterns} - {"silence"}
    assert not [f for f in evaluate(EVERYTHING, moved, shipped(), NOON) if f.cause in patterns]


@settings(max_examples=60)
@given(histories, st.sampled_from([EVERYTHING, NOBODY]))
def test_every_finding_can_be_told_in_both_languages(history: list[StoredReading], person: Person) -> None:
    for found in evaluate(person, history, shipped(), NOON):
        told = found.explained()
        assert all(told["says"].values())
        assert "{" not in told["says"]["zh"] + told["says"]["en"]
        if found.breach:
            assert {"rule", "tier", "threshold", "source", "acknowledged_for", "set_by"} <= told.keys()
