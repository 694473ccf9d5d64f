"""Visits to thermometers, oximeters, heart-rate and continuous glucose sensors."""

from __future__ import annotations

from datetime import timedelta

import pytest

from devices.gatt.cgm_session import SessionStart
from devices.gatt.continuous_glucose import ContinuousGlucoseRecord
from devices.gatt.heart_rate import HeartRate
from devices.gatt.oximetry import Oximetry
from devices.gatt.temperature import Temperature
from devices.gatt.weight import Weight
from devices.gatt.xiaomi_scale import ScaleAdvert
from devices.ieee11073 import Quantity, Special, quantity
from devices.reading import ClockQuality, Flag, Reading
from tests.devices.visits import (
    MEASURED,
    NOW,
    TIME,
    one,
    refused,
    visit,
)


@pytest.mark.parametrize(("unit", "value"), [("C", 37.0), ("F", 98.6)])
def test_a_temperature(unit: str, value: float) -> None:
    sent = Temperature(value=quantity(value, -1), unit="F" if unit == "F" else "C", time=TIME)
    assert one(("2A1C", sent.encode())).values == {"temperature": 37.0}


@pytest.mark.parametrize("special", Special)
def test_a_failed_temperature_or_saturation_is_no_reading(special: Special) -> None:
    assert refused(("2A1C", Temperature(value=special).encode())) == "not_a_number"
    assert refused(("2A5E", Oximetry(spo2=special, pulse=Quantity(70, 0)).encode())) == "not_a_number"


def oximeter(**more: object) -> tuple[str, bytes]:
    return "2A5E", Oximetry(spo2=Quantity(97, 0), pulse=Quantity(72, 0), **more).encode()  # type: ignore[arg-type]


def test_a_saturation_with_its_flags() -> None:
    reading = one(oximeter(time=TIME, sensor_status=1 << 5 | 1 << 11 | 1 << 14))
    assert reading.values == {"spo2": 97, "pulse": 72}
    assert reading.flags == Flag.POOR_SIGNAL | Flag.NO_SENSOR_CONTACT | Flag.SENSOR_MALFUNCTION


def test_a_demonstration_or_an_invalid_saturation_is_no_reading() -> None:
    assert refused(oximeter(status=1 << 10)) == "placeholder"
    assert refused(oximeter(status=1 << 15)) == "not_a_number"


def test_a_stamp_of_a_clock_that_is_not_set_is_not_believed() -> None:
    assert one(oximeter(time=TIME, clock_unset=True)).clock is ClockQuality.UNUSABLE
    assert one(oximeter(clock_unset=True)).measured_at == NOW


def test_a_stream_of_heart_rates_is_one_reading_the_last_with_contact() -> None:
    stream = [
        ("2A37", HeartRate(bpm=bpm, contact=contact).encode()) for bpm, contact in ((60, True), (71, True), (9, False))
    ]
    assert one(*stream).values == {"pulse": 71}
    assert refused(stream[-1]) == "not_a_number"


def test_continuous_glucose_is_dated_by_the_sessions_start() -> None:
    start = ("2AAA", SessionStart(time=TIME, zone=32, daylight_saving=0).encode())
    records = [
        ("2AA7", ContinuousGlucoseRecord(value=Quantity(126, 0), offset=minutes, crc_ok=True).encode())
        for minutes in (0, 5, 10)
    ]
    items = visit(start, *records)
    assert [item.measured_at for item in items if isinstance(item, Reading)] == [
        MEASURED + timedelta(minutes=minutes) for minutes in (0, 5, 10)
    ]
    assert all(isinstance(item, Reading) and item.values == {"glucose": 7.0} for item in items)


def test_without_a_session_start_only_the_newest_continuous_glucose_is_dated() -> None:
    records = (
        ContinuousGlucoseRecord(value=Quantity(126, 0), offset=5),
        ContinuousGlucoseRecord(value=Special.BELOW, offset=10),
    )
    older, newest = visit(("2AA7", b"".join(record.encode() for record in records)))
    assert isinstance(older, Reading)
    assert isinstance(newest, Reading)
    assert (older.measured_at, newest.measured_at) == (None, NOW)
    assert (newest.values, newest.flags) == ({}, Flag.BELOW_RANGE)


def test_a_wrong_check_sum_or_a_failed_record_is_no_reading() -> None:
    assert refused(("2AA7", bytes.fromhex("08000c100600586f"))) == "undecodable"
    assert refused(("2AA7", ContinuousGlucoseRecord(value=Special.NAN, offset=5).encode())) == "not_a_number"


def test_an_omron_record() -> None:
    reading = one(("omron:HEM-7142T2", bytes.fromhex("645a611a7219041180000d006699")))
    assert reading.values == {"systolic": 125, "diastolic": 90, "pulse": 97}
    assert reading.flags == Flag(0)


@pytest.mark.parametrize(
    ("record", "flag"),
    [
        ("645a611a7259041180000d006699", Flag.IRREGULAR_PULSE),
        ("645a611a7299041180000d006699", Flag.BODY_MOVEMENT),
        ("50453f19ae61c91a80200200817e", Flag.IRREGULAR_PULSE),  # HEM-7144T2, userx14/omblepy#55
    ],
)
def test_an_omron_record_that_the_cuff_doubts(record: str, flag: Flag) -> None:
    reading = one(("omron:HEM-7142T2", bytes.fromhex(record)))
    assert reading.flags == flag


@pytest.mark.parametrize(
    "sent",
    [
        ("2A1C", Temperature(value=quantity(37.0, -1), time=TIME._replace(day=31)).encode()),
        ("2A5E", Oximetry(spo2=Quantity(97, 0), pulse=Quantity(72, 0), time=TIME._replace(day=31)).encode()),
        ("2A9D", Weight(weight=70.0, time=TIME._replace(day=31)).encode()),
        ("adv:181D:xiaomi", ScaleAdvert(weight=70.0, time=TIME._replace(day=31)).encode()),
        ("omron:HEM-7142T2", bytes.fromhex("645a611af21b041180000d006699")),
    ],
)
def test_the_31st_of_november_or_june_is_not_now(sent: tuple[str, bytes]) -> None:
    assert one(sent).clock is ClockQuality.UNUSABLE
