"""One radio contact with a meter: the packets it gave and what its clock showed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from uuid import UUID

from devices.clock import MeterClock


@dataclass(frozen=True, slots=True)
class Packet:
    """The bytes of one indication, notification or advertisement; `received_at` is aware and stamped once."""

    characteristic: str
    payload: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Visit:
    """Packets in the order in which they came. `person` is the token of whoever identified at a shared meter."""

    device: str
    packets: tuple[Packet, ...]
    person: UUID | None
    meter_clock: MeterClock | None
    quirks: frozenset[str]
    zone: tzinfo
