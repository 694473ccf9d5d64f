"""Packets as meters send them, made from plain numbers."""

from __future__ import annotations

import struct
from datetime import datetime

from tests.harness.radio.glucose_meter import StoredRecord


def _stamp(at: datetime) -> bytes:
    return struct.pack("<HBBBBB", at.year, at.month, at.day, at.hour, at.minute, at.second)


def blood_pressure(systolic: int, diastolic: int, at: datetime, *, pulse: int = 70, user: int = 1) -> bytes:
    """A 2A35 packet in mmHg with time, pulse, user and a quiet status (flags 0x1E), exponents 0."""
    pressures = struct.pack("<HHH", systolic, diastolic, (systolic + 2 * diastolic) // 3)
    return b"\x1e" + pressures + _stamp(at) + struct.pack("<HBH", pulse, user, 0)


def glucose(sequence: int, mg_dl: int, at: datetime, *, fasting: bool = False) -> StoredRecord:
    """A 2A18 packet in kg/L (SFLOAT, exponent -5) of capillary whole blood, and a 2A34 with the meal when fasting."""
    flags = 0x02 | (0x10 if fasting else 0)
    value = struct.pack("<H", mg_dl | (0xB << 12))
    measurement = struct.pack("<BH", flags, sequence) + _stamp(at) + value + b"\x11"
    context = struct.pack("<BHB", 0x02, sequence, 0x03) if fasting else None
    return StoredRecord(sequence, measurement, context)
