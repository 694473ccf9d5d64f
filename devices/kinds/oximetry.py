"""Oxygen saturation from 2A5E."""

from __future__ import annotations

from collections.abc import Iterator

from devices.gatt.oximetry import Oximetry
from devices.ieee11073 import is_nonsense, naive, number
from devices.reading import Flag, Kind
from devices.recorder import Finding, Found, Item, Recorder, only
from devices.visit import Packet

# Measurement status: what makes it no measurement of a person at all, and what makes it a poor one.
_DEMONSTRATION_OR_TEST = 1 << 10 | 1 << 11
_UNAVAILABLE_OR_INVALID = 1 << 13 | 1 << 15
_QUESTIONABLE = 1 << 14
# Device and sensor status, grouped by what the reading's flags can say.
_MALFUNCTION = 1 << 1 | 1 << 14
_POOR_SIGNAL = 1 << 2 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 8 | 1 << 10
_NO_CONTACT = 1 << 11 | 1 << 13 | 1 << 15


def readings(found: Found, recorder: Recorder) -> Iterator[Item]:
    """One item a packet."""
    for packet, measured in only(found, Oximetry):
        yield _item(packet, measured, recorder)


def _item(packet: Packet, measured: Oximetry, recorder: Recorder) -> Item:
    stamp = naive(measured.time)
    status = measured.status or 0
    spo2, pulse = number(measured.spo2), number(measured.pulse)
    if status & _DEMONSTRATION_OR_TEST:
        return recorder.unusable([packet], "placeholder", stamp)
    if spo2 is None or status & _UNAVAILABLE_OR_INVALID:
        return recorder.unusable([packet], "not_a_number", stamp)
    return recorder.reading(
        Finding(
            kind=Kind.OXIMETRY,
            packets=[packet],
            identifying=packet.payload,
            stamp=stamp,
            values={"spo2": spo2} | ({"pulse": pulse} if pulse else {}),
            flags=_flags(status, measured.sensor_status or 0),
            undatable=is_nonsense(measured.time) or (measured.clock_unset and stamp is not None),
        )
    )


def _flags(status: int, sensor: int) -> Flag:
    flags = Flag(0)
    if status & _QUESTIONABLE or sensor & _POOR_SIGNAL:
        flags |= Flag.POOR_SIGNAL
    if sensor & _MALFUNCTION:
        flags |= Flag.SENSOR_MALFUNCTION
    if sensor & _NO_CONTACT:
        flags |= Flag.NO_SENSOR_CONTACT
    return flags
