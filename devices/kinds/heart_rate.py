"""Heart rate from 2A37: a stream of values, of which the last one with skin contact is the visit's reading."""

from __future__ import annotations

from collections.abc import Iterator

from devices.gatt.heart_rate import HeartRate
from devices.reading import Kind
from devices.recorder import Finding, Found, Item, Recorder, only


def readings(found: Found, recorder: Recorder) -> Iterator[Item]:
    """At most one item."""
    stream = list(only(found, HeartRate))
    good = [(packet, measured) for packet, measured in stream if measured.bpm and measured.contact is not False]
    if good:
        packet, measured = good[-1]
        yield recorder.reading(
            Finding(
                kind=Kind.HEART_RATE,
                packets=[packet],
                identifying=packet.payload,
                stamp=None,
                values={"pulse": measured.bpm},
            )
        )
    elif stream:
        yield recorder.unusable([stream[-1][0]], "not_a_number")
