"""Blood pressure from 2A35 and from Omron's own records."""

from __future__ import annotations

from collections.abc import Iterator

from devices.gatt.blood_pressure import BloodPressure
from devices.gatt.omron import OmronRecord
from devices.ieee11073 import is_nonsense, naive, number
from devices.reading import Flag, Kind
from devices.recorder import Finding, Found, Item, Recorder, only
from devices.units import canonical
from devices.visit import Packet

_STATUS_FLAGS = {
    1 << 0: Flag.BODY_MOVEMENT,
    1 << 1: Flag.CUFF_LOOSE,
    1 << 2: Flag.IRREGULAR_PULSE,
    1 << 5: Flag.IMPROPER_POSITION,
}
_PULSE_RANGE = {1: Flag.PULSE_ABOVE_RANGE, 2: Flag.PULSE_BELOW_RANGE}


def readings(found: Found, recorder: Recorder) -> Iterator[Item]:
    """One item a packet."""
    for packet, measured in only(found, BloodPressure):
        yield _measurement(packet, measured, recorder)
    for packet, record in only(found, OmronRecord):
        yield _record(packet, record, recorder)


def _measurement(packet: Packet, measured: BloodPressure, recorder: Recorder) -> Item:
    stamp = naive(measured.time)
    systolic, diastolic = number(measured.systolic), number(measured.diastolic)
    if systolic is None or diastolic is None:
        return recorder.unusable([packet], "not_a_number", stamp)
    values = {
        "systolic": canonical("systolic", systolic, measured.unit),
        "diastolic": canonical("diastolic", diastolic, measured.unit),
    }
    mean_arterial, pulse = number(measured.mean_arterial), number(measured.pulse)
    # Meters that compute no mean pressure or saw no pulse send 0 as often as NaN; neither is a measurement.
    if mean_arterial:
        values["mean_arterial"] = canonical("mean_arterial", mean_arterial, measured.unit)
    if pulse:
        values["pulse"] = pulse
    return recorder.reading(
        Finding(
            kind=Kind.BLOOD_PRESSURE,
            packets=[packet],
            identifying=packet.payload,
            stamp=stamp,
            values=values,
            flags=_flags(measured.status or 0),
            user=measured.user,
            undatable=is_nonsense(measured.time),
        )
    )


def _flags(status: int) -> Flag:
    flags = _PULSE_RANGE.get(status >> 3 & 3, Flag(0))
    for bit, flag in _STATUS_FLAGS.items():
        if status & bit:
            flags |= flag
    return flags


def _record(packet: Packet, record: OmronRecord, recorder: Recorder) -> Item:
    stamp = record.time.naive()
    values: dict[str, float] = {"systolic": record.systolic, "diastolic": record.diastolic}
    if record.pulse:
        values["pulse"] = record.pulse
    doubts = {Flag.IRREGULAR_PULSE: record.irregular, Flag.BODY_MOVEMENT: record.movement}
    return recorder.reading(
        Finding(
            kind=Kind.BLOOD_PRESSURE,
            packets=[packet],
            identifying=packet.payload,
            stamp=stamp,
            values=values,
            flags=Flag(sum(flag for flag, raised in doubts.items() if raised)),
            undatable=record.time.is_nonsense(),
        )
    )
