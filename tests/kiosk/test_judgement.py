"""What is said to a value: each threshold on both of its sides, in the shipped configuration."""

from __future__ import annotations

import copy

import pytest
from pydantic import ValidationError

from devices.reading import Meal
from gateway.kiosk import judgement
from gateway.kiosk.names import Level, Measurement, Shape
from gateway.kiosk.outcome import Beyond, Outcome, Sex, Take
from gateway.kiosk.results import Teller, gravest
from gateway.kiosk.view import Judged
from maixun import configuration
from tests.kiosk.made import CATALOGUE, RULES, pressure

TELLER = Teller(RULES, CATALOGUE)
N, A, H, D = Level


def told(take: Take, *, meal: Meal | None = None, sex: Sex | None = None) -> dict[str, Judged]:
    outcome = Outcome(measurement=Measurement.BODY, takes=(take,), meal=meal, sex=sex)
    return {judged.name: judged for judged in TELLER.tell(outcome)}


@pytest.mark.parametrize(
    ("systolic", "diastolic", "level", "word"),
    [
        (119, 79, N, "Normal"),
        (120, 79, A, "High-normal"),
        (119, 80, A, "High-normal"),
        (134, 84, A, "High-normal"),
        (135, 84, H, "High"),
        (134, 85, H, "High"),
        (179, 109, H, "High"),
        (180, 70, D, "Dangerously high"),
        (130, 110, D, "Dangerously high"),
        (90, 60, N, "Normal"),
        (89, 60, A, "Low"),
        (90, 59, A, "Low"),
        (150, 55, H, "High"),
    ],
)
def test_blood_pressure(systolic: int, diastolic: int, level: Level, word: str) -> None:
    judged = told(pressure(systolic, diastolic))["blood_pressure"]
    assert (judged.level, judged.word.en) == (level, word)


@pytest.mark.parametrize(
    ("glucose", "meal", "level"),
    [
        (2.9, Meal.FASTING, D),
        (3.0, Meal.FASTING, H),
        (3.9, Meal.AFTER, H),
        (4.0, Meal.FASTING, N),
        (6.0, Meal.FASTING, N),
        (6.1, Meal.FASTING, A),
        (6.9, Meal.FASTING, A),
        (7.0, Meal.FASTING, H),
        (6.9, Meal.BEFORE, N),
        (7.0, Meal.BEFORE, H),
        (7.7, Meal.AFTER, N),
        (7.8, Meal.AFTER, A),
        (11.1, Meal.AFTER, H),
        (7.8, Meal.CASUAL, N),
        (11.0, Meal.CASUAL, N),
        (11.1, Meal.CASUAL, H),
        (7.5, None, N),
        (16.6, None, H),
        (16.7, Meal.CASUAL, D),
        (16.7, Meal.FASTING, D),
    ],
)
def test_glucose_by_the_meal_and_without_one_never_as_fasting(glucose: float, meal: Meal | None, level: Level) -> None:
    assert told(Take(values={"glucose": glucose}), meal=meal)["glucose"].level is level


@pytest.mark.parametrize(
    ("metric", "steps"),
    [
        ("spo2", [(92, D), (93, H), (94, H), (95, N)]),
        ("temperature", [(35.9, A), (36.0, N), (37.2, N), (37.3, H), (39.0, H), (39.1, D)]),
        ("pulse", [(44, H), (45, A), (59, A), (60, N), (100, N), (101, A), (120, A), (121, H)]),
        ("bmi", [(18.4, A), (18.5, N), (23.9, N), (24, A), (27.9, A), (28, H)]),
        ("total_cholesterol", [(5.19, N), (5.2, A), (6.19, A), (6.2, H)]),
        ("ldl", [(3.39, N), (3.4, A), (4.09, A), (4.1, H)]),
        ("hdl", [(0.99, A), (1.0, N)]),
        ("triglycerides", [(1.69, N), (1.7, A), (2.29, A), (2.3, H), (5.6, H)]),
    ],
)
def test_everything_else(metric: str, steps: list[tuple[float, Level]]) -> None:
    for value, level in steps:
        assert told(Take(values={metric: value}))[metric].level is level, (metric, value)


@pytest.mark.parametrize(
    ("waist", "sex", "level"), [(89.9, Sex.MALE, N), (90, Sex.MALE, A), (84.9, Sex.FEMALE, N), (85, Sex.FEMALE, A)]
)
def test_waist_by_sex(waist: float, sex: Sex, level: Level) -> None:
    assert told(Take(values={"waist": waist}), sex=sex)["waist"].level is level


def test_height_and_weight_give_the_index_and_alone_are_only_recorded() -> None:
    both = told(Take(values={"height": 165.0, "weight": 76.3}))
    assert [(value.metric, value.shown) for value in both["bmi"].values] == [("bmi", "28.0")]
    assert both["bmi"].level is H
    alone = told(Take(values={"weight": 62.4}))
    assert list(alone) == ["size"]


def test_hi_and_lo_are_shown_as_such_and_judged_beyond_every_limit() -> None:
    beyond = {"triglycerides": Beyond.ABOVE, "hdl": Beyond.BELOW}
    judged = told(Take(values={"triglycerides": 7.34}, beyond=beyond))
    shown = {name: (each.values[0].shown, each.level) for name, each in judged.items()}
    assert shown == {"triglycerides": (">7.34", H), "hdl": ("LO", A)}
    assert told(Take(values={}, beyond={"glucose": Beyond.ABOVE}))["glucose"].level is D
    assert told(Take(values={}, beyond={"glucose": Beyond.BELOW}))["glucose"].level is D


def test_a_danger_is_seen_in_a_single_take_and_says_to_call_the_staff() -> None:
    about = Outcome(measurement=Measurement.BLOOD_PRESSURE, takes=())
    danger = TELLER.danger(pressure(182, 96), about)
    assert danger is not None
    assert "叫工作人员" in danger.now.zh
    assert "call the staff" in danger.now.en
    assert TELLER.danger(pressure(150, 96), about) is None


def test_every_danger_in_the_file_calls_the_staff_and_every_level_has_its_own_shape() -> None:
    bands = [band for kind in RULES.judged.values() for band in kind.bands]
    for band in bands:
        calls = "叫工作人员" in band.now.zh and "call the staff" in band.now.en.lower()
        assert calls or band.level is not D
    assert len({TELLER.tell(Outcome(measurement=Measurement.BODY, takes=(take,)))[0].shape for take in EACH}) == 4


EACH = [Take(values={"spo2": 98}), Take(values={"bmi": 25}), Take(values={"ldl": 5}), Take(values={"spo2": 90})]


def test_a_yes_is_told_in_words_not_as_a_number() -> None:
    judged = told(Take(values={"fever": 1.0, "diarrhoea": 0.0}))["symptoms"]
    assert (judged.values, judged.level, judged.shape) == ((), A, Shape.TRIANGLE)


def test_gravest() -> None:
    assert gravest(told(pressure(182, 96)).values()) is D
    assert gravest(()) is N


@pytest.mark.parametrize("spoil", ["source", "metric", "last", "key"])
def test_a_wrong_file_stops_the_start(spoil: str) -> None:
    document = copy.deepcopy(configuration.load("kiosk/results.yaml"))
    bands = document["judged"]["spo2"]["bands"]
    match spoil:
        case "source":
            bands[0]["source"] = "hearsay"
        case "metric":
            bands[0]["up_to"] = {"glucose": 3}
        case "last":
            bands.pop()
        case "key":
            bands[0]["colour"] = "red"
    with pytest.raises(ValidationError):
        judgement.parse(document)
