"""The record of an Omron HEM-7142T2 as it lies in the cuff's memory: 14 bytes, read over Omron's own protocol."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from devices.gatt.fields import DecodeError, Fields, u8, u16
from devices.ieee11073 import DateTime

_SIZE = 14
_SYSTOLIC_BIAS = 25
_EMPTY = (b"\xff" * 7, bytes(7))  # after the first byte: never written, or cleared


@dataclass(frozen=True, slots=True, kw_only=True)
class OmronRecord:
    """One stored measurement, in mmHg and per minute; systolic 25 to 280."""

    systolic: int
    diastolic: int
    pulse: int
    time: DateTime
    irregular: bool = False  # heartbeat
    movement: bool = False  # of the body

    def describe(self) -> dict[str, object]:
        """Field names as in the test vectors, which have none for the cuff's doubts."""
        return {"sys": self.systolic, "dia": self.diastolic, "pulse": self.pulse, "time": self.time.shown()}

    def encode(self) -> bytes:
        """The record; what is not known of its last bytes is zero."""
        packet = bytes((self.systolic - _SYSTOLIC_BIAS, self.diastolic, self.pulse)) + u8(self.time.year - 2000)
        date = self.time.hour | self.time.day << 5 | self.time.month << 10
        packet += u16(date | self.irregular << 14 | self.movement << 15)
        packet += u16(self.time.second | self.time.minute << 6)
        return packet.ljust(_SIZE, b"\0")


def decode(packet: bytes, _quirks: Collection[str] = ()) -> OmronRecord:
    """Decode one record. Raises DecodeError, also for an empty slot."""
    if len(packet) < _SIZE:
        raise DecodeError(f"a record has {_SIZE} bytes, not {len(packet)}")
    if packet[1:8] in _EMPTY:
        raise DecodeError("an empty memory slot")
    fields = Fields(packet)
    systolic, diastolic, pulse, year = fields.u8() + _SYSTOLIC_BIAS, fields.u8(), fields.u8(), fields.u8() & 63
    date, clock = fields.u16(), fields.u16()
    return OmronRecord(
        systolic=systolic,
        diastolic=diastolic,
        pulse=pulse,
        time=_time(2000 + year, date, clock),
        irregular=bool(date & 1 << 14),
        movement=bool(date & 1 << 15),
    )


def _time(year: int, date: int, clock: int) -> DateTime:
    second = min(clock & 63, 59)  # the cuff counts up to 63
    return DateTime(year, date >> 10 & 15, date >> 5 & 31, date & 31, clock >> 6 & 63, second)
