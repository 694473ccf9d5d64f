"""2A2B Current Time: a meter's clock with the day of the week and fractions of a second, read and written."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from devices.gatt.fields import Fields, u8
from devices.ieee11073 import DateTime

MANUAL_UPDATE = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentTime:
    """What the clock shows; weekday 1 Monday … 7 Sunday, 0 unknown; fractions in 1/256 s; why it was last set."""

    time: DateTime
    weekday: int = 0
    fractions: int = 0
    adjusted: int = 0

    @classmethod
    def of(cls, moment: datetime, *, adjusted: int = MANUAL_UPDATE) -> Self:
        """What to write into a meter at this local moment."""
        return cls(
            time=DateTime.of(moment),
            weekday=moment.isoweekday(),
            fractions=moment.microsecond * 256 // 1_000_000,
            adjusted=adjusted,
        )

    def naive(self) -> datetime | None:
        """The time shown to the microsecond, or None when the clock is not set or impossible."""
        whole = self.time.naive()
        return whole and whole.replace(microsecond=self.fractions * 1_000_000 // 256)

    def describe(self) -> dict[str, object]:
        """Field names as in the test vectors."""
        return {
            "time": self.time.shown(),
            "dow": self.weekday,
            "fractions256": self.fractions,
            "adjust": self.adjusted,
        }

    def encode(self) -> bytes:
        """The packet, also the one to write."""
        return self.time.encode() + u8(self.weekday) + u8(self.fractions) + u8(self.adjusted)


def decode(packet: bytes, _quirks: Collection[str] = ()) -> CurrentTime:
    """Decode one packet. Raises DecodeError."""
    fields = Fields(packet)
    return CurrentTime(time=fields.date_time(), weekday=fields.u8(), fractions=fields.u8(), adjusted=fields.u8())
