"""2AAA CGM Session Start Time: without it a record of 2AA7 has only minutes since an unknown moment."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from devices.gatt.fields import Fields, u8
from devices.ieee11073 import DateTime


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStart:
    """When the session began by the meter's clock; zone in quarters of an hour and daylight saving as sent (octets)."""

    time: DateTime
    zone: int
    daylight_saving: int

    def describe(self) -> dict[str, object]:
        """The start, ISO 8601 without a zone, and the two octets."""
        return {"time": self.time.shown(), "zone": self.zone, "dst": self.daylight_saving}

    def encode(self) -> bytes:
        """The packet, without a check sum."""
        return self.time.encode() + u8(self.zone) + u8(self.daylight_saving)


def decode(packet: bytes, _quirks: Collection[str] = ()) -> SessionStart:
    """Decode one packet. Raises DecodeError."""
    fields = Fields(packet)
    return SessionStart(time=fields.date_time(), zone=fields.u8(), daylight_saving=fields.u8())
