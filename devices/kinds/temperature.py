"""Body temperature from 2A1C."""

from __future__ import annotations

from collections.abc import Iterator

from devices.gatt.temperature import Temperature
from devices.ieee11073 import is_nonsense, naive, number
from devices.reading import Kind
from devices.recorder import Finding, Found, Item, Recorder, only
from devices.units import canonical
from devices.visit import Packet


def readings(found: Found, recorder: Recorder) -> Iterator[Item]:
    """One item a packet."""
    for packet, measured in only(found, Temperature):
        yield _item(packet, measured, recorder)


def _item(packet: Packet, measured: Temperature, recorder: Recorder) -> Item:
    stamp = naive(measured.time)
    value = number(measured.value)
    if value is None:
        return recorder.unusable([packet], "not_a_number", stamp)
    return recorder.reading(
        Finding(
            kind=Kind.TEMPERATURE,
            packets=[packet],
            identifying=packet.payload,
            stamp=stamp,
            values={"temperature": canonical("temperature", value, measured.unit)},
            undatable=is_nonsense(measured.time),
        )
    )
