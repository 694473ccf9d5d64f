"""Our own line protocol for instruments on a serial port; described in docs/kiosk-serial-protocol.md. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from devices.metrics import Catalogue
from devices.reading import Flag, Meal
from gateway.kiosk import numerals
from gateway.kiosk.heard import Channel, Heard
from gateway.kiosk.instruments import CouldNot, Message, OnItsWay, Said
from gateway.kiosk.names import Measurement

MARK = "MX1"
_LONGEST = 512  # bytes a line may have; more is noise
_SENT_AGAIN = timedelta(seconds=60)  # the same bytes so soon are the same measurement, its answer was lost
_NO_VALUES = frozenset({"seq", "type", "time", "meal", "flags"})


class LineDriver:
    """One instrument's line."""

    def __init__(self, device: str, measurement: Measurement, catalogue: Catalogue) -> None:
        """`device`: its name in the server's register. `measurement`: what it may say; anything else is refused."""
        self._device = device
        self._measurement = measurement
        self._catalogue = catalogue
        self._buffer = b""
        self._latest: Heard | None = None

    def feed(self, received: bytes, at: datetime) -> Iterator[Message]:
        """The messages of the lines that these bytes complete."""
        *lines, self._buffer = (self._buffer + received).split(b"\n")
        self._buffer = self._buffer[-_LONGEST:]
        for line in lines:
            start = line.rfind(b"$")
            if start >= 0:
                yield self._message(line[start + 1 :].strip(), at)

    def _message(self, line: bytes, at: datetime) -> Message:
        body, _, checksum = line.rpartition(b"*")
        if checksum.upper() != b"%04X" % crc16(body):
            return Message(None, if_not=framed("NAK;reason=checksum"))
        try:
            fields = _fields(body.decode("ascii"))
            if fields["type"] == "live":
                return Message(self._on_its_way(fields))
            return Message(
                self._said(fields, body, at),
                if_kept=framed(f"ACK;seq={int(fields['seq'])}"),
                if_not=framed("NAK;reason=not_kept"),
            )
        except (ValueError, KeyError):  # among them NotAValue, UnknownUnit, UnicodeDecodeError
            return Message(None, if_not=framed("NAK;reason=content"))

    def _on_its_way(self, fields: Mapping[str, str]) -> OnItsWay:
        cuff = numerals.take({"systolic": numerals.parse(fields["cuff"])}, self._catalogue)
        return OnItsWay(cuff.values["systolic"])

    def _said(self, fields: Mapping[str, str], body: bytes, at: datetime) -> Said:
        if fields["type"] != self._measurement:
            raise ValueError("this line is for another kind of instrument")
        if "error" in fields:
            return CouldNot(self._measurement)
        return self._heard(fields, body, at)

    def _heard(self, fields: Mapping[str, str], body: bytes, at: datetime) -> Heard:
        written = {name: numerals.parse(text) for name, text in fields.items() if name not in _NO_VALUES}
        if not written:
            raise ValueError("a measurement without a value")
        stamp = datetime.fromisoformat(fields["time"]) if "time" in fields else None
        heard = Heard(
            channel=Channel.SERIAL,
            device=self._device,
            measurement=self._measurement,
            take=numerals.take(written, self._catalogue),
            received_at=self._first_received(body, at),
            identifying=body,
            stamp=None if stamp is None else stamp.replace(tzinfo=None),
            meal=Meal(fields["meal"]) if "meal" in fields else None,
            flags=_flags(fields.get("flags", "")),
        )
        self._latest = heard
        return heard

    def _first_received(self, body: bytes, at: datetime) -> datetime:
        """An instrument without a clock that missed our answer sends the same line again: it is the same reading."""
        latest = self._latest
        again = latest is not None and latest.identifying == body and at - latest.received_at < _SENT_AGAIN
        return latest.received_at if latest is not None and again else at


def framed(body: str) -> bytes:
    """A line with its checksum."""
    return b"$%s*%04X\r\n" % (body.encode(), crc16(body.encode()))


def crc16(data: bytes) -> int:
    """CRC-16/CCITT-FALSE: polynomial 0x1021, begins with 0xFFFF; of `123456789` it is 0x29B1."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = crc << 1 ^ (0x1021 if crc & 0x8000 else 0)
        crc &= 0xFFFF
    return crc


def _fields(body: str) -> dict[str, str]:
    mark, *parts = body.split(";")
    if mark != MARK:
        raise ValueError(f"the line does not begin with {MARK}")
    fields = dict(part.split("=", 1) for part in parts)
    if len(fields) < len(parts):
        raise ValueError("a field stands twice")
    return fields


def _flags(names: str) -> Flag:
    flags = Flag(0)
    for name in filter(None, names.split("+")):
        flags |= Flag[name.upper()]
    return flags
