"""Conversions and the one rounding rule, at the boundaries where they decide."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.reading import Kind
from devices.units import UnknownUnit, canonical
from tests.devices.policy import METRICS


@pytest.mark.parametrize(
    ("metric", "value", "unit", "expected"),
    [
        ("glucose", 126, "mg/dL", 7.0),  # the same clinical threshold, though 126 / 18.016 = 6.994
        ("glucose", 200, "mg/dL", 11.1),
        ("glucose", 70, "mg/dL", 3.9),
        ("glucose", 54, "mg/dL", 3.0),
        ("glucose", 301, "mg/dL", 16.7),
        ("systolic", 16.0, "kPa", 120.0),
        ("diastolic", 10.7, "kPa", 80.3),
        ("total_cholesterol", 200, "mg/dL", 5.17),
        ("triglycerides", 150, "mg/dL", 1.69),
        ("weight", 165.35, "lb", 75.0),
        ("weight", 120, "jin", 60.0),
        ("height", 1.92, "m", 192.0),
        ("height", 70, "inch", 177.8),
        ("temperature", 98.6, "F", 37.0),
        ("temperature", 98.6, "[degF]", 37.0),
    ],
)
def test_a_value_in_another_unit_is_converted_and_rounded_once(
    metric: str, value: float, unit: str, expected: float
) -> None:
    assert canonical(metric, value, unit) == expected


@given(st.floats(allow_nan=False))
def test_a_value_in_its_canonical_unit_keeps_every_digit(value: float) -> None:
    for name in METRICS:
        assert canonical(name, value, METRICS[name].unit) == value


@pytest.mark.parametrize(
    ("metric", "unit"), [("glucose", "kPa"), ("glucose", ""), ("pulse", "mg/dL"), ("nothing", "kg")]
)
def test_a_unit_that_a_metric_does_not_come_in_is_refused(metric: str, unit: str) -> None:
    with pytest.raises(UnknownUnit, match=metric):
        canonical(metric, 1.0, unit)


def test_every_kind_has_its_name_in_lower_case() -> None:
    assert [kind.value for kind in Kind] == [kind.name.lower() for kind in Kind]
