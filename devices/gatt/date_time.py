"""2A08 Date Time: a meter's clock, read and written."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from devices.gatt.fields import Fields
from devices.ieee11073 import DateTime


@dataclass(frozen=True, slots=True)
class Clock:
    """What the meter's clock shows, without a zone."""

    time: DateTime

    def naive(self) -> datetime | None:
        """The time shown, or None when the clock is not set or impossible."""
        return self.time.naive()

    def describe(self) -> str | None:
        """ISO 8601 without a zone; None when a part is unknown or there is no such date."""
        return self.time.shown()

    def encode(self) -> bytes:
        """The packet, also the one to write."""
        return self.time.encode()


def decode(packet: bytes, _quirks: Collection[str] = ()) -> Clock:
    """Decode one packet. Raises DecodeError."""
    return Clock(Fields(packet).date_time())
