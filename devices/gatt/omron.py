"""The record of an Omron HEM-7142T2 as it lies in the cuff's memory: 14 bytes, read over Omron's own protocol."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from devices.gatt.fields import DecodeError, Fields, u8, u16
from devices.ieee11073 import DateTime

_SIZE = 14
_SYSTOLIC_BIAS = 25
_EMPTY = b"\xff" * 8


@dataclass(frozen=True, slots=True, kw_only=True)
class OmronRecord:
    """One stored measurement, in mmHg and per minute; systolic 25 to 280."""

    systolic: int
    diastolic: int
    pulse: int
    time: DateTime

    def describe(self) -> dict[str, object]:
        """Field names as in the test vectors."""
        return {"sys": self.systolic, "dia": self.diastolic, "pulse": self.pulse, "time": self.time.shown()}

    def encode(self) -> bytes:
        """The record; what is not known of its last bytes is zero."""
        packet = bytes((self.systolic - _SYSTOLIC_BIAS, self.diastolic, self.pulse)) + u8(self.time.year - 2000)
        packet += u16(self.time.hour | self.time.day << 5 | self.time.month << 10)
        packet += u16(self.time.second | self.time.minute << 6)
        return packet.ljust(_SIZE, b"\0")


def decode(packet: bytes, _quirks: Collection[str] = ()) -> OmronRecord:
    """Decode one record. Raises DecodeError, also for an empty slot."""
    if len(packet) < _SIZE:
        raise DecodeError(f"a record has {_SIZE} bytes, not {len(packet)}")
    if packet.startswith(_EMPTY):
        raise DecodeError("an empty memory slot")
    fields = Fields(packet)
    return OmronRecord(
        systolic=fields.u8() + _SYSTOLIC_BIAS,
        diastolic=fields.u8(),
        pulse=fields.u8(),
        time=_time(fields.u8() + 2000, fields.u16(), fields.u16()),
    )


def _time(year: int, date: int, clock: int) -> DateTime:
    second = min(clock & 63, 59)  # the cuff counts up to 63
    return DateTime(year, date >> 10 & 15, date >> 5 & 31, date & 31, clock >> 6 & 63, second)
