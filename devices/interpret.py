"""The packets of one visit to readings: decode, join what belongs together, place in time, name by content. Pure."""

from __future__ import annotations

from itertools import chain

from devices.clock import ClockPolicy
from devices.gatt import Decoded, DecodeError, decode, short_name
from devices.kinds import (
    blood_pressure,
    body,
    continuous_glucose,
    glucose,
    heart_rate,
    oximetry,
    scale_advert,
    temperature,
)
from devices.recorder import Item, Recorder
from devices.visit import Packet, Visit

__all__ = ["Packet", "Visit", "interpret"]

_STAGES = (blood_pressure, glucose, continuous_glucose, body, scale_advert, temperature, oximetry, heart_rate)
# Conversation with the meter, or a value on its way: never a reading, so undecodable ones are no loss either.
_NOT_MEASUREMENTS = frozenset({"2A08", "2A2B", "2A36", "2A52", "2A9F", "2AAA"})


def interpret(visit: Visit, policy: ClockPolicy) -> list[Item]:
    """Every measurement of the visit once, as `Reading` or as `Unusable` with its reason."""
    recorder = Recorder(visit, policy)
    found: list[tuple[Packet, Decoded]] = []
    undecodable: list[Item] = []
    for packet in visit.packets:
        try:
            found.append((packet, decode(packet.characteristic, packet.payload, quirks=visit.quirks)))
        except DecodeError:
            if short_name(packet.characteristic) not in _NOT_MEASUREMENTS:
                undecodable.append(recorder.unusable([packet], "undecodable"))
    items = chain(undecodable, *(stage.readings(found, recorder) for stage in _STAGES))
    first_of_each: dict[object, Item] = {}
    for item in items:
        first_of_each.setdefault(item.reading_id, item)
    return list(first_of_each.values())
