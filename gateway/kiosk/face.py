"""The page of a visit: what `view.View` shows of a state. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from devices.metrics import Catalogue
from devices.reading import Meal
from gateway.kiosk import events, view
from gateway.kiosk.heard import METRICS
from gateway.kiosk.names import Language, Measurement, Question, RestKind, Step, Way
from gateway.kiosk.outcome import Sex
from gateway.kiosk.results import Teller, gravest
from gateway.kiosk.transitions import takes
from gateway.kiosk.visit import Course, Visit, runs_out

_CHOICES: Mapping[Question, tuple[str, ...]] = {
    Question.MEAL: (Meal.FASTING, Meal.BEFORE, Meal.AFTER, Meal.CASUAL),
    Question.SEX: (Sex.FEMALE, Sex.MALE),
    Question.SYMPTOMS: METRICS[Measurement.SYMPTOMS],
}
_MINUTES = {  # about how long, without the rest
    Measurement.BLOOD_PRESSURE: 3,
    Measurement.OXIMETRY: 1,
    Measurement.TEMPERATURE: 1,
    Measurement.BODY: 1,
    Measurement.WAIST: 1,
    Measurement.GLUCOSE: 2,
    Measurement.LIPIDS: 5,
}
_ACTIONS: tuple[tuple[type, str], ...] = (
    (events.Began, "begin"),
    (events.Chosen, "choose"),
    (events.Skipped, "skip"),
    (events.Repeated, "repeat"),
    (events.Continued, "next"),
    (events.WantsMore, "more"),
    (events.Finished, "finish"),
    (events.Stayed, "stay"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the page needs beside the visit. `page_url`: the phone's page of this visit and its QR as SVG."""

    revision: int
    language: Language
    large_type: bool
    ways: tuple[Way, ...]
    offers: tuple[Measurement, ...]
    alarm: view.Judged | None
    printing: view.Printing
    page_url: str | None
    page_qr: str | None
    page_minutes: int
    staff_may_type: bool


class Face:
    """Draws visits."""

    def __init__(self, teller: Teller, catalogue: Catalogue, course: Course, warning: timedelta) -> None:
        """`warning`: how long before the end it is announced."""
        self._teller = teller
        self._catalogue = catalogue
        self._course = course
        self._warning = warning

    def draw(self, visit: Visit, facts: Facts, now: datetime) -> view.View:
        """The whole page at `now`."""
        page = view.View(
            revision=facts.revision,
            step=visit.step,
            language=facts.language,
            large_type=facts.large_type,
            person=None if visit.who is None else view.Person(way=visit.who.way, shown=visit.who.shown),
            notice=visit.notice,
            warning=self.warning(visit, now),
            alarm=facts.alarm,
            prompt=self._prompt(visit, facts),
            actions=tuple(self._actions(visit, facts)),
        )
        return page.model_copy(update=self._part(visit, facts, now))

    def warning(self, visit: Visit, now: datetime) -> float | None:
        """Seconds until the end, when they are few."""
        end = runs_out(visit, self._course)
        if end is None or now < end - self._warning:
            return None
        return max(0.0, (end - now).total_seconds())

    def _part(self, visit: Visit, facts: Facts, now: datetime) -> dict[str, object]:
        match visit.step:
            case Step.IDENTIFY:
                return {"identify": view.Identify(ways=facts.ways)}
            case Step.CHOOSE:
                return {"choose": self._choose(visit, facts)}
            case Step.ASK:
                return {"ask": self._ask(visit)}
            case Step.REST:
                return {"rest": self._rest(visit, now)}
            case Step.MEASURE:
                return {"measure": self._measure(visit, facts)}
            case Step.RESULT:
                return {"result": self._result(visit)}
            case Step.SLIP:
                return {"slip": self._slip(visit, facts)}
        return {}

    def _choose(self, visit: Visit, facts: Facts) -> view.Choose:
        done = {outcome.measurement for outcome in visit.done}
        rest = self._course.rest.total_seconds() / 60
        minutes = {**_MINUTES, Measurement.BLOOD_PRESSURE: round(_MINUTES[Measurement.BLOOD_PRESSURE] + rest)}
        return view.Choose(
            offers=tuple(view.Offer(measurement=m, minutes=minutes[m], done=m in done) for m in facts.offers)
        )

    def _ask(self, visit: Visit) -> view.Ask | None:
        if visit.question is None:
            return None
        if visit.question is Question.WAIST:
            return view.Ask(question=visit.question, number=self._pad("waist"))
        several = visit.question is Question.SYMPTOMS
        return view.Ask(question=visit.question, choices=_CHOICES[visit.question], several=several)

    def _rest(self, visit: Visit, now: datetime) -> view.Rest | None:
        if visit.rest is None or visit.until is None:
            return None
        total = self._course.rest if visit.rest is RestKind.BEFORE else self._course.between
        return view.Rest(
            kind=visit.rest,
            seconds_left=max(0.0, (visit.until - now).total_seconds()),
            seconds_total=total.total_seconds(),
            next_take=len(visit.takes) + 1,
        )

    def _measure(self, visit: Visit, facts: Facts) -> view.Measure:
        measurement = visit.queue[0]
        take = len(visit.takes) + 1
        return view.Measure(
            measurement=measurement,
            take=take,
            takes=max(2, take) if measurement is Measurement.BLOOD_PRESSURE else 1,
            failures=visit.failures,
            typed=tuple(self._fields(measurement)) if facts.staff_may_type else (),
        )

    def _fields(self, measurement: Measurement) -> Iterator[view.Field]:
        for metric in METRICS[measurement]:
            label = self._catalogue[metric].label
            if metric != "bmi":  # follows from height and weight
                yield view.Field(metric=metric, label=view.Text(zh=label.zh, en=label.en), number=self._pad(metric))

    def _pad(self, metric: str) -> view.NumberPad:
        about = self._catalogue[metric]
        low, high = about.hard.low or 0.0, about.hard.high or 0.0
        return view.NumberPad(unit=about.shown_unit, decimals=about.decimals, low=low, high=high)

    def _result(self, visit: Visit) -> view.Result:
        outcome = visit.outcome
        following = visit.queue[1] if len(visit.queue) > 1 else None
        return view.Result(
            measurement=visit.queue[0],
            judged=() if outcome is None else self._teller.tell(outcome),
            mean_of=0 if outcome is None else len(outcome.takes),
            following=following,
        )

    def _slip(self, visit: Visit, facts: Facts) -> view.Slip:
        return view.Slip(
            judged=self._teller.tell_all(visit.results),
            printing=facts.printing,
            qr=facts.page_qr,
            url=facts.page_url,
            valid_minutes=facts.page_minutes,
        )

    def _prompt(self, visit: Visit, facts: Facts) -> str:
        """Stable names of clips: the step, and what makes it a different sentence."""
        match visit.step:
            case Step.ASK:
                return f"ask.{visit.question}"
            case Step.REST:
                return f"rest.{visit.rest}"
            case Step.MEASURE:
                return f"measure.{visit.measurement}"
            case Step.RESULT:
                outcome = visit.outcome
                if outcome is None or not outcome.takes:
                    return "result.none"
                return f"result.{gravest(self._teller.tell(outcome))}"
            case Step.SLIP if facts.alarm is not None:
                return "slip.danger"
        return str(visit.step)

    def _actions(self, visit: Visit, facts: Facts) -> Iterator[str]:
        taken = takes(visit)
        yield from (name for event, name in _ACTIONS if event in taken)
        if events.Identified in taken:
            yield "scan"
            yield from (str(way) for way in (Way.PHONE, Way.GUEST) if way in facts.ways and visit.step is Step.IDENTIFY)
        if visit.step is Step.ASK:
            yield "answer"
        if visit.step is Step.MEASURE and facts.staff_may_type:
            yield "typed"
        if visit.step is Step.SLIP and facts.printing not in (view.Printing.OFF, view.Printing.UNDER_WAY):
            yield "print"
        yield "language"
        yield "large_type"
