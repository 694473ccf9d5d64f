"""An emulated scale of the Bluetooth SIG's profiles: each person's records come after her consent code."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

from bumble.core import UUID
from bumble.gatt import Service

from tests.harness.radio.meter import Meter, Properties
from tests.harness.radio.meter_clock import EmulatedClock

_CONSENT, _RESPONSE = 0x02, 0x20
SUCCESS, OP_CODE_NOT_SUPPORTED, NOT_AUTHORISED = 0x01, 0x02, 0x05


@dataclass
class Person:
    """One slot: her code, and her records as (characteristic, packet), each forgotten when confirmed."""

    code: int
    records: list[tuple[int, bytes]] = field(default_factory=list)


@dataclass(kw_only=True)
class Scale(Meter):
    """`live` is sent to anybody once the weight is subscribed, `people` by slot."""

    service: int = 0x181D
    live: list[tuple[int, bytes]] = field(default_factory=list)
    people: dict[int, Person] = field(default_factory=dict)
    clock: EmulatedClock | None = None

    def services(self) -> Sequence[Service]:
        """Weight Scale, Body Composition, User Data and, where it has a clock, Current Time."""
        weight = self.characteristic(0x2A9D, Properties.INDICATE)
        composition = self.characteristic(
            0x2A9C, Properties.INDICATE, subscribed=lambda: self.in_background(self._flush(self.live))
        )
        control = self.characteristic(0x2A9F, Properties.INDICATE | Properties.WRITE, write=self._asked)
        found = [
            Service(UUID.from_16_bits(0x181D), [weight]),
            Service(UUID.from_16_bits(0x181B), [composition]),
            Service(UUID.from_16_bits(0x181C), [control]),
        ]
        if self.clock is not None:
            properties = Properties.READ | Properties.WRITE
            time = self.characteristic(0x2A2B, properties, read=self.clock.current_time, write=self._set_clock)
            found.append(Service(UUID.from_16_bits(0x1805), [time]))
        return found

    def has_records(self) -> bool:
        """It advertises while somebody stands on it, and is switched on again by hand."""
        return False

    def _set_clock(self, value: bytes) -> None:
        assert self.clock is not None
        self.diary.note("clock set")
        self.clock.set(value)

    def _asked(self, request: bytes) -> None:
        self.diary.note(f"user control {request[0]:02x}")
        self.in_background(self._answer(request))

    async def _answer(self, request: bytes) -> None:
        if request[0] != _CONSENT:
            await self._respond(request[0], OP_CODE_NOT_SUPPORTED)
            return
        _, user, code = struct.unpack("<BBH", request)
        person = self.people.get(user)
        if person is None or person.code != code:
            self.diary.note(f"refused {user}")
            await self._respond(_CONSENT, NOT_AUTHORISED)
            return
        await self._respond(_CONSENT, SUCCESS)
        await self._flush(person.records)
        self.diary.note(f"records of {user} sent")

    async def _flush(self, records: list[tuple[int, bytes]]) -> None:
        while records:
            characteristic, packet = records[0]
            await self.send(characteristic, packet, indicate=True)
            records.pop(0)

    async def _respond(self, operation: int, code: int) -> None:
        await self.send(0x2A9F, bytes([_RESPONSE, operation, code]), indicate=True)
