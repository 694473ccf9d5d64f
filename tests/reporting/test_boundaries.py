"""The boundary cases of the reporting rules: every one of them decides who counts."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from api.reporting.period import Quarter, Span, Window
from tests.reporting.town import Q1, Q2, Q3, Q4, Town, window

CONTROL, STANDARD, GLUCOSE = "hypertension_control_rate", "hypertension_standard_rate", "diabetes_control_rate"
YOUNG = "1975-06-15"  # owed no yearly exam


@pytest.mark.parametrize(
    ("pressure", "born", "controlled"),
    [
        ("140/89", "1975-06-15", False),
        ("139/90", "1975-06-15", False),
        ("139/89", "1975-06-15", True),
        ("149/89", "1961-02-10", True),  # 65 on the day of the visit
        ("149/89", "1961-02-11", False),  # 65 the day after
        ("149/90", "1950-01-01", False),
        ("150/89", "1950-01-01", False),
    ],
)
def test_below_the_limit_of_the_age_on_the_day_of_the_visit(
    pressure: str, born: str, controlled: bool, town: Town
) -> None:
    patient = town.patient(born)
    town.visit(patient, "2026-02-10 09:00", pressure)
    assert town.figure(CONTROL).numerator == controlled
    assert town.why(CONTROL) == {patient: "controlled" if controlled else "not_controlled"}


def test_under_the_earlier_version_age_made_no_difference(town: Town) -> None:
    patient = town.patient("1940-01-01")
    town.manage(patient, "diabetes", None)
    town.connection.execute("update care.condition set managed_from = '2015-01-01' where condition = 'hypertension'")
    town.visit(patient, "2016-02-10 09:00", "149/89")
    town.visit(patient, "2017-02-10 09:00", "149/89")
    assert town.figure(CONTROL, window(Quarter(2016, 4))).numerator == 0
    assert town.figure(CONTROL, window(Quarter(2017, 4))).numerator == 1


def test_the_same_value_is_above_the_limit_at_home_and_below_it_at_a_visit(town: Town) -> None:
    patient = town.patient("1975-06-15")
    town.visit(patient, "2026-02-10 09:00", "136/84")
    for day in range(1, 13):
        town.reading(patient, f"2026-02-{day:02} 07:00", systolic=136, diastolic=84)
    assert town.figure(CONTROL).numerator == 1
    assert town.why("hypertension_home_control_rate") == {patient: "not_controlled"}


@pytest.mark.parametrize(
    ("systolic", "readings", "why"),
    [(134.9, 12, "controlled"), (135, 12, "not_controlled"), (120, 11, "measured_too_little"), (0, 0, "not_measured")],
)
def test_a_home_mean_needs_twelve_readings_and_lies_below_135(
    systolic: float, readings: int, why: str, town: Town
) -> None:
    patient = town.patient()
    for day in range(1, readings + 1):
        town.reading(patient, f"2026-01-{day:02} 07:00", systolic=systolic, diastolic=80)
    assert town.why("hypertension_home_control_rate") == {patient: why}


@pytest.mark.parametrize(
    ("glucose", "controlled"),
    [(7.0, False), (126 / 18.016, False), (6.95, False), (6.94, True), (6.9, True), (6.99999, False)],
)
def test_fasting_glucose_is_rounded_to_a_tenth_and_then_compared(glucose: float, controlled: bool, town: Town) -> None:
    patient = town.patient(condition="diabetes")
    town.visit(patient, "2026-02-10 09:00", programme="diabetes", fasting_glucose=glucose)
    assert town.figure(GLUCOSE).numerator == controlled


def test_only_fasting_glucose_enters_and_a_later_visit_without_it_changes_nothing(town: Town) -> None:
    patient = town.patient(condition="diabetes")
    town.visit(patient, "2026-01-10 09:00", programme="diabetes", fasting_glucose=6.5)
    town.visit(patient, "2026-02-10 09:00", programme="diabetes", after_meal_glucose=12.0)
    town.reading(patient, "2026-03-01 07:00", glucose=9.9, meal="fasting")
    town.reading(patient, "2026-03-02 07:00", glucose=9.9)
    assert town.why(GLUCOSE) == {patient: "controlled"}
    assert town.why("diabetes_after_meal_rate") == {patient: "not_controlled"}


def test_home_and_kiosk_readings_are_never_visits(town: Town) -> None:
    patient = town.patient()
    for setting in ("home", "kiosk", "station"):
        town.reading(patient, "2026-02-10 09:00", systolic=120, diastolic=70, setting=setting)
    assert town.why(STANDARD) == {patient: "no_visit"}
    assert town.why(CONTROL) == {patient: "no_measurement"}


def test_a_phone_call_is_not_face_to_face(town: Town) -> None:
    patient = town.patient()
    town.visit(patient, "2026-02-10 09:00", "120/70", mode="phone")
    assert town.why(STANDARD) == {patient: "no_visit"}
    assert town.why(CONTROL) == {patient: "no_measurement"}
    town.visit(patient, "2026-02-11 09:00", "120/70", mode="home")
    assert town.figure(STANDARD).numerator == town.figure(CONTROL).numerator == 1


def test_half_past_eleven_at_the_end_of_march_is_in_the_first_quarter_and_an_hour_later_in_the_second(
    town: Town,
) -> None:
    first, second = town.patient(), town.patient()
    town.visit(first, "2026-03-31 23:30", "130/80")  # 15:30 UTC
    town.visit(second, "2026-04-01 00:30", "130/80")  # 16:30 UTC, still March there
    assert town.why(STANDARD, window(Q1, Span.QUARTER)) == {first: "visited_each_quarter", second: "no_visit"}
    assert town.why(STANDARD, window(Q2, Span.QUARTER)) == {first: "no_visit", second: "visited_each_quarter"}
    town.reading(first, "2026-03-31 23:30", systolic=120, diastolic=80)
    town.reading(second, "2026-04-01 00:30", systolic=120, diastolic=80)
    assert [each.resident_id for each in town.counted("measurements", window(Q1, Span.QUARTER))] == [first]
    assert [each.resident_id for each in town.counted("measurements", window(Q2, Span.QUARTER))] == [second]


@pytest.mark.parametrize("why", ["died", "moved"])
def test_whoever_leaves_in_the_second_quarter_is_in_the_first_report_and_not_in_the_second(
    why: str, town: Town
) -> None:
    patient = town.patient(record_opened_on=date(2024, 1, 1))
    town.visit(patient, "2026-02-10 09:00", "130/80")
    before = town.figure(CONTROL, window(Q1))
    town.connection.execute("update care.resident set left_on = '2026-04-01', left_why = %s", (why,))
    assert town.figure(CONTROL, window(Q1)) == before
    assert (before.numerator, before.denominator) == (1, 1)
    assert town.figure(CONTROL, window(Q2)).denominator == 0
    assert town.why(CONTROL, window(Q2)) == {patient: why}


def test_lost_to_follow_up_stays_in_the_denominator_and_is_not_controlled(town: Town) -> None:
    patient = town.patient()
    town.visit(patient, "2026-01-10 09:00", "130/80")
    assert town.figure(CONTROL).numerator == 1
    town.visit(patient, "2026-03-10 09:00", lost_why="外出")
    figure = town.figure(CONTROL)
    assert (figure.numerator, figure.denominator) == (0, 1)
    assert town.why(CONTROL) == {patient: "lost"}
    assert town.why(STANDARD) == {patient: "visited_each_quarter"}  # the visit of January was one


def test_standard_management_asks_for_every_quarter_and_year_to_date_accumulates(town: Town) -> None:
    patient = town.patient()
    for when in ("2026-01-05", "2026-03-28", "2026-09-30"):
        town.visit(patient, f"{when} 09:00", "130/80")
    assert [town.figure(STANDARD, window(quarter)).numerator for quarter in (Q1, Q2, Q3, Q4)] == [1, 0, 0, 0]
    by_quarter = [town.figure(STANDARD, window(each, Span.QUARTER)).numerator for each in (Q1, Q2, Q3, Q4)]
    assert by_quarter == [1, 0, 1, 0]


def test_a_quarter_that_is_still_running_asks_for_nothing_yet(town: Town) -> None:
    patient = town.patient()
    town.visit(patient, "2026-02-10 09:00", "130/80")
    in_may = Window.of(Q2, Span.YEAR_TO_DATE, date(2026, 5, 20))
    assert town.figure(STANDARD, in_may).numerator == 1
    assert town.figure(STANDARD, Window.of(Q2, Span.YEAR_TO_DATE, date(2026, 6, 30))).numerator == 0


def test_somebody_new_owes_from_the_next_quarter_on(town: Town) -> None:
    patient = town.resident()
    town.manage(patient, "hypertension", "2026-02-20")
    assert town.why(STANDARD, window(Q1)) == {patient: "no_visit"}
    town.visit(patient, "2026-04-10 09:00", "130/80")
    assert town.figure(STANDARD, window(Q2)).numerator == 1
    assert town.figure(STANDARD, window(Quarter(2025, 4))).denominator == 0


def test_management_holds_from_its_first_day_to_before_its_last(town: Town) -> None:
    patient = town.resident()
    town.manage(patient, "hypertension", "2026-03-31", "2026-06-30")
    assert town.figure(CONTROL, window(Q1)).denominator == 1
    assert town.figure(CONTROL, window(Q2)).denominator == 0
    assert town.why(CONTROL, window(Q2)) == {patient: "management_ended"}


def test_a_visit_taken_back_was_none_and_a_corrected_one_counts_as_corrected(town: Town) -> None:
    taken_back, corrected = town.patient(), town.patient()
    one = town.visit(taken_back, "2026-02-10 09:00", "130/80")
    town.visit(
        taken_back, "2026-02-10 09:00", "130/80", visit_id=one, version=2, amended_why="x", entered_in_error=True
    )
    other = town.visit(corrected, "2026-02-10 09:00", "130/80")
    town.visit(corrected, "2026-02-10 09:00", "160/80", visit_id=other, version=2, amended_why="x")
    assert town.why(CONTROL) == {taken_back: "no_measurement", corrected: "not_controlled"}


def test_people_who_live_here_shorter_than_six_months_are_no_residents_yet(town: Town) -> None:
    town.population(100, 60, 20)
    opened: dict[str, Any] = {"record_opened_on": date(2026, 1, 5)}
    since = [date(2025, 10, 1), date(2025, 10, 2), None]
    long, short, always = (town.resident(resident_since=day, **opened) for day in since)
    without = town.resident()
    assert town.why("record_rate") == {
        long: "record",
        short: "not_resident_yet",
        always: "record",
        without: "no_record",
    }
    figure = town.figure("record_rate")
    assert (figure.numerator, figure.denominator) == (2, 100)


def test_the_elderly_need_a_record_a_complete_form_and_the_age_on_the_day(town: Town) -> None:
    town.population(100, 60, 20)
    opened: dict[str, Any] = {"record_opened_on": date(2020, 1, 1)}
    examined, early, incomplete, unrecorded = (
        town.resident("1961-03-01", **opened),
        town.resident("1961-03-02", **opened),
        town.resident("1950-01-01", **opened),
        town.resident("1950-01-01"),
    )
    for person in (examined, early, unrecorded):
        town.visit(person, "2026-03-01 09:00", programme="elderly")
    town.visit(incomplete, "2026-03-01 09:00", programme="elderly", complete=False)
    assert town.why("elderly_management_rate") == {
        examined: "examined",
        early: "too_young",
        incomplete: "form_incomplete",
        unrecorded: "no_record",
    }
    figure = town.figure("elderly_management_rate")
    assert (figure.numerator, figure.denominator) == (1, 20)


def test_follow_up_tasks_count_when_their_day_has_passed(town: Town) -> None:
    patient, without = town.patient(YOUNG), town.patient(YOUNG)
    town.task(patient, "2026-01-31", done="2026-02-03 10:00")
    town.task(patient, "2026-02-28")
    town.task(patient, "2026-03-31", done="2026-04-01 00:10")
    town.task(patient, "2026-03-30", done="2026-03-30 10:00", programme="package")
    completion = town.figure("follow_up_completion_rate")
    assert (completion.numerator, completion.denominator) == (1, 3)
    assert town.figure("follow_up_in_time_rate").numerator == 0
    in_february = Window.of(Q1, Span.QUARTER, date(2026, 2, 20))
    assert town.figure("follow_up_completion_rate", in_february).denominator == 1
    dispatch = town.figure("follow_up_dispatch_rate")
    assert (dispatch.numerator, dispatch.denominator) == (1, 2)
    assert town.why("follow_up_dispatch_rate") == {patient: "task_dispatched", without: "no_task"}


def test_a_missed_follow_up_was_dispatched_and_not_done(town: Town) -> None:
    patient = town.patient(YOUNG)
    town.task(patient, "2026-03-31", missed=True)
    completion, dispatch = town.figure("follow_up_completion_rate"), town.figure("follow_up_dispatch_rate")
    assert (completion.numerator, completion.denominator) == (0, 1)
    assert (dispatch.numerator, dispatch.denominator) == (1, 1)


def test_a_follow_up_is_done_on_the_day_of_its_visit_however_late_it_is_written_down(town: Town) -> None:
    patient = town.patient(YOUNG)
    seen = town.visit(patient, "2026-03-30 09:00", "130/80")
    town.task(patient, "2026-03-31", done="2026-04-02 10:00", visit=seen)
    assert town.figure("follow_up_completion_rate").numerator == 1
    assert town.figure("follow_up_in_time_rate").numerator == 1
    other = town.patient(YOUNG)
    late = town.visit(other, "2026-03-31 09:00", "130/80")
    town.task(other, "2026-03-30", done="2026-03-31 10:00", visit=late)
    assert town.figure("follow_up_completion_rate").numerator == 2
    assert town.figure("follow_up_in_time_rate").numerator == 1


def test_a_follow_up_is_owed_to_whoever_joined_in_time_and_to_the_old(town: Town) -> None:
    early, late = town.patient(YOUNG, since="2026-03-01"), town.patient(YOUNG, since="2026-03-02")
    old = town.resident("1961-03-31")
    town.resident("1961-04-01")
    assert town.why("follow_up_dispatch_rate") == {early: "no_task", late: "joined_lately", old: "no_task"}
    town.task(old, "2026-12-31", programme="elderly")
    assert town.why("follow_up_dispatch_rate")[old] == "no_task", "not dispatched before December"


def test_screening_counts_people_never_diagnosed_where_screening_happens(town: Town) -> None:
    suspect, well, known, young, at_home = (
        town.resident(),
        town.resident(),
        town.patient(),
        town.resident("1995-01-01"),
        town.resident(),
    )
    for person in (suspect, known, young):
        town.reading(person, "2026-02-10 09:00", systolic=135, diastolic=70, setting="kiosk")
    town.reading(well, "2026-02-10 09:00", systolic=139, diastolic=89, setting="station")
    town.reading(at_home, "2026-02-10 09:00", systolic=180, diastolic=100)
    assert town.why("hypertension_screening_yield") == {
        suspect: "suspected",
        well: "not_suspected",
        known: "diagnosed_before",
        young: "too_young",
    }
    figure = town.figure("hypertension_screening_yield")
    assert (figure.numerator, figure.denominator) == (1, 2)
    below = town.resident()
    town.reading(below, "2026-02-10 09:00", systolic=129, diastolic=84, setting="kiosk")
    risk = town.why("hypertension_high_risk")
    assert (risk[suspect], risk[well], risk[below]) == ("suspected", "high_risk", "not_high_risk")
    figure = town.figure("hypertension_high_risk")
    assert (figure.numerator, figure.denominator) == (1, 2), "whoever is suspect is no risk any more"


def test_fasting_glucose_from_6_1_is_high_risk_and_from_7_0_suspect(town: Town) -> None:
    well, risky, suspect = (town.resident() for _ in range(3))
    for person, glucose in ((well, 6.04), (risky, 6.06), (suspect, 6.96)):
        town.reading(person, "2026-02-10 07:00", glucose=glucose, meal="fasting", setting="station")
    why = town.why("diabetes_high_risk")
    assert (why[well], why[risky], why[suspect]) == ("not_high_risk", "high_risk", "suspected")
