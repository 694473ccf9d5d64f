"""Visits to cuffs: values, flags, failed measurements, wrong clocks."""

from __future__ import annotations

from datetime import timedelta

import pytest

from devices.gatt.blood_pressure import BloodPressure
from devices.ieee11073 import DateTime, Quantity, Special, quantity
from devices.reading import ClockQuality, Flag, Kind, Reading
from tests.devices.visits import (
    MEASURED,
    NOW,
    SHOWN,
    TIME,
    cuff,
    one,
    refused,
    visit,
)


def test_a_blood_pressure_with_everything() -> None:
    packet = BloodPressure(
        unit="kPa",
        systolic=quantity(16.0, -1),
        diastolic=quantity(10.7, -1),
        mean_arterial=quantity(12.4, -1),
        time=TIME,
        pulse=Quantity(71, 0),
        user=1,
        status=0b101101,
    ).encode()
    reading = one(("2A35", packet))
    assert reading.kind is Kind.BLOOD_PRESSURE
    assert reading.values == {"systolic": 120.0, "diastolic": 80.3, "mean_arterial": 93.0, "pulse": 71}
    assert reading.flags == Flag.BODY_MOVEMENT | Flag.IRREGULAR_PULSE | Flag.PULSE_ABOVE_RANGE | Flag.IMPROPER_POSITION
    assert (reading.measured_at, reading.clock, reading.user_slot) == (MEASURED, ClockQuality.ASSUMED, 1)
    assert reading.raw == f"2A35:{packet.hex()}"


@pytest.mark.parametrize("special", Special)
def test_a_failed_pressure_is_no_reading_and_a_missing_mean_or_pulse_is_no_number(special: Special) -> None:
    assert refused(("2A35", cuff(special))) == "not_a_number"
    assert refused(("2A35", cuff(diastolic=special))) == "not_a_number"
    packet = BloodPressure(
        systolic=Quantity(128, 0), diastolic=Quantity(82, 0), mean_arterial=special, pulse=special
    ).encode()
    assert one(("2A35", packet)).values == {"systolic": 128, "diastolic": 82}


def test_a_cuff_that_sends_zero_for_what_it_did_not_measure() -> None:
    reading = one(("2A35", bytes.fromhex("566a0047000000ea07080b121f00003f000000")), quirks=frozenset({"beurer-be"}))
    assert reading.values == {"systolic": 106, "diastolic": 71, "pulse": 63}
    assert reading.user_slot == 0


def test_an_unknown_user_is_nobodys_slot() -> None:
    packet = BloodPressure(
        systolic=Quantity(128, 0), diastolic=Quantity(82, 0), mean_arterial=Special.NAN, user=255
    ).encode()
    assert one(("2A35", packet)).user_slot is None


def test_unknown_date_parts_keep_the_reading_and_the_time_of_reception() -> None:
    reading = one(("2A35", cuff(time=DateTime(0, 0, 0, 7, 30, 0))))
    assert (reading.measured_at, reading.clock) == (NOW, ClockQuality.ASSUMED)


@pytest.mark.parametrize("nonsense", [TIME._replace(month=13), TIME._replace(hour=24), TIME._replace(second=60)])
def test_a_date_that_does_not_exist_is_neither_now_nor_a_new_measurement_when_it_is_sent_again(
    nonsense: DateTime,
) -> None:
    first, again = (visit(("2A35", cuff(time=nonsense)), at=NOW + timedelta(days=n))[0] for n in range(2))
    assert isinstance(first, Reading)
    assert (first.measured_at, first.clock) == (None, ClockQuality.UNUSABLE)
    assert first.reading_id == again.reading_id


def test_a_wrong_clock_is_taken_out_of_every_reading_of_the_visit() -> None:
    items = visit(("2A35", cuff()), ("2A35", cuff(Quantity(130, 0))), clock=SHOWN + timedelta(hours=6))
    assert [(item.measured_at, item.clock) for item in items if isinstance(item, Reading)] == [
        (MEASURED - timedelta(hours=6), ClockQuality.CORRECTED)
    ] * 2
