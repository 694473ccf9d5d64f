"""How a visit goes on: a pure state machine, a table of step and event, `now` always given.

idle → identify → choose → (ask) → (rest) → measure → result → … → slip → cleared → idle.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeAlias

from devices.reading import Meal
from gateway.kiosk.events import (
    Answered,
    Began,
    Chosen,
    Continued,
    Event,
    Failed,
    Finished,
    Identified,
    Measured,
    Noticed,
    Repeated,
    Skipped,
    Stayed,
    Ticked,
    WantsMore,
)
from gateway.kiosk.names import Measurement, Question, RestKind, Step
from gateway.kiosk.outcome import Outcome, Sex
from gateway.kiosk.view import Notice
from gateway.kiosk.visit import Course, Visit, runs_out, wants_another


class NotNow(Exception):
    """This event does not fit the step; nothing has changed."""


_Change: TypeAlias = Callable[[Visit, Any, datetime, Course], Visit]


def after(visit: Visit, event: Event, now: datetime, course: Course) -> Visit:
    """The visit after an event. Raises `NotNow` when the step does not take it."""
    change = TABLE.get((visit.step, type(event)))
    if change is None:
        raise NotNow(f"{type(event).__name__} in {visit.step}")
    if isinstance(event, Ticked):
        return change(visit, event, now, course)
    return change(replace(visit, active=now, notice=None), event, now, course)


def takes(visit: Visit) -> frozenset[type]:
    """The kinds of event that the visit's step takes."""
    return frozenset(event for step, event in TABLE if step is visit.step)


def _welcome(visit: Visit, _event: Began, _now: datetime, _course: Course) -> Visit:
    return replace(visit, step=Step.IDENTIFY)


def _identified(visit: Visit, event: Identified, now: datetime, _course: Course) -> Visit:
    notice = Notice.TO_BE_ASSIGNED if event.who.to_be_assigned else None
    return replace(visit, step=Step.CHOOSE, began=now, who=event.who, sex=event.who.sex, notice=notice)


def _not_identified(visit: Visit, event: Noticed, _now: datetime, _course: Course) -> Visit:
    return replace(visit, step=Step.IDENTIFY, notice=event.notice)


def _noticed(visit: Visit, event: Noticed, _now: datetime, _course: Course) -> Visit:
    return replace(visit, notice=event.notice)


def _chosen(visit: Visit, event: Chosen, now: datetime, course: Course) -> Visit:
    asked = any(outcome.measurement is Measurement.SYMPTOMS for outcome in visit.done)
    first = {Measurement.SYMPTOMS} if course.asks_symptoms and not asked else set()
    wanted = first | set(event.measurements)
    return _enter(replace(visit, queue=tuple(each for each in Measurement if each in wanted)), now, course)


def _enter(visit: Visit, now: datetime, course: Course) -> Visit:
    """Begin what is first in the queue: ask, let rest, or measure; an empty queue leads to the slip."""
    fresh = replace(visit, question=None, rest=None, until=None, takes=(), failures=0)
    if not visit.queue:
        return replace(fresh, step=Step.SLIP if visit.results else Step.CHOOSE)
    question = _open_question(visit)
    if question is not None:
        return replace(fresh, step=Step.ASK, question=question)
    if visit.measurement is Measurement.BLOOD_PRESSURE:
        return _rest(fresh, RestKind.BETWEEN if visit.outcome else RestKind.BEFORE, now, course)
    return replace(fresh, step=Step.MEASURE)


def _open_question(visit: Visit) -> Question | None:
    match visit.measurement:
        case Measurement.SYMPTOMS:
            return Question.SYMPTOMS
        case Measurement.GLUCOSE if visit.meal is None:
            return Question.MEAL
        case Measurement.WAIST:
            return Question.SEX if visit.sex is None else Question.WAIST
    return None


def _rest(visit: Visit, kind: RestKind, now: datetime, course: Course) -> Visit:
    lasts = course.rest if kind is RestKind.BEFORE else course.between
    return replace(visit, step=Step.REST, rest=kind, until=now + lasts)


def _answered(visit: Visit, event: Answered, now: datetime, course: Course) -> Visit:
    match visit.question, event.answer:
        case Question.MEAL, Meal() as meal:
            return _enter(replace(visit, meal=meal), now, course)
        case Question.SEX, Sex() as sex:
            return _enter(replace(visit, sex=sex), now, course)
    raise NotNow(f"{event.answer!r} does not answer {visit.question}")


def _answered_by_measure(visit: Visit, event: Measured, now: datetime, course: Course) -> Visit:
    if visit.question not in (Question.WAIST, Question.SYMPTOMS):
        raise NotNow(f"a measure does not answer {visit.question}")
    told = _told(replace(visit, takes=(event.take,)))
    nothing_to_say = visit.question is Question.SYMPTOMS and not any(event.take.values.values())
    return _next(told, now, course) if nothing_to_say else told


def _measured(visit: Visit, event: Measured, now: datetime, course: Course) -> Visit:
    taken = replace(visit, takes=(*visit.takes, event.take))
    if visit.measurement is Measurement.BLOOD_PRESSURE and wants_another(taken.takes, course):
        return _rest(taken, RestKind.BETWEEN, now, course)
    return _told(taken)


def _failed(visit: Visit, _event: Failed, _now: datetime, course: Course) -> Visit:
    failed = replace(visit, failures=visit.failures + 1, notice=Notice.MEASURED_BADLY)
    return failed if failed.failures < course.failures else _told(failed)


def _told(visit: Visit) -> Visit:
    """To the result, which replaces an earlier one of the same measurement."""
    measurement = visit.queue[0]
    meal = visit.meal if measurement is Measurement.GLUCOSE else None
    outcome = Outcome(measurement=measurement, takes=visit.takes, meal=meal, sex=visit.sex)
    others = tuple(each for each in visit.done if each.measurement is not measurement)
    return replace(
        visit, step=Step.RESULT, done=(*others, outcome), takes=(), question=None, rest=None, until=None, failures=0
    )


def _next(visit: Visit, now: datetime, course: Course) -> Visit:
    return _enter(replace(visit, queue=visit.queue[1:]), now, course)


def _skipped(visit: Visit, _event: Skipped, now: datetime, course: Course) -> Visit:
    """What was taken already is told; a measurement without any take is left out."""
    return _told(visit) if visit.takes else _next(visit, now, course)


def _repeated(visit: Visit, _event: Repeated, now: datetime, course: Course) -> Visit:
    return _enter(visit, now, course)


def _continued(visit: Visit, _event: Continued, now: datetime, course: Course) -> Visit:
    return _next(visit, now, course)


def _wants_more(visit: Visit, _event: WantsMore, _now: datetime, _course: Course) -> Visit:
    return replace(visit, step=Step.CHOOSE)


def _finished(visit: Visit, _event: Finished, now: datetime, course: Course) -> Visit:
    told = _told(visit) if visit.takes else visit
    return _enter(replace(told, queue=()), now, course) if told.results else _cleared(now)


def _ended(_visit: Visit, _event: Finished, now: datetime, _course: Course) -> Visit:
    return _cleared(now)


def _stayed(visit: Visit, _event: Stayed, _now: datetime, _course: Course) -> Visit:
    return visit


def _waited(visit: Visit, _event: Ticked, now: datetime, course: Course) -> Visit:
    end = runs_out(visit, course)
    return _cleared(now) if end is not None and now >= end else visit


def _rested(visit: Visit, _event: Ticked, now: datetime, _course: Course) -> Visit:
    if visit.until is None or now < visit.until:
        return visit
    return replace(visit, step=Step.MEASURE, rest=None, until=None, active=now)


def _said_farewell(visit: Visit, _event: Ticked, now: datetime, course: Course) -> Visit:
    return Visit(active=now) if now >= visit.active + course.farewell else visit


def _cleared(now: datetime) -> Visit:
    return Visit(active=now, step=Step.CLEARED)


TABLE: Mapping[tuple[Step, type], _Change] = {
    (Step.IDLE, Began): _welcome,
    (Step.IDLE, Identified): _identified,
    (Step.IDLE, Noticed): _not_identified,
    (Step.IDLE, Ticked): _stayed,
    (Step.IDENTIFY, Identified): _identified,
    (Step.IDENTIFY, Noticed): _not_identified,
    (Step.IDENTIFY, Finished): _ended,
    (Step.IDENTIFY, Stayed): _stayed,
    (Step.IDENTIFY, Ticked): _waited,
    (Step.CHOOSE, Chosen): _chosen,
    (Step.CHOOSE, Finished): _finished,
    (Step.CHOOSE, Stayed): _stayed,
    (Step.CHOOSE, Ticked): _waited,
    (Step.ASK, Answered): _answered,
    (Step.ASK, Measured): _answered_by_measure,
    (Step.ASK, Noticed): _noticed,
    (Step.ASK, Skipped): _skipped,
    (Step.ASK, Finished): _finished,
    (Step.ASK, Stayed): _stayed,
    (Step.ASK, Ticked): _waited,
    (Step.REST, Skipped): _skipped,
    (Step.REST, Finished): _finished,
    (Step.REST, Ticked): _rested,
    (Step.MEASURE, Measured): _measured,
    (Step.MEASURE, Failed): _failed,
    (Step.MEASURE, Noticed): _noticed,
    (Step.MEASURE, Skipped): _skipped,
    (Step.MEASURE, Finished): _finished,
    (Step.MEASURE, Stayed): _stayed,
    (Step.MEASURE, Ticked): _waited,
    (Step.RESULT, Continued): _continued,
    (Step.RESULT, Repeated): _repeated,
    (Step.RESULT, Finished): _finished,
    (Step.RESULT, Stayed): _stayed,
    (Step.RESULT, Ticked): _waited,
    (Step.SLIP, WantsMore): _wants_more,
    (Step.SLIP, Finished): _ended,
    (Step.SLIP, Stayed): _stayed,
    (Step.SLIP, Ticked): _waited,
    (Step.CLEARED, Ticked): _said_farewell,
}
