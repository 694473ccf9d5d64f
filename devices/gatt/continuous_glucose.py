"""2AA7 CGM Measurement: one or several records in a packet, each with its size and perhaps a check sum (E2E-CRC)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from devices.gatt.fields import DecodeError, Fields, short_float, u8, u16
from devices.ieee11073 import Numeric, shown

_SMALLEST = 6
_TREND, _QUALITY, _WARNING, _CALIBRATION, _STATUS = 1, 2, 1 << 5, 1 << 6, 1 << 7


@dataclass(frozen=True, slots=True, kw_only=True)
class ContinuousGlucoseRecord:
    """Glucose in mg/dL, minutes since the session began, three status octets, trend in mg/dL/min, quality in per cent.

    `crc_ok` is None when the record carries no check sum; on encoding, None leaves it out and True computes it.
    """

    value: Numeric
    offset: int
    status: int | None = None
    calibration: int | None = None
    warning: int | None = None
    trend: Numeric | None = None
    quality: Numeric | None = None
    crc_ok: bool | None = None

    def describe(self) -> dict[str, object]:
        """Field names as in the test vectors."""
        described: dict[str, object] = {"value": shown(self.value), "offset_min": self.offset}
        for name, octet in (("st", self.status), ("cal", self.calibration), ("warn", self.warning)):
            if octet is not None:
                described[name] = octet
        for name, value in (("trend", self.trend), ("quality", self.quality)):
            if value is not None:
                described[name] = shown(value)
        return described | ({} if self.crc_ok is None else {"crc_ok": self.crc_ok})

    def encode(self) -> bytes:
        """The record. Raises ValueError for one whose check sum was wrong: that cannot be said again."""
        if self.crc_ok is False:
            raise ValueError("a record with a wrong check sum is not sent on")
        bits = (self.trend is not None) * _TREND | (self.quality is not None) * _QUALITY
        bits |= (self.warning is not None) * _WARNING | (self.calibration is not None) * _CALIBRATION
        bits |= (self.status is not None) * _STATUS
        body = u8(bits) + short_float(self.value) + u16(self.offset)
        body += b"".join(u8(octet) for octet in (self.status, self.calibration, self.warning) if octet is not None)
        body += b"".join(short_float(value) for value in (self.trend, self.quality) if value is not None)
        if self.crc_ok is None:
            return u8(len(body) + 1) + body
        record = u8(len(body) + 3) + body
        return record + u16(crc(record))


@dataclass(frozen=True, slots=True)
class ContinuousGlucose:
    """The records of one packet, at least one."""

    records: tuple[ContinuousGlucoseRecord, ...]

    def describe(self) -> list[dict[str, object]]:
        """One description a record."""
        return [record.describe() for record in self.records]

    def encode(self) -> bytes:
        """The packet."""
        return b"".join(record.encode() for record in self.records)


def decode(packet: bytes, _quirks: Collection[str] = ()) -> ContinuousGlucose:
    """Decode one packet. Raises DecodeError: the records hide each other's ends, so one wrong size spoils all."""
    if not packet:
        raise DecodeError("0 bytes, but a record should begin at byte 0")
    records = []
    at = 0
    while at < len(packet):
        size = packet[at]
        if size < _SMALLEST or at + size > len(packet):
            raise DecodeError(f"a record at byte {at} says it has {size} bytes, the packet has {len(packet) - at} left")
        records.append(_record(packet[at : at + size]))
        at += size
    return ContinuousGlucose(tuple(records))


def _record(packet: bytes) -> ContinuousGlucoseRecord:
    fields = Fields(packet)
    fields.u8()
    bits = fields.u8()
    return ContinuousGlucoseRecord(
        value=fields.sfloat(),
        offset=fields.u16(),
        status=fields.u8() if bits & _STATUS else None,
        calibration=fields.u8() if bits & _CALIBRATION else None,
        warning=fields.u8() if bits & _WARNING else None,
        trend=fields.sfloat() if bits & _TREND else None,
        quality=fields.sfloat() if bits & _QUALITY else None,
        crc_ok=_checked(packet, fields.left()),
    )


def _checked(packet: bytes, left: int) -> bool | None:
    if left < 2:
        return None
    return crc(packet[:-2]) == int.from_bytes(packet[-2:], "little")


def crc(data: bytes) -> int:
    """The profile's E2E-CRC: CRC-16 of CCITT, start 0xFFFF, least significant bit first (CRC-16/MCRF4XX)."""
    register = 0xFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (0x8408 if register & 1 else 0)
    return register
