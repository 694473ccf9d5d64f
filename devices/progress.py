"""How far into a meter's memory a visit came, so that the next one asks only for what is new. Pure."""

from __future__ import annotations

from typing import NamedTuple

from devices.gatt import DecodeError, decode, short_name
from devices.gatt.continuous_glucose import ContinuousGlucose
from devices.gatt.glucose import Glucose
from devices.gatt.quirks import UNSTABLE_SEQUENCE
from devices.visit import Packet, Visit

GLUCOSE_MEMORY = ""
_SESSION_START = "2AAA"
_NUMBERED = frozenset({"2A18", "2AA7"})


class Progress(NamedTuple):
    """`record`: the number of the last record that came. `memory`: which of the meter's memories it counts in."""

    memory: str
    record: int


def session_memory(start: bytes) -> str:
    """The memory of a continuous glucose session, whose records are numbered by minutes since this start (2AAA)."""
    return start.hex()


def reached(visit: Visit) -> Progress | None:
    """The last numbered record, not the highest: a meter whose memory was cleared counts anew. None without one."""
    if UNSTABLE_SEQUENCE in visit.quirks:
        return None
    memory, record = GLUCOSE_MEMORY, None
    for packet in visit.packets:
        name = short_name(packet.characteristic)
        if name == _SESSION_START:
            memory = session_memory(packet.payload)
        elif name in _NUMBERED and (number := _number(packet)) is not None:
            record = number
    return None if record is None else Progress(memory, record)


def _number(packet: Packet) -> int | None:
    try:
        sent = decode(packet.characteristic, packet.payload)
    except DecodeError:
        return None
    if isinstance(sent, ContinuousGlucose):
        return sent.records[-1].offset
    return sent.sequence if isinstance(sent, Glucose) else None
