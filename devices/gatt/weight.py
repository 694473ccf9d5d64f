"""2A9D Weight Measurement (Weight Scale Service)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, TypeAlias

from devices.gatt.fields import Fields, flags, u8, u16
from devices.ieee11073 import DateTime

MassUnit: TypeAlias = Literal["kg", "lb"]
UNSUCCESSFUL = 0xFFFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """One weighing. Weight in `unit` (None: the scale says it failed), height in m with kg and in inch with lb."""

    weight: float | None
    unit: MassUnit = "kg"
    time: DateTime | None = None
    user: int | None = None  # 255: unknown
    bmi: float | None = None  # sent together with height
    height: float | None = None

    def describe(self) -> dict[str, object]:
        """Field names as in the test vectors; a failed weighing has weight None."""
        described: dict[str, object] = {"weight": self.weight, "unit": self.unit}
        if self.time is not None:
            described["time"] = self.time.shown()
        if self.user is not None:
            described["user"] = self.user
        if self.bmi is not None:
            described |= {"bmi": self.bmi, "height": self.height}
        return described

    def encode(self) -> bytes:
        """The packet. BMI and height go together: give both or neither."""
        packet = u8(flags(self.unit == "lb", self.time, self.user, self.bmi)) + encode_mass(self.weight, self.unit)
        packet += b"" if self.time is None else self.time.encode()
        packet += b"" if self.user is None else u8(self.user)
        if self.bmi is not None:
            packet += u16(round(self.bmi * 10)) + encode_height(self.height or 0, self.unit)
        return packet


def decode(packet: bytes, _quirks: Collection[str] = ()) -> Weight:
    """Decode one packet. Raises DecodeError."""
    fields = Fields(packet)
    bits = fields.u8()
    unit: MassUnit = "lb" if bits & 1 else "kg"
    return Weight(
        weight=mass(fields.u16(), unit),
        unit=unit,
        time=fields.date_time() if bits & 2 else None,
        user=fields.u8() if bits & 4 else None,
        bmi=fields.u16() / 10 if bits & 8 else None,
        height=height(fields.u16(), unit) if bits & 8 else None,
    )


def mass(raw: int, unit: MassUnit) -> float | None:
    """Resolution 0.005 kg or 0.01 lb, in every characteristic of the scale services; None where it failed."""
    if raw == UNSUCCESSFUL:
        return None
    return raw / 200 if unit == "kg" else raw / 100


def encode_mass(value: float | None, unit: MassUnit) -> bytes:
    """The opposite of `mass`; None becomes "measurement unsuccessful"."""
    return u16(UNSUCCESSFUL if value is None else round(value * (200 if unit == "kg" else 100)))


def height(raw: int, unit: MassUnit) -> float:
    """Resolution 0.001 m or 0.1 inch."""
    return raw / 1000 if unit == "kg" else raw / 10


def encode_height(value: float, unit: MassUnit) -> bytes:
    """The opposite of `height`."""
    return u16(round(value * (1000 if unit == "kg" else 10)))
