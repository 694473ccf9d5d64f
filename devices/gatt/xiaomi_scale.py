"""Service data that Xiaomi scales advertise: 181D (weight) and 181B (weight and impedance); no connection is made."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, TypeAlias

from devices.gatt.fields import Fields, u8, u16
from devices.ieee11073 import DateTime

ScaleUnit: TypeAlias = Literal["kg", "lb", "jin"]
_RAW_PER_UNIT = {"kg": 200, "lb": 100, "jin": 100}
_LARGEST_IMPEDANCE = 3000  # ohm; the scale fills the field with more while it is still measuring


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleAdvert:
    """181D: weight in `unit` (1 jin 斤 = 0.5 kg); stable: the value has settled; removed: nobody stands on it now."""

    weight: float
    unit: ScaleUnit = "kg"
    stable: bool = True
    removed: bool = False
    time: DateTime

    def describe(self) -> dict[str, object]:
        """Field names as in the test vectors."""
        return {
            "weight": self.weight,
            "unit": self.unit,
            "stable": self.stable,
            "removed": self.removed,
            "time": self.time.shown(),
        }

    def encode(self) -> bytes:
        """The service data."""
        bits = 2 | (self.unit == "lb") | (self.unit == "jin") << 4 | self.stable << 5 | self.removed << 7
        return u8(bits) + u16(round(self.weight * _RAW_PER_UNIT[self.unit])) + self.time.encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyScaleAdvert:
    """181B: as 181D, and the impedance in ohm once it is known."""

    weight: float
    unit: ScaleUnit = "kg"
    impedance: int | None = None
    stable: bool = True
    removed: bool = False
    time: DateTime

    def describe(self) -> dict[str, object]:
        """Field names as in the test vectors."""
        return {
            "weight": self.weight,
            "unit": self.unit,
            "impedance": self.impedance,
            "stable": self.stable,
            "time": self.time.shown(),
        }

    def encode(self) -> bytes:
        """The service data."""
        known = self.impedance is not None
        bits = known << 1 | 1 << 2 | self.stable << 5 | (self.unit == "jin") << 6 | self.removed << 7
        packet = u8(2 | (self.unit == "lb")) + u8(bits) + self.time.encode()
        return packet + u16(self.impedance or 0) + u16(round(self.weight * _RAW_PER_UNIT[self.unit]))


def decode_weight(packet: bytes, _quirks: Collection[str] = ()) -> ScaleAdvert:
    """Decode the service data of 181D. Raises DecodeError."""
    fields = Fields(packet)
    bits = fields.u8()
    unit: ScaleUnit = "lb" if bits & 1 else "jin" if bits & 1 << 4 else "kg"
    return ScaleAdvert(
        weight=fields.u16() / _RAW_PER_UNIT[unit],
        unit=unit,
        stable=bool(bits & 1 << 5),
        removed=bool(bits & 1 << 7),
        time=fields.date_time(),
    )


def decode_body(packet: bytes, _quirks: Collection[str] = ()) -> BodyScaleAdvert:
    """Decode the service data of 181B. Raises DecodeError."""
    fields = Fields(packet)
    units, bits = fields.u8(), fields.u8()
    unit: ScaleUnit = "lb" if units & 1 else "jin" if bits & 1 << 6 else "kg"
    time = fields.date_time()
    impedance = fields.u16()
    return BodyScaleAdvert(
        weight=fields.u16() / _RAW_PER_UNIT[unit],
        unit=unit,
        impedance=impedance if bits & 1 << 1 and 0 < impedance < _LARGEST_IMPEDANCE else None,
        stable=bool(bits & 1 << 5),
        removed=bool(bits & 1 << 7),
        time=time,
    )
