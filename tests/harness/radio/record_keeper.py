"""Emulated meters that keep their memory and report from it when the Record Access Control Point is asked."""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass, field

from bumble.gatt import Characteristic

from tests.harness.radio.meter import Meter, Properties

REPORT, DELETE, COUNT = 0x01, 0x02, 0x04
ALL, GREATER_OR_EQUAL = 0x01, 0x03
SUCCESS, OP_CODE_NOT_SUPPORTED, OPERATOR_NOT_SUPPORTED, NO_RECORDS, OPERAND_NOT_SUPPORTED = 0x01, 0x02, 0x04, 0x06, 0x09


@dataclass(frozen=True)
class StoredRecord:
    """One record of the memory: its number, its packet and, when there is one, its context's."""

    number: int
    measurement: bytes
    context: bytes | None = None


@dataclass(kw_only=True)
class RecordKeeper(Meter):
    """`refuses` answers that code to every operator but "all"; `drop_after` cuts the link once after so many records.

    `answers` overrides the result code at the end of a report, as a meter in trouble does. `measurement` and `context`
    are sent by notification, or by indication where `indicates`.
    """

    measurement: int = 0
    context: int = 0
    indicates: bool = False
    records: list[StoredRecord] = field(default_factory=list)
    drop_after: int | None = None
    refuses: int | None = None
    answers: int = SUCCESS

    def access_point(self) -> Characteristic[bytes]:
        """2A52."""
        return self.characteristic(0x2A52, Properties.INDICATE | Properties.WRITE, write=self._asked)

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
        elif operation == DELETE:
            self.diary.note(self.DELETED)
            self.records.clear()
            await self._respond(operation, SUCCESS)
        else:
            await self._respond(operation, OP_CODE_NOT_SUPPORTED)

    def _chosen(self, request: bytes) -> list[StoredRecord]:
        if request[1] == ALL:
            return list(self.records)
        (first,) = struct.unpack_from("<H", request, 3)
        return [record for record in self.records if record.number >= first]

    async def _report(self, operation: int, chosen: list[StoredRecord]) -> None:
        for sent, record in enumerate(chosen):
            if sent == self.drop_after:
                self.drop_after = None
                self.diary.note("drop")
                await self.hang_up()
                return
            await self.send(self.measurement, record.measurement, indicate=self.indicates)
            if record.context is not None:
                await self.send(self.context, record.context)
            await asyncio.sleep(0)
        await self._respond(operation, self.answers if chosen else NO_RECORDS)

    async def _respond(self, operation: int, code: int) -> None:
        await self.send(0x2A52, bytes([0x06, 0x00, operation, code]), indicate=True)
