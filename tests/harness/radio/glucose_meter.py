"""An emulated glucose meter: keeps its memory and reports from it when the Record Access Control Point is asked."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

from bumble.core import UUID
from bumble.gatt import Service

from tests.harness.radio.meter import Meter, Properties
from tests.harness.radio.meter_clock import EmulatedClock

REPORT, COUNT = 0x01, 0x04
ALL, GREATER_OR_EQUAL = 0x01, 0x03
SUCCESS, OP_CODE_NOT_SUPPORTED, OPERATOR_NOT_SUPPORTED, NO_RECORDS, OPERAND_NOT_SUPPORTED = 0x01, 0x02, 0x04, 0x06, 0x09


@dataclass(frozen=True)
class StoredRecord:
    """One record of the memory: the 2A18 packet and, when there is one, its 2A34."""

    sequence: int
    measurement: bytes
    context: bytes | None = None


@dataclass(kw_only=True)
class GlucoseMeter(Meter):
    """`refuses` answers that code to every operator but "all"; `drop_after` cuts the link once after so many records.

    `answers` overrides the result code at the end of a report, as a meter in trouble does.
    """

    service: int = 0x1808
    records: list[StoredRecord] = field(default_factory=list)
    clock: EmulatedClock | None = None
    drop_after: int | None = None
    refuses: int | None = None
    answers: int = SUCCESS

    def services(self) -> Sequence[Service]:
        """Glucose, and Current Time where the meter has a clock."""
        feature = self.characteristic(0x2A51, Properties.READ, read=lambda: b"\x00\x04")
        glucose = [
            self.characteristic(0x2A18, Properties.NOTIFY),
            self.characteristic(0x2A34, Properties.NOTIFY),
            feature,
            self.characteristic(0x2A52, Properties.INDICATE | Properties.WRITE, write=self._asked),
        ]
        services = [Service(UUID.from_16_bits(self.service), glucose)]
        if self.clock is not None:
            time = self.characteristic(
                0x2A2B, Properties.READ | Properties.WRITE, read=self.clock.current_time, write=self._set_clock
            )
            services.append(Service(UUID.from_16_bits(0x1805), [time]))
        return services

    def _set_clock(self, value: bytes) -> None:
        assert self.clock is not None
        self.diary.note("clock set")
        self.clock.set(value)

    def _asked(self, request: bytes) -> None:
        self.diary.note(f"racp {request.hex()}")
        self.in_background(self._answer(request))

    async def _answer(self, request: bytes) -> None:
        operation, operator = request[0], request[1]
        if operator != ALL and self.refuses is not None:
            await self._respond(operation, self.refuses)
        elif operator not in (ALL, GREATER_OR_EQUAL):
            await self._respond(operation, OPERATOR_NOT_SUPPORTED)
        elif operation == COUNT:
            await self.send(0x2A52, struct.pack("<BBH", 0x05, 0x00, len(self._chosen(request))), indicate=True)
        elif operation == REPORT:
            await self._report(operation, self._chosen(request))
        else:
            await self._respond(operation, OP_CODE_NOT_SUPPORTED)

    def _chosen(self, request: bytes) -> list[StoredRecord]:
        if request[1] == ALL:
            return list(self.records)
        (first,) = struct.unpack_from("<H", request, 3)
        return [record for record in self.records if record.sequence >= first]

    async def _report(self, operation: int, chosen: list[StoredRecord]) -> None:
        for sent, record in enumerate(chosen):
            if sent == self.drop_after:
                self.drop_after = None
                self.diary.note("drop")
                await self.hang_up()
                return
            await self.send(0x2A18, record.measurement)
            if record.context is not None:
                await self.send(0x2A34, record.context)
            await asyncio.sleep(0)
        await self._respond(operation, self.answers if chosen else NO_RECORDS)

    async def _respond(self, operation: int, code: int) -> None:
        await self.send(0x2A52, bytes([0x06, 0x00, operation, code]), indicate=True)
