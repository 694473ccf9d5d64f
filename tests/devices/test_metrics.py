"""The shipped catalogue of metrics fits the database and its own ranges; a wrong file stops the start."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from devices.metrics import parse
from maixun.configuration import load
from tests.devices.policy import METRICS

MIGRATIONS = Path(__file__).parents[2] / "ingest" / "migrations"


def columns() -> set[str]:
    shape = r"(?:create|alter) table telemetry\.reading (.*?)\n?;\n"
    texts = [path.read_text(encoding="utf-8") for path in sorted(MIGRATIONS.glob("*.sql"))]
    statements = [found for text in texts for found in re.findall(shape, re.sub("--.*", "", text), re.S)]
    return {name for statement in statements for name in re.findall(r"\b([a-z_0-9]+) real\b", statement)}


def test_every_metric_is_a_column_and_every_column_a_metric() -> None:
    assert set(METRICS) == columns()


@pytest.mark.parametrize("name", list(METRICS))
def test_soft_lies_within_hard(name: str) -> None:
    metric = METRICS[name]
    for end in (metric.soft.low, metric.soft.high):
        assert end is None or metric.hard.holds(end)


@pytest.mark.parametrize(
    ("values", "implausible"),
    [
        ({"systolic": 128.0, "diastolic": 82.0}, ()),
        ({"systolic": 70.0, "diastolic": 40.0}, ()),
        ({"systolic": 300.0, "diastolic": 180.0}, ()),
        ({"systolic": 69.9, "diastolic": 40.0}, ("systolic",)),
        ({"systolic": 2047.0, "diastolic": 82.0}, ("systolic",)),
        ({"systolic": 80.0, "diastolic": 80.0}, ()),
        ({"systolic": 80.0, "diastolic": 81.0}, ("pulse_pressure",)),
        ({"glucose": 1.6}, ("glucose",)),
        ({"glucose": float("nan")}, ("glucose",)),
        ({"glucose": float("inf")}, ("glucose",)),
    ],
)
def test_what_is_impossible(values: dict[str, float], implausible: tuple[str, ...]) -> None:
    assert METRICS.implausible(values) == implausible


def test_what_is_unusual_but_possible() -> None:
    values = {"systolic": 190.0, "diastolic": 60.0, "pulse": 155.0}
    assert METRICS.implausible(values) == ()
    assert METRICS.unusual(values) == ("pulse", "pulse_pressure")


def test_an_unknown_key_stops_the_start() -> None:
    document = load("metrics.yaml")
    metrics = document["metrics"]
    wrong = document | {"metrics": metrics | {"glucose": metrics["glucose"] | {"untit": "mg/dL"}}}
    with pytest.raises(ValueError, match="untit"):
        parse(wrong)


def test_a_difference_of_an_unknown_metric_stops_the_start() -> None:
    document = load("metrics.yaml")
    rule = document["differences"]["pulse_pressure"] | {"minuend": "sistolic"}
    with pytest.raises(ValueError, match="sistolic"):
        parse(document | {"differences": {"pulse_pressure": rule}})
