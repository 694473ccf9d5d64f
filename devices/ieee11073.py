"""Numbers and dates as IEEE 11073-20601 puts them on the air: SFLOAT, FLOAT, date-time, and what is not a number.

Mantissa and exponent are two's complement. A decoded number keeps both, so that 2.0 and 2.00 stay different and every
code encodes back to itself.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from struct import Struct
from typing import NamedTuple, Self, TypeAlias


class Special(StrEnum):
    """What a meter sends instead of a number. Never compare, convert or store one as a number."""

    NAN = "NaN"  # the measurement failed
    NRES = "NRes"  # not at this resolution
    ABOVE = "+INF"  # above what the meter can measure
    BELOW = "-INF"  # below what the meter can measure
    RESERVED = "RFU"


class Quantity(NamedTuple):
    """The number `mantissa · 10^exponent`, exactly as sent."""

    mantissa: int
    exponent: int

    def number(self) -> float:
        """The nearest float; an integer stays an `int`."""
        scale: int = 10 ** abs(self.exponent)
        return self.mantissa / scale if self.exponent < 0 else self.mantissa * scale

    def scaled(self, power_of_ten: int) -> Quantity:
        """The same digits times a power of ten, exact (kg/L to mg/dL, mol/L to mmol/L)."""
        return Quantity(self.mantissa, self.exponent + power_of_ten)


Numeric: TypeAlias = Quantity | Special


def quantity(value: float, exponent: int = 0) -> Quantity:
    """The quantity nearest to `value` with the given exponent: `quantity(5.6, -1)` is 56 · 10^-1."""
    return Quantity(round(value * 10**-exponent if exponent < 0 else value / 10**exponent), exponent)


def number(value: Numeric | None) -> float | None:
    """The number, or None for what holds none."""
    return value.number() if isinstance(value, Quantity) else None


def shown(value: Numeric) -> float | str:
    """For people and JSON: the number, or the name of the special value."""
    return value.number() if isinstance(value, Quantity) else value.value


_SFLOAT_SPECIALS = {
    0x07FF: Special.NAN,
    0x0800: Special.NRES,
    0x07FE: Special.ABOVE,
    0x0802: Special.BELOW,
    0x0801: Special.RESERVED,
}
_FLOAT_SPECIALS = {
    0x007FFFFF: Special.NAN,
    0x00800000: Special.NRES,
    0x007FFFFE: Special.ABOVE,
    0x00800002: Special.BELOW,
    0x00800001: Special.RESERVED,
}
_SFLOAT_CODES = {special: code for code, special in _SFLOAT_SPECIALS.items()}
_FLOAT_CODES = {special: code for code, special in _FLOAT_SPECIALS.items()}


def sfloat(code: int) -> Numeric:
    """The meaning of a 16-bit SFLOAT code: 4 bits exponent, 12 bits mantissa."""
    special = _SFLOAT_SPECIALS.get(code)
    if special is not None:
        return special
    mantissa = code & 0xFFF
    exponent = code >> 12
    return Quantity(mantissa - 0x1000 if mantissa > 0x7FF else mantissa, exponent - 16 if exponent > 7 else exponent)


def float32(code: int) -> Numeric:
    """The meaning of a 32-bit FLOAT code: 8 bits exponent, 24 bits mantissa."""
    special = _FLOAT_SPECIALS.get(code)
    if special is not None:
        return special
    mantissa = code & 0xFFFFFF
    exponent = code >> 24
    return Quantity(
        mantissa - 0x1000000 if mantissa > 0x7FFFFF else mantissa, exponent - 256 if exponent > 127 else exponent
    )


def sfloat_code(value: Numeric) -> int:
    """The SFLOAT code of a value. Raises ValueError when it does not fit or would read as a special value."""
    if isinstance(value, Special):
        return _SFLOAT_CODES[value]
    code = _packed(value, mantissa_bits=12, exponent_bits=4)
    if code in _SFLOAT_SPECIALS:
        raise ValueError(f"{value} would read as {_SFLOAT_SPECIALS[code]}: choose another exponent")
    return code


def float32_code(value: Numeric) -> int:
    """The FLOAT code of a value. Raises ValueError when it does not fit or would read as a special value."""
    if isinstance(value, Special):
        return _FLOAT_CODES[value]
    code = _packed(value, mantissa_bits=24, exponent_bits=8)
    if code in _FLOAT_SPECIALS:
        raise ValueError(f"{value} would read as {_FLOAT_SPECIALS[code]}: choose another exponent")
    return code


def _packed(value: Quantity, *, mantissa_bits: int, exponent_bits: int) -> int:
    for part, bits in ((value.mantissa, mantissa_bits), (value.exponent, exponent_bits)):
        if not -(1 << bits - 1) <= part < 1 << bits - 1:
            raise ValueError(f"{value} does not fit: choose another exponent")
    return (value.exponent & (1 << exponent_bits) - 1) << mantissa_bits | value.mantissa & (1 << mantissa_bits) - 1


_DATE_TIME = Struct("<HBBBBB")


class DateTime(NamedTuple):
    """Seven bytes of date and time, as sent: a year, month or day of 0 means that the meter does not know it."""

    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int

    @classmethod
    def of(cls, moment: datetime) -> Self:
        """The parts of a moment, to the second; its zone is not looked at."""
        return cls(moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second)

    def naive(self) -> datetime | None:
        """The meter's stamp without a zone; None when a part is unknown or there is no such date."""
        try:
            return datetime(*self)
        except ValueError:
            return None

    def is_nonsense(self) -> bool:
        """Whether no part is unknown and yet there is no such date: the clock is broken, not unset."""
        return self.naive() is None and all((self.year, self.month, self.day))

    def shown(self) -> str | None:
        """ISO 8601 without a zone, or None when a part is unknown or there is no such date."""
        moment = self.naive()
        return moment.isoformat() if moment else None

    def encode(self) -> bytes:
        """The seven bytes."""
        return _DATE_TIME.pack(*self)


def naive(time: DateTime | None) -> datetime | None:
    """The stamp of a record that may have none."""
    return None if time is None else time.naive()


def is_nonsense(time: DateTime | None) -> bool:
    """Whether a record has a stamp that is no date at all."""
    return time is not None and time.is_nonsense()
