"""The visit's state machine: its whole table, and the ways people go through it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.reading import Meal
from gateway.kiosk import events
from gateway.kiosk.events import Event
from gateway.kiosk.names import Measurement, Question, RestKind, Step
from gateway.kiosk.outcome import Outcome, Sex, Take
from gateway.kiosk.transitions import TABLE, NotNow, after
from gateway.kiosk.view import Notice
from gateway.kiosk.visit import Visit, runs_out
from tests.kiosk.made import CARD, COURSE, SECOND, T0, pressure

TEMPERATURE = Take(values={"temperature": 36.6})
WELL = Take(values={"fever": 0.0, "diarrhoea": 0.0})
COURSE_WITHOUT = replace(COURSE, asks_symptoms=False)

EXAMPLES: dict[type, Event] = {
    type(event): event
    for event in (
        events.Began(),
        events.Identified(CARD),
        events.Noticed(Notice.CODE_UNREADABLE),
        events.Chosen((Measurement.TEMPERATURE,)),
        events.Answered(Meal.FASTING),
        events.Measured(TEMPERATURE),
        events.Failed(),
        events.Skipped(),
        events.Repeated(),
        events.Continued(),
        events.WantsMore(),
        events.Finished(),
        events.Stayed(),
        events.Ticked(),
    )
}
DONE = Outcome(measurement=Measurement.OXIMETRY, takes=(Take(values={"spo2": 98.0}),))
HERE = Visit(active=T0, began=T0, who=CARD)
VISITS = {
    Step.IDLE: Visit(active=T0),
    Step.IDENTIFY: Visit(active=T0, step=Step.IDENTIFY),
    Step.CHOOSE: replace(HERE, step=Step.CHOOSE, done=(DONE,)),
    Step.ASK: replace(HERE, step=Step.ASK, queue=(Measurement.GLUCOSE,), question=Question.MEAL, done=(DONE,)),
    Step.REST: replace(
        HERE, step=Step.REST, queue=(Measurement.BLOOD_PRESSURE,), rest=RestKind.BEFORE, until=T0, done=(DONE,)
    ),
    Step.MEASURE: replace(HERE, step=Step.MEASURE, queue=(Measurement.TEMPERATURE,), done=(DONE,)),
    Step.RESULT: replace(HERE, step=Step.RESULT, queue=(Measurement.OXIMETRY,), done=(DONE,)),
    Step.SLIP: replace(HERE, step=Step.SLIP, done=(DONE,)),
    Step.CLEARED: Visit(active=T0, step=Step.CLEARED),
}
LATE = T0 + timedelta(hours=1)
EXPECTED = {
    (Step.IDLE, events.Began): Step.IDENTIFY,
    (Step.IDLE, events.Identified): Step.CHOOSE,
    (Step.IDLE, events.Noticed): Step.IDENTIFY,
    (Step.IDLE, events.Ticked): Step.IDLE,
    (Step.IDENTIFY, events.Identified): Step.CHOOSE,
    (Step.IDENTIFY, events.Noticed): Step.IDENTIFY,
    (Step.IDENTIFY, events.Finished): Step.CLEARED,
    (Step.IDENTIFY, events.Stayed): Step.IDENTIFY,
    (Step.IDENTIFY, events.Ticked): Step.CLEARED,
    (Step.CHOOSE, events.Chosen): Step.ASK,
    (Step.CHOOSE, events.Finished): Step.SLIP,
    (Step.CHOOSE, events.Stayed): Step.CHOOSE,
    (Step.CHOOSE, events.Ticked): Step.CLEARED,
    (Step.ASK, events.Answered): Step.MEASURE,
    (Step.ASK, events.Measured): NotNow,
    (Step.ASK, events.Noticed): Step.ASK,
    (Step.ASK, events.Skipped): Step.SLIP,
    (Step.ASK, events.Finished): Step.SLIP,
    (Step.ASK, events.Stayed): Step.ASK,
    (Step.ASK, events.Ticked): Step.CLEARED,
    (Step.REST, events.Skipped): Step.SLIP,
    (Step.REST, events.Finished): Step.SLIP,
    (Step.REST, events.Ticked): Step.MEASURE,
    (Step.MEASURE, events.Measured): Step.RESULT,
    (Step.MEASURE, events.Failed): Step.MEASURE,
    (Step.MEASURE, events.Noticed): Step.MEASURE,
    (Step.MEASURE, events.Skipped): Step.SLIP,
    (Step.MEASURE, events.Finished): Step.SLIP,
    (Step.MEASURE, events.Stayed): Step.MEASURE,
    (Step.MEASURE, events.Ticked): Step.CLEARED,
    (Step.RESULT, events.Continued): Step.SLIP,
    (Step.RESULT, events.Repeated): Step.MEASURE,
    (Step.RESULT, events.Finished): Step.SLIP,
    (Step.RESULT, events.Stayed): Step.RESULT,
    (Step.RESULT, events.Ticked): Step.CLEARED,
    (Step.SLIP, events.WantsMore): Step.CHOOSE,
    (Step.SLIP, events.Finished): Step.CLEARED,
    (Step.SLIP, events.Stayed): Step.SLIP,
    (Step.SLIP, events.Ticked): Step.CLEARED,
    (Step.CLEARED, events.Ticked): Step.IDLE,
}


@pytest.mark.parametrize("event", EXAMPLES)
@pytest.mark.parametrize("step", Step)
def test_every_step_with_every_event(step: Step, event: type) -> None:
    expected = EXPECTED.get((step, event), NotNow)
    if isinstance(expected, Step):
        assert after(VISITS[step], EXAMPLES[event], LATE, COURSE).step is expected
    else:
        with pytest.raises(NotNow):
            after(VISITS[step], EXAMPLES[event], LATE, COURSE)


def test_the_examples_are_all_there_is() -> None:
    assert set(VISITS) == set(Step)
    assert set(TABLE) == set(EXPECTED)


class Walk:
    """One visit, walked through."""

    def __init__(self, *measurements: Measurement) -> None:
        self.now = T0
        self.visit = Visit(active=T0)
        self.does(events.Began(), events.Identified(CARD), events.Chosen(measurements))

    def does(self, *happenings: Event) -> Visit:
        for event in happenings:
            self.now += SECOND
            self.visit = after(self.visit, event, self.now, COURSE_WITHOUT)
        return self.visit

    def waits(self, seconds: float) -> Visit:
        self.now += timedelta(seconds=seconds)
        self.visit = after(self.visit, events.Ticked(), self.now, COURSE_WITHOUT)
        return self.visit


def test_blood_pressure_five_minutes_rest_two_readings_a_minute_apart_and_their_mean() -> None:
    walk = Walk(Measurement.BLOOD_PRESSURE)
    assert (walk.visit.step, walk.visit.rest) == (Step.REST, RestKind.BEFORE)
    assert walk.waits(299).step is Step.REST
    assert walk.waits(1).step is Step.MEASURE
    assert walk.does(events.Measured(pressure(138, 84))).rest is RestKind.BETWEEN
    assert walk.waits(59).step is Step.REST
    assert walk.waits(1).step is Step.MEASURE
    visit = walk.does(events.Measured(pressure(145, 87)))
    assert visit.step is Step.RESULT
    [outcome] = visit.done
    assert len(outcome.takes) == 2
    assert outcome.summary() == Take(values={"systolic": 142, "diastolic": 86, "pulse": 70})


@pytest.mark.parametrize(
    ("second", "third"),
    [
        ((149, 84), True),
        ((148, 84), False),
        ((138, 95), True),
        ((138, 94), False),
        ((127, 84), True),
        ((128, 84), False),
    ],
)
def test_a_third_reading_when_two_differ_by_more_than_ten(second: tuple[int, int], third: bool) -> None:
    walk = Walk(Measurement.BLOOD_PRESSURE)
    walk.waits(300)
    walk.does(events.Measured(pressure(138, 84)))
    walk.waits(60)
    assert (walk.does(events.Measured(pressure(*second))).step is Step.REST) is third


def test_the_reference_pair_150_90_and_138_84_asks_for_a_third_and_gives_the_mean_of_three() -> None:
    walk = Walk(Measurement.BLOOD_PRESSURE)
    walk.waits(300)
    for take in (pressure(150, 90), pressure(138, 84), pressure(141, 87)):
        walk.does(events.Measured(take))
        walk.waits(60)
    assert walk.visit.step is Step.RESULT
    [outcome] = walk.visit.done
    assert outcome.summary() == pressure(143, 87)


def test_the_third_is_the_last_however_far_off() -> None:
    walk = Walk(Measurement.BLOOD_PRESSURE)
    walk.waits(300)
    for systolic in (120, 160, 200):
        walk.does(events.Measured(pressure(systolic, 80)))
        walk.waits(60)
    assert walk.visit.step is Step.RESULT


def test_once_more_rests_a_minute_and_measures_anew() -> None:
    walk = Walk(Measurement.BLOOD_PRESSURE)
    walk.waits(300)
    for _ in range(2):
        walk.does(events.Measured(pressure(150, 90)))
        walk.waits(60)
    assert walk.does(events.Repeated()).rest is RestKind.BETWEEN
    walk.waits(60)
    for _ in range(2):
        walk.does(events.Measured(pressure(130, 80)))
        walk.waits(60)
    assert walk.visit.outcome is not None
    assert walk.visit.outcome.summary() == pressure(130, 80)
    assert len(walk.visit.done) == 1


def test_skipping_the_second_take_tells_the_first() -> None:
    walk = Walk(Measurement.BLOOD_PRESSURE, Measurement.TEMPERATURE)
    walk.waits(300)
    walk.does(events.Measured(pressure(150, 90)), events.Skipped())
    assert walk.visit.step is Step.RESULT
    assert walk.visit.outcome is not None
    assert walk.visit.outcome.summary() == pressure(150, 90)
    assert walk.does(events.Continued()).measurement is Measurement.TEMPERATURE


def test_glucose_asks_the_meal_before_it_measures_and_tells_it() -> None:
    walk = Walk(Measurement.GLUCOSE)
    assert walk.visit.question is Question.MEAL
    with pytest.raises(NotNow):
        walk.does(events.Answered(Sex.MALE))
    assert walk.does(events.Answered(Meal.AFTER)).step is Step.MEASURE
    visit = walk.does(events.Measured(Take(values={"glucose": 8.0})))
    assert visit.done[0].meal is Meal.AFTER


def test_waist_asks_the_sex_only_when_the_card_did_not_tell() -> None:
    walk = Walk(Measurement.WAIST)
    assert walk.visit.question is Question.SEX
    assert walk.does(events.Answered(Sex.FEMALE)).question is Question.WAIST
    assert walk.does(events.Measured(Take(values={"waist": 86.0}))).done[0].sex is Sex.FEMALE


def test_symptoms_are_asked_first_and_none_is_no_result() -> None:
    visit = replace(HERE, step=Step.CHOOSE)
    asked = after(visit, events.Chosen((Measurement.TEMPERATURE,)), T0, COURSE)
    assert asked.question is Question.SYMPTOMS
    assert after(asked, events.Measured(WELL), T0, COURSE).measurement is Measurement.TEMPERATURE
    ill = after(asked, events.Measured(Take(values={"fever": 1.0, "diarrhoea": 0.0})), T0, COURSE)
    assert ill.step is Step.RESULT
    again = after(replace(ill, step=Step.CHOOSE), events.Chosen((Measurement.TEMPERATURE,)), T0, COURSE)
    assert again.step is Step.MEASURE, "they are asked once a visit"


def test_nothing_to_tell_leads_back_to_choosing_and_out_without_a_slip() -> None:
    walk = Walk(Measurement.TEMPERATURE)
    assert walk.does(events.Skipped()).step is Step.CHOOSE
    assert walk.does(events.Finished()).step is Step.CLEARED


def test_an_instrument_that_keeps_failing_is_given_up() -> None:
    walk = Walk(Measurement.TEMPERATURE)
    for _ in range(COURSE.failures - 1):
        assert walk.does(events.Failed()).notice is Notice.MEASURED_BADLY
        assert walk.visit.step is Step.MEASURE
    visit = walk.does(events.Failed())
    assert (visit.step, visit.done[0].takes) == (Step.RESULT, ())


def test_the_order_is_the_kiosks_whatever_was_tapped_first() -> None:
    walk = Walk(Measurement.LIPIDS, Measurement.TEMPERATURE, Measurement.BLOOD_PRESSURE)
    assert walk.visit.queue == (Measurement.BLOOD_PRESSURE, Measurement.TEMPERATURE, Measurement.LIPIDS)


@pytest.mark.parametrize("step", [step for step in Step if step in COURSE.limits])
def test_everything_personal_is_cleared_when_nobody_is_there_any_more(step: Step) -> None:
    visit = VISITS[step]
    end = runs_out(visit, COURSE)
    assert end is not None
    assert end - T0 >= timedelta(seconds=90)
    assert after(visit, events.Ticked(), end - SECOND, COURSE) == visit
    assert after(visit, events.Ticked(), end, COURSE) == Visit(active=end, step=Step.CLEARED)


@pytest.mark.parametrize("step", [step for step in Step if step in COURSE.limits])
def test_still_here_starts_the_limit_anew(step: Step) -> None:
    stayed = after(VISITS[step], events.Stayed(), T0 + 80 * SECOND, COURSE)
    assert runs_out(stayed, COURSE) == T0 + 80 * SECOND + COURSE.limits[step]


def test_a_rest_never_runs_out_and_the_measuring_has_its_whole_limit_after_it() -> None:
    walk = Walk(Measurement.BLOOD_PRESSURE)
    assert runs_out(walk.visit, COURSE) is None
    visit = walk.waits(300)
    assert runs_out(visit, COURSE) == walk.now + COURSE.limits[Step.MEASURE]


@given(st.lists(st.tuples(st.sampled_from(list(EXAMPLES.values())), st.integers(0, 400)), max_size=25))
def test_no_sequence_of_events_leads_astray(story: Sequence[tuple[Event, int]]) -> None:
    now: datetime = T0
    visit = Visit(active=now)
    for event, seconds in story:
        now += seconds * SECOND
        try:
            visit = after(visit, event, now, COURSE)
        except NotNow:
            continue
        assert (visit.who is None) == (visit.step in (Step.IDLE, Step.IDENTIFY, Step.CLEARED))
        assert (visit.question is not None) == (visit.step is Step.ASK)
        assert (visit.until is not None) == (visit.step is Step.REST)
        if visit.step in (Step.IDLE, Step.CLEARED):
            assert visit == Visit(active=visit.active, step=visit.step), "nothing of anybody is left"
        if visit.step in (Step.ASK, Step.REST, Step.MEASURE, Step.RESULT):
            assert visit.queue
