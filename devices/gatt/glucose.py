"""2A18 Glucose Measurement (Glucose Profile)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from devices.gatt.fields import Fields, flags, i16, short_float, u8, u16
from devices.gatt.quirks import MONTH_13
from devices.ieee11073 import DateTime, Numeric, Quantity, shown

ConcentrationUnit: TypeAlias = Literal["kg/L", "mol/L"]
CONTROL_SOLUTION_SAMPLE = 10
CONTROL_SOLUTION_LOCATION = 4
_OFFSET_OUT_OF_RANGE = (0x7FFF, -0x8000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Concentration:
    """The result in the unit on the air, with what was sampled (1-10) and where (1-4, 15 unknown)."""

    unit: ConcentrationUnit
    value: Numeric
    sample: int
    location: int

    def describe(self) -> dict[str, object]:
        """With the number people know: `mg_dl` for kg/L, `mmol_l` for mol/L; none for a special value."""
        described: dict[str, object] = {"unit": self.unit, "value": shown(self.value)}
        if isinstance(self.value, Quantity):
            name, power = ("mg_dl", 5) if self.unit == "kg/L" else ("mmol_l", 3)
            described[name] = float(self.value.scaled(power).number())
        return described | {"type": self.sample, "location": self.location}


@dataclass(frozen=True, slots=True, kw_only=True)
class Glucose:
    """One stored or live result; what the meter did not send is None."""

    sequence: int
    base_time: DateTime
    offset: int | None = None  # minutes that the user has moved the clock: shown time = base time + offset
    concentration: Concentration | None = None
    status: int | None = None  # 12 bits, see devices.interpret
    context_follows: bool = False

    def stamp(self) -> datetime | None:
        """The time the user saw; None when a part is unknown or impossible."""
        base = self.base_time.naive()
        if base is None or self.offset_lost():
            return None
        try:
            return base + timedelta(minutes=self.offset or 0)
        except OverflowError:
            return None

    def offset_lost(self) -> bool:
        """Whether the offset is one of the codes for "out of range", which leaves the user's time unknown."""
        return self.offset in _OFFSET_OUT_OF_RANGE

    def describe(self) -> dict[str, object]:
        """Field names as in the test vectors."""
        described: dict[str, object] = {"seq": self.sequence, "base_time": self.base_time.shown()}
        if self.offset is not None:
            described["offset_min"] = self.offset
        if self.concentration is not None:
            described |= self.concentration.describe()
        if self.status is not None:
            described["status"] = self.status
        return described | {"context_follows": self.context_follows}

    def encode(self) -> bytes:
        """The packet."""
        result = self.concentration
        in_moles = result is not None and result.unit == "mol/L"
        packet = u8(flags(self.offset, result, in_moles, self.status, self.context_follows))
        packet += u16(self.sequence) + self.base_time.encode()
        packet += b"" if self.offset is None else i16(self.offset)
        if result is not None:
            packet += short_float(result.value) + u8(result.sample | result.location << 4)
        return packet + (b"" if self.status is None else u16(self.status))


def decode(packet: bytes, quirks: Collection[str] = ()) -> Glucose:
    """Decode one packet. Raises DecodeError."""
    fields = Fields(packet)
    bits = fields.u8()
    sequence = fields.u16()
    base_time = fields.date_time()
    if MONTH_13 in quirks and base_time.month == 13:
        base_time = base_time._replace(month=1)
    return Glucose(
        sequence=sequence,
        base_time=base_time,
        offset=fields.i16() if bits & 1 else None,
        concentration=_concentration(fields, bits) if bits & 2 else None,
        status=fields.u16() if bits & 8 else None,
        context_follows=bool(bits & 16),
    )


def _concentration(fields: Fields, bits: int) -> Concentration:
    value = fields.sfloat()
    where = fields.u8()
    return Concentration(unit="mol/L" if bits & 4 else "kg/L", value=value, sample=where & 0x0F, location=where >> 4)
