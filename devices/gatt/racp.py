"""2A52 Record Access Control Point: asking a meter for its stored records, and its answers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

from devices.gatt.fields import DecodeError, Fields, u8, u16, u32

SUCCESS = 1
NO_RECORDS = 6
_BY_SEQUENCE = 1
_BY_USER_TIME = 2
_BOUND_SIZES = {_BY_SEQUENCE: 2, _BY_USER_TIME: 7}
_COUNT = 5
_RESPONSE = 6


class Op(IntEnum):
    """What is asked of the meter."""

    REPORT = 1
    DELETE = 2
    ABORT = 3
    COUNT = 4


class Operator(IntEnum):
    """Which records."""

    NONE = 0
    ALL = 1
    UP_TO = 2
    FROM = 3
    RANGE = 4
    FIRST = 5
    LAST = 6


_BOUNDS: dict[int, int] = {Operator.UP_TO: 1, Operator.FROM: 1, Operator.RANGE: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a collector writes. `operand` is the filter as sent: its type, then its bounds."""

    op: Op
    operator: int
    operand: bytes = b""

    def describe(self) -> dict[str, object]:
        """The operator by number; the operand as hex when there is one."""
        described: dict[str, object] = {"op": self.op.name.lower(), "operator": self.operator}
        return described | ({"operand": self.operand.hex()} if self.operand else {})

    def encode(self) -> bytes:
        """The packet to write."""
        return u8(self.op) + u8(self.operator) + self.operand


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many records match."""

    n: int

    def describe(self) -> dict[str, object]:
        """Field names as in the test vectors."""
        return {"op": "count", "n": self.n}

    def encode(self) -> bytes:
        """The packet a meter sends: 16 bits where they are enough."""
        return bytes((_COUNT, Operator.NONE)) + (u16(self.n) if self.n <= 0xFFFF else u32(self.n))


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """How a request ended: code 1 success, 6 no records, else refused."""

    request: int
    code: int

    def describe(self) -> dict[str, object]:
        """Field names as in the test vectors."""
        return {"op": "response", "request": self.request, "code": self.code}

    def encode(self) -> bytes:
        """The packet a meter sends."""
        return bytes((_RESPONSE, Operator.NONE, self.request, self.code))


RecordAccess: TypeAlias = Request | Count | Response


def decode(packet: bytes, _quirks: Collection[str] = ()) -> RecordAccess:
    """Decode a request or an answer. Raises DecodeError, also for an operation that the profile does not know."""
    fields = Fields(packet)
    op, operator = fields.u8(), fields.u8()
    if op in (_COUNT, _RESPONSE) and operator != Operator.NONE:
        raise DecodeError(f"an answer's operator must be 0, not {operator}")
    if op == _COUNT:
        return _count(packet[2:])
    if op == _RESPONSE:
        return Response(request=fields.u8(), code=fields.u8())
    if op not in Op.__members__.values():
        raise DecodeError(f"unknown record access operation {op}")
    return _request(Op(op), operator, packet[2:])


def _count(number: bytes) -> Count:
    """The profile says 16 bits; meters with few or with very many records use 8 or 32."""
    if len(number) not in (1, 2, 4):
        raise DecodeError(f"a number of records has 1, 2 or 4 bytes, not {len(number)}")
    return Count(n=int.from_bytes(number, "little"))


def _request(op: Op, operator: int, operand: bytes) -> Request:
    """Other profiles have other filters: of those, only the filter itself must be there."""
    bounds = _BOUNDS.get(operator, 0)
    needed = 1 + bounds * (_BOUND_SIZES.get(operand[0], 0) if operand else 0)
    if bounds and len(operand) < needed:
        raise DecodeError(f"the operand of operator {operator} is cut off: {len(operand)} bytes")
    return Request(op=op, operator=operator, operand=operand)


def report_all() -> bytes:
    """Send every stored record."""
    return Request(op=Op.REPORT, operator=Operator.ALL).encode()


def report_from(sequence: int) -> bytes:
    """Send the records with this sequence number (0..65535) or a later one."""
    return Request(op=Op.REPORT, operator=Operator.FROM, operand=u8(_BY_SEQUENCE) + u16(sequence)).encode()


def count_all() -> bytes:
    """How many records are stored?"""
    return Request(op=Op.COUNT, operator=Operator.ALL).encode()


def abort() -> bytes:
    """Stop what is going on."""
    return Request(op=Op.ABORT, operator=Operator.NONE).encode()
