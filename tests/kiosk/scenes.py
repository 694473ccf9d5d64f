"""Every page the kiosk can show, each at its fullest: most choices, longest words, most results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.kiosk.judgement import Band, Kind, parse
from gateway.kiosk.names import Language, Level, Measurement, Question, RestKind, Shape, Step, Way
from gateway.kiosk.view import (
    Ask,
    Choose,
    Field,
    Identify,
    Judged,
    Measure,
    Notice,
    NumberPad,
    Offer,
    Person,
    Printing,
    Rest,
    Result,
    Slip,
    Text,
    Value,
    View,
)
from maixun import configuration

RULES = parse(configuration.load("kiosk/results.yaml"))
SHAPES = dict(zip(Level, Shape, strict=True))
WIDEST = {
    "systolic": ("185", "mmHg"),
    "diastolic": ("112", "mmHg"),
    "pulse": ("128", "次/分"),
    "spo2": ("91", "%"),
    "temperature": ("39.5", "℃"),
    "bmi": ("31.5", "kg/m²"),
    "waist": ("102.5", "cm"),
    "triglycerides": (">7.34", "mmol/L"),
}
METRICS = {"systolic": Text(zh="高压", en="Systolic"), "diastolic": Text(zh="低压", en="Diastolic")}
LI = Person(way=Way.ID_CARD, shown="李*国")
QR = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 3 3"><path d="M0 0h1v1H0zM2 0h1v1H2zM0 2h1v1H0z"/></svg>'
STAFF = (
    Field(
        metric="systolic",
        label=Text(zh="高压", en="Systolic"),
        number=NumberPad(unit="mmHg", decimals=0, low=60, high=260),
    ),
    Field(
        metric="diastolic",
        label=Text(zh="低压", en="Diastolic"),
        number=NumberPad(unit="mmHg", decimals=0, low=30, high=160),
    ),
)


def judged(name: str, kind: Kind, band: Band) -> Judged:
    return Judged(
        name=name,
        label=kind.label,
        values=tuple(
            Value(metric=metric, label=METRICS.get(metric, kind.label), shown=shown, unit=unit)
            for metric in kind.metrics
            if name != "symptoms"
            for shown, unit in [WIDEST.get(metric, ("12.5", "mmol/L"))]
        ),
        level=band.level,
        shape=SHAPES[band.level],
        word=band.word,
        means=band.means,
        now=band.now,
        source=RULES.documents[band.source].title,
    )


def gravest(*names: str) -> tuple[Judged, ...]:
    return tuple(judged(name, RULES.judged[name], RULES.judged[name].bands[0]) for name in names)


def view(step: Step, prompt: str, **given: Any) -> View:
    base: dict[str, Any] = {
        "revision": 1,
        "language": Language.ZH,
        "large_type": False,
        "person": None if step in (Step.IDLE, Step.IDENTIFY, Step.CLEARED) else LI,
        "notice": None,
        "warning": None,
        "alarm": None,
        "actions": ("language", "large_type", "finish", "stay"),
    }
    return View.model_validate(base | {"step": step, "prompt": prompt} | given)


def _ask(question: Question, **given: Any) -> View:
    actions = ("answer", "skip", "finish", "stay", "language", "large_type")
    return view(Step.ASK, f"ask.{question}", ask=Ask(question=question, **given), actions=actions)


def _measure(measurement: Measurement, **given: Any) -> View:
    actions = ("skip", "typed", "finish", "stay", "language", "large_type")
    shown = Measure(
        measurement=measurement,
        takes=2 if measurement is Measurement.BLOOD_PRESSURE else 1,
        take=1,
        failures=0,
        typed=STAFF,
    )
    return view(Step.MEASURE, f"measure.{measurement}", measure=shown, actions=actions, **given)


def result(measurement: Measurement, *shown: Judged, **given: Any) -> View:
    actions = ("next", "repeat", "finish", "stay", "language", "large_type")
    part = Result(measurement=measurement, judged=shown, mean_of=2, following=Measurement.OXIMETRY)
    return view(Step.RESULT, "result", result=part, actions=actions, **given)


def slip(*shown: Judged, printing: Printing = Printing.READY, qr: str | None = QR) -> View:
    part = Slip(judged=shown, printing=printing, qr=qr, url="http://192.168.1.9:8090/r/token", valid_minutes=15)
    return view(Step.SLIP, "slip", slip=part, actions=("print", "more", "finish", "stay", "language", "large_type"))


WAYS = tuple(Way)
OFFERS = tuple(
    Offer(measurement=each, minutes=9 if each is Measurement.BLOOD_PRESSURE else 1, done=each is Measurement.OXIMETRY)
    for each in Measurement
    if each is not Measurement.SYMPTOMS
)
DANGER = gravest("blood_pressure")[0]
ALL = gravest(*RULES.judged)
IDENTIFY = view(
    Step.IDENTIFY,
    "identify",
    identify=Identify(ways=WAYS),
    actions=("phone", "guest", "scan", "finish", "stay", "language", "large_type"),
)
CHOOSE = view(
    Step.CHOOSE, "choose", choose=Choose(offers=OFFERS), actions=("choose", "finish", "stay", "language", "large_type")
)
WAIST = _ask(Question.WAIST, number=NumberPad(unit="cm", decimals=1, low=40, high=200))

SCENES: Mapping[str, View] = {
    "idle": view(Step.IDLE, "idle", actions=("begin", "scan", "language", "large_type")),
    "identify": IDENTIFY,
    "identify-not-known": IDENTIFY.model_copy(update={"notice": Notice.NOT_KNOWN}),
    "choose": CHOOSE,
    "choose-to-be-assigned": CHOOSE.model_copy(update={"notice": Notice.TO_BE_ASSIGNED}),
    "ask-symptoms": _ask(Question.SYMPTOMS, choices=("fever", "diarrhoea"), several=True),
    "ask-meal": _ask(Question.MEAL, choices=("fasting", "before_meal", "after_meal", "casual")),
    "ask-sex": _ask(Question.SEX, choices=("female", "male")),
    "ask-waist": WAIST,
    "ask-waist-wrong": WAIST.model_copy(update={"notice": Notice.OUT_OF_BOUNDS}),
    "rest-before": view(
        Step.REST,
        "rest.before",
        rest=Rest(kind=RestKind.BEFORE, seconds_left=272, seconds_total=300, next_take=1),
        actions=("skip", "finish", "language", "large_type"),
    ),
    "rest-between": view(
        Step.REST,
        "rest.between",
        rest=Rest(kind=RestKind.BETWEEN, seconds_left=41, seconds_total=60, next_take=2),
        actions=("skip", "finish", "language", "large_type"),
    ),
    **{
        f"measure-{each}": _measure(each)
        for each in Measurement
        if each not in (Measurement.SYMPTOMS, Measurement.WAIST)
    },
    "measure-failed": _measure(Measurement.BLOOD_PRESSURE, notice=Notice.MEASURED_BADLY),
    "result-normal": result(Measurement.OXIMETRY, judged("spo2", RULES.judged["spo2"], RULES.judged["spo2"].bands[-1])),
    "result-danger": result(Measurement.BLOOD_PRESSURE, *gravest("blood_pressure", "pulse"), alarm=DANGER),
    "result-lipids": result(Measurement.LIPIDS, *gravest("total_cholesterol", "ldl", "hdl", "triglycerides")),
    "result-symptoms": result(Measurement.SYMPTOMS, *gravest("symptoms")),
    "result-failed": result(Measurement.GLUCOSE),
    "measure-after-danger": _measure(Measurement.OXIMETRY, alarm=DANGER, notice=Notice.NOT_STORED),
    "slip": slip(*ALL),
    "slip-one": slip(*ALL[:1], printing=Printing.FAILED, qr=None),
    "slip-danger": slip(*ALL[:3], printing=Printing.PRINTED).model_copy(update={"alarm": DANGER}),
    "warning": CHOOSE.model_copy(update={"warning": 24.0}),
    "cleared": view(Step.CLEARED, "cleared", actions=("language", "large_type")),
}


def spoken(shown: View, language: Language, *, large: bool = False) -> View:
    return shown.model_copy(update={"language": language, "large_type": large})
