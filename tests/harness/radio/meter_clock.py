"""The clock of an emulated meter: it runs with an error, can be read and set, and shows local time without a zone."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass
class EmulatedClock:
    """`now` gives the true local time, naive; `error` is how far the meter is ahead of it."""

    now: Callable[[], datetime]
    error: timedelta = timedelta(0)
    written: list[bytes] = field(default_factory=list)

    def shows(self) -> datetime:
        """What stands on the display."""
        return self.now() + self.error

    def date_time(self) -> bytes:
        """The seven bytes of 2A08."""
        t = self.shows()
        return struct.pack("<HBBBBB", t.year, t.month, t.day, t.hour, t.minute, t.second)

    def current_time(self) -> bytes:
        """The ten bytes of 2A2B."""
        return self.date_time() + bytes([self.shows().isoweekday(), 0, 0])

    def set(self, value: bytes) -> None:
        """Takes 2A08 or 2A2B."""
        self.written.append(value)
        year, month, day, hour, minute, second = struct.unpack_from("<HBBBBB", value)
        self.error = datetime(year, month, day, hour, minute, second) - self.now()
