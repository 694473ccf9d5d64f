"""Packets as meters send them, made from plain numbers."""

from __future__ import annotations

import struct
from datetime import datetime

from tests.harness.radio.record_keeper import StoredRecord


def stamp(at: datetime) -> bytes:
    """Seven bytes of date and time."""
    return struct.pack("<HBBBBB", at.year, at.month, at.day, at.hour, at.minute, at.second)


def blood_pressure(
    systolic: int, diastolic: int, at: datetime, *, pulse: int = 70, user: int = 1, kpa: bool = False
) -> bytes:
    """A 2A35 packet with time, pulse, user and a quiet status (flags 0x1E), exponents 0; `kpa`: so says its flag."""
    pressures = struct.pack("<HHH", systolic, diastolic, (systolic + 2 * diastolic) // 3)
    return bytes([0x1E | kpa]) + pressures + stamp(at) + struct.pack("<HBH", pulse, user, 0)


def blood_pressure_of_now(systolic: int, diastolic: int) -> bytes:
    """A 2A35 packet of a cuff without a clock: neither time nor user."""
    return b"\x00" + struct.pack("<HHH", systolic, diastolic, (systolic + 2 * diastolic) // 3)


def glucose(sequence: int, mg_dl: int, at: datetime, *, fasting: bool = False, meal: int | None = None) -> StoredRecord:
    """A 2A18 packet in kg/L (SFLOAT, exponent -5) of capillary whole blood, and a 2A34 with the meal (3 is fasting)."""
    meal = 3 if fasting else meal
    flags = 0x02 | (0x10 if meal else 0)
    value = struct.pack("<H", mg_dl | (0xB << 12))
    measurement = struct.pack("<BH", flags, sequence) + stamp(at) + value + b"\x11"
    context = struct.pack("<BHB", 0x02, sequence, meal) if meal else None
    return StoredRecord(sequence, measurement, context)


def temperature(celsius: float, at: datetime | None = None) -> bytes:
    """A 2A1C packet with one decimal (FLOAT, exponent -1)."""
    value = struct.pack("<I", round(celsius * 10) | 0xFF << 24)
    return (b"\x00" if at is None else b"\x02") + value + (b"" if at is None else stamp(at))


def spot_check(spo2: int, pulse: int, at: datetime) -> bytes:
    """A 2A5E packet with its time."""
    return b"\x01" + struct.pack("<HH", spo2, pulse) + stamp(at)


def heart_rate(bpm: int, *, contact: bool = True) -> bytes:
    """A 2A37 packet of a sensor that can tell skin contact."""
    return bytes([0x06 if contact else 0x04, bpm])


def continuous_glucose(minutes: int, mg_dl: int) -> StoredRecord:
    """A 2AA7 packet of one record, without status or check sum."""
    return StoredRecord(minutes, struct.pack("<BBHH", 6, 0, mg_dl, minutes))


def session_start(at: datetime) -> bytes:
    """A 2AAA packet: eight hours ahead of UTC, no daylight saving."""
    return stamp(at) + bytes([32, 0])


def weight(kilograms: float, at: datetime, *, user: int) -> bytes:
    """A 2A9D packet with time and user."""
    return struct.pack("<BH", 0x06, round(kilograms * 200)) + stamp(at) + bytes([user])


def body_composition(fat: float, impedance: int, at: datetime, *, user: int) -> bytes:
    """A 2A9C packet with time, user and impedance."""
    head = struct.pack("<HH", 0x0206, round(fat * 10)) + stamp(at) + bytes([user])
    return head + struct.pack("<H", impedance * 10)


def xiaomi_weight(kilograms: float, at: datetime, *, stable: bool = True, removed: bool = False) -> bytes:
    """Service data of 181D."""
    return struct.pack("<BH", 0x02 | stable << 5 | removed << 7, round(kilograms * 200)) + stamp(at)


def xiaomi_body(kilograms: float, at: datetime, *, impedance: int | None = None, stable: bool = True) -> bytes:
    """Service data of 181B."""
    state = 0x04 | (impedance is not None) << 1 | stable << 5
    return bytes([0x02, state]) + stamp(at) + struct.pack("<HH", impedance or 0, round(kilograms * 200))
