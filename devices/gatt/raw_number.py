"""A bare SFLOAT or FLOAT, as test vectors give it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from devices.gatt.fields import Fields, long_float, short_float
from devices.ieee11073 import Numeric, shown


@dataclass(frozen=True, slots=True)
class ShortFloat:
    """16 bits."""

    value: Numeric

    def describe(self) -> float | str:
        """The number, or the name of the special value."""
        return shown(self.value)

    def encode(self) -> bytes:
        """Two bytes."""
        return short_float(self.value)


@dataclass(frozen=True, slots=True)
class LongFloat:
    """32 bits."""

    value: Numeric

    def describe(self) -> float | str:
        """The number, or the name of the special value."""
        return shown(self.value)

    def encode(self) -> bytes:
        """Four bytes."""
        return long_float(self.value)


def decode_sfloat(packet: bytes, _quirks: Collection[str] = ()) -> ShortFloat:
    """Decode two bytes. Raises DecodeError."""
    return ShortFloat(Fields(packet).sfloat())


def decode_float32(packet: bytes, _quirks: Collection[str] = ()) -> LongFloat:
    """Decode four bytes. Raises DecodeError."""
    return LongFloat(Fields(packet).float32())
