"""Reading a packet field by field: a field that is missing is a `DecodeError`, bytes left over are tolerated."""

from __future__ import annotations

import struct
from struct import Struct

from devices.ieee11073 import DateTime, Numeric, float32, float32_code, sfloat, sfloat_code

_U8 = Struct("<B")
_U16 = Struct("<H")
_U32 = Struct("<I")
_I16 = Struct("<h")
_BIG_U16 = Struct(">H")
_DATE_TIME = Struct("<HBBBBB")


class DecodeError(ValueError):
    """These bytes are not what the characteristic's definition says; the message tells what is wrong."""


class Fields:
    """A cursor over one packet. Every method takes the next field and raises `DecodeError` when it is not there."""

    __slots__ = ("at", "packet")

    def __init__(self, packet: bytes) -> None:
        self.packet = packet
        self.at = 0

    def _one(self, layout: Struct) -> int:
        try:
            (value,) = layout.unpack_from(self.packet, self.at)
        except struct.error:
            raise self._missing(layout.size) from None
        self.at += layout.size
        return int(value)

    def _missing(self, size: int) -> DecodeError:
        return DecodeError(f"{len(self.packet)} bytes, but a field of {size} should begin at byte {self.at}")

    def u8(self) -> int:
        """Unsigned, 8 bits."""
        return self._one(_U8)

    def u16(self) -> int:
        """Unsigned, 16 bits, little-endian."""
        return self._one(_U16)

    def big_u16(self) -> int:
        """Unsigned, 16 bits, big-endian: only for meters with that fault."""
        return self._one(_BIG_U16)

    def u24(self) -> int:
        """Unsigned, 24 bits, little-endian."""
        return self.u16() | self.u8() << 16

    def u32(self) -> int:
        """Unsigned, 32 bits, little-endian."""
        return self._one(_U32)

    def i16(self) -> int:
        """Signed, 16 bits, little-endian."""
        return self._one(_I16)

    def sfloat(self) -> Numeric:
        """IEEE 11073 SFLOAT."""
        return sfloat(self._one(_U16))

    def float32(self) -> Numeric:
        """IEEE 11073 FLOAT."""
        return float32(self._one(_U32))

    def date_time(self) -> DateTime:
        """Seven bytes of date and time."""
        try:
            parts = _DATE_TIME.unpack_from(self.packet, self.at)
        except struct.error:
            raise self._missing(_DATE_TIME.size) from None
        self.at += _DATE_TIME.size
        return DateTime(*parts)

    def left(self) -> int:
        """How many bytes have not been taken."""
        return len(self.packet) - self.at


def u8(value: int) -> bytes:
    """Encoded unsigned 8 bits."""
    return _U8.pack(value)


def u16(value: int) -> bytes:
    """Encoded unsigned 16 bits, little-endian."""
    return _U16.pack(value)


def big_u16(value: int) -> bytes:
    """Encoded unsigned 16 bits, big-endian."""
    return _BIG_U16.pack(value)


def u32(value: int) -> bytes:
    """Encoded unsigned 32 bits, little-endian."""
    return _U32.pack(value)


def u24(value: int) -> bytes:
    """Encoded unsigned 24 bits, little-endian."""
    return _U32.pack(value)[:3]


def i16(value: int) -> bytes:
    """Encoded signed 16 bits, little-endian."""
    return _I16.pack(value)


def short_float(value: Numeric) -> bytes:
    """Encoded SFLOAT."""
    return _U16.pack(sfloat_code(value))


def long_float(value: Numeric) -> bytes:
    """Encoded FLOAT."""
    return _U32.pack(float32_code(value))


def flags(*fields: object) -> int:
    """A flags number: bit n is set when the nth argument is there (not None) and not False."""
    return sum(1 << bit for bit, field in enumerate(fields) if field is not None and field is not False)
