"""Visits to glucose meters: contexts, HI and LO, control solution, ketones, times that cannot be believed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from devices.gatt.glucose import Concentration, Glucose
from devices.gatt.glucose_context import GlucoseContext
from devices.gatt.quirks import KETONE_MEAL_6
from devices.ieee11073 import Quantity, Special
from devices.reading import ClockQuality, Flag, Meal
from tests.devices.visits import (
    MEASURED,
    TIME,
    glucose,
    one,
    refused,
)


@pytest.mark.parametrize(
    ("meal", "expected"),
    [(1, Meal.BEFORE), (2, Meal.AFTER), (3, Meal.FASTING), (4, Meal.CASUAL), (5, Meal.BEDTIME), (6, None), (0, None)],
)
def test_a_glucose_joins_the_context_of_its_own_sequence(meal: int, expected: Meal | None) -> None:
    others = [("2A34", GlucoseContext(sequence=other, meal=2).encode()) for other in (6, 8)]
    reading = one(*others, ("2A34", GlucoseContext(sequence=7, meal=meal).encode()), ("2A18", glucose()))
    assert (reading.values, reading.meal) == ({"glucose": 5.5}, expected)
    assert reading.raw.startswith("2A18:")
    assert "+2A34:" in reading.raw


def test_without_a_context_nothing_is_taken_as_fasting() -> None:
    assert one(("2A18", glucose())).meal is None


def test_glucose_by_mass_is_rounded_as_meters_do() -> None:
    result = Concentration(unit="kg/L", value=Quantity(126, -5), sample=1, location=1)
    packet = Glucose(sequence=1, base_time=TIME, concentration=result).encode()
    assert one(("2A18", packet)).values == {"glucose": 7.0}


@pytest.mark.parametrize(
    ("packet", "flag"),
    [
        (glucose(Special.ABOVE), Flag.ABOVE_RANGE),
        (glucose(Special.BELOW), Flag.BELOW_RANGE),
        (glucose(Special.NAN, status=1 << 5), Flag.ABOVE_RANGE),
        (glucose(status=1 << 6), Flag.BELOW_RANGE),
        (Glucose(sequence=7, base_time=TIME, status=1 << 5).encode(), Flag.ABOVE_RANGE),
    ],
)
def test_hi_and_lo_are_readings_without_a_number(packet: bytes, flag: Flag) -> None:
    reading = one(("2A18", packet))
    assert (reading.values, reading.flags) == ({}, flag)


@pytest.mark.parametrize("special", [Special.NAN, Special.NRES, Special.RESERVED])
def test_a_failed_glucose_is_no_reading(special: Special) -> None:
    assert refused(("2A18", glucose(special))) == "not_a_number"


def test_a_record_without_a_result_is_no_reading() -> None:
    assert refused(("2A18", Glucose(sequence=7, base_time=TIME).encode())) == "not_a_number"


@pytest.mark.parametrize("packet", [glucose(sample=10), glucose(location=4), glucose(Special.ABOVE, sample=10)])
def test_control_solution_is_never_a_persons_glucose(packet: bytes) -> None:
    assert refused(("2A18", packet)) == "control_solution"


def test_a_ketone_result_is_never_a_glucose() -> None:
    context = ("2A34", GlucoseContext(sequence=7, meal=6).encode())
    quirks = frozenset({KETONE_MEAL_6})
    assert refused(("2A18", glucose(context_follows=True)), context, quirks=quirks) == "unknown_metric"
    assert refused(("2A18", glucose(context_follows=True)), quirks=quirks) == "unknown_metric"
    assert one(("2A18", glucose()), quirks=quirks).values == {"glucose": 5.5}


def test_a_meter_that_reports_a_time_fault_cannot_be_dated() -> None:
    reading = one(("2A18", glucose(status=1 << 11)))
    assert (reading.measured_at, reading.clock, reading.flags) == (None, ClockQuality.UNUSABLE, Flag.TIME_FAULT)


def test_a_base_time_that_does_not_exist_cannot_be_dated() -> None:
    result = Concentration(unit="mol/L", value=Quantity(55, -4), sample=1, location=1)
    packet = Glucose(sequence=7, base_time=TIME._replace(month=13), concentration=result).encode()
    assert one(("2A18", packet)).clock is ClockQuality.UNUSABLE


def test_the_users_offset_moves_the_time() -> None:
    assert one(("2A18", glucose(offset=-60))).measured_at == MEASURED - timedelta(hours=1)


@pytest.mark.parametrize("offset", [0x7FFF, -0x8000])
def test_an_offset_out_of_range_cannot_be_dated(offset: int) -> None:
    assert one(("2A18", glucose(offset=offset))).clock is ClockQuality.UNUSABLE
