"""2A1C Temperature Measurement (Health Thermometer Service)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from devices.gatt.fields import Fields, flags, long_float, u8
from devices.ieee11073 import DateTime, Numeric, shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Temperature:
    """One measurement in `unit`; site 1 armpit, 2 body, 3 ear, 4 finger, 5 gut, 6 mouth, 7 rectum, 8 toe, 9 eardrum."""

    value: Numeric
    unit: Literal["C", "F"] = "C"
    time: DateTime | None = None
    site: int | None = None

    def describe(self) -> dict[str, object]:
        """Field names as in the test vectors."""
        described: dict[str, object] = {"value": shown(self.value), "unit": self.unit}
        if self.time is not None:
            described["time"] = self.time.shown()
        return described | ({} if self.site is None else {"type": self.site})

    def encode(self) -> bytes:
        """The packet."""
        packet = u8(flags(self.unit == "F", self.time, self.site)) + long_float(self.value)
        packet += b"" if self.time is None else self.time.encode()
        return packet + (b"" if self.site is None else u8(self.site))


def decode(packet: bytes, _quirks: Collection[str] = ()) -> Temperature:
    """Decode one packet. Raises DecodeError."""
    fields = Fields(packet)
    bits = fields.u8()
    return Temperature(
        value=fields.float32(),
        unit="F" if bits & 1 else "C",
        time=fields.date_time() if bits & 2 else None,
        site=fields.u8() if bits & 4 else None,
    )
