"""Writing down what a visit gave: `Reading` and `Unusable` with their id, their place in time and their raw bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias, TypeVar

from devices.clock import ClockPolicy, place
from devices.gatt import Decoded, short_name
from devices.identity import reading_id
from devices.reading import Flag, Kind, Meal, Reading, Unusable
from devices.visit import Packet, Visit

Item: TypeAlias = Reading | Unusable
Found: TypeAlias = Sequence[tuple[Packet, Decoded]]
D = TypeVar("D")
_UNKNOWN_USER = 255
_NO_FLAGS = Flag(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one measurement says, before it is placed in time.

    `identifying`: the bytes that make the record unique within the meter. `stamp`: the time that the person saw, naive.
    `base`: the meter's inner time where that is another one; it never changes, so the id holds it. `live`: without a
    stamp, identical bytes that come again are a new measurement; a stored record with a sequence number is not live.
    `undatable`: the meter's time for it is known to be worthless; such a record is known by its bytes.
    """

    kind: Kind
    packets: Sequence[Packet]
    identifying: bytes
    stamp: datetime | None
    base: datetime | None = None
    values: Mapping[str, float]
    flags: Flag = _NO_FLAGS
    meal: Meal | None = None
    user: int | None = None
    live: bool = True
    undatable: bool = False


@dataclass(frozen=True, slots=True)
class Recorder:
    """Makes the items of one visit."""

    visit: Visit
    policy: ClockPolicy

    def reading(self, finding: Finding) -> Reading:
        """The reading, placed in time."""
        first = finding.packets[0]
        placed = place(
            finding.stamp,
            received_at=first.received_at,
            meter_clock=self.visit.meter_clock,
            zone=self.visit.zone,
            time_fault=finding.undatable,
            policy=self.policy,
        )
        is_new = finding.live and not finding.undatable
        id_stamp = finding.base or finding.stamp or (first.received_at if is_new else None)
        return Reading(
            reading_id=reading_id(self.visit.device, short_name(first.characteristic), finding.identifying, id_stamp),
            kind=finding.kind,
            device=self.visit.device,
            user_slot=None if finding.user == _UNKNOWN_USER else finding.user,
            person=self.visit.person,
            measured_at=placed.measured_at,
            clock=placed.quality,
            received_at=first.received_at,
            flags=finding.flags,
            meal=finding.meal,
            values=finding.values,
            raw=raw(finding.packets),
        )

    def unusable(self, packets: Sequence[Packet], reason: str, stamp: datetime | None = None) -> Unusable:
        """Bytes without a usable value. Undated ones are known by their bytes alone: sent again, they are the same."""
        first = packets[0]
        identifying = b"".join(packet.payload for packet in packets)
        return Unusable(
            reading_id=reading_id(self.visit.device, short_name(first.characteristic), identifying, stamp),
            device=self.visit.device,
            received_at=first.received_at,
            reason=reason,
            raw=raw(packets),
        )


def raw(packets: Sequence[Packet]) -> str:
    """`"<characteristic>:<hex>"`, several joined by `+`."""
    return "+".join(f"{short_name(packet.characteristic)}:{packet.payload.hex()}" for packet in packets)


def only(found: Found, profile: type[D]) -> Iterator[tuple[Packet, D]]:
    """The packets of one profile with what they say, in their order."""
    return ((packet, decoded) for packet, decoded in found if isinstance(decoded, profile))
