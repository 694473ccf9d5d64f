"""2A34 Glucose Measurement Context: what the person ate, did and took; joins its 2A18 by sequence number."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from devices.gatt.fields import Fields, flags, short_float, u8, u16
from devices.ieee11073 import Numeric, shown

KETONE_MEAL = 6  # outside the profile; see quirk ketone-meal-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Carbohydrate:
    """Which meal the carbohydrate belongs to (1-7) and how much, in kg."""

    meal: int
    mass: Numeric


@dataclass(frozen=True, slots=True, kw_only=True)
class Exercise:
    """Seconds (65535: more than can be said) and intensity in per cent."""

    seconds: int
    intensity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Medication:
    """Which kind (1-5) and how much, in kg or litres."""

    kind: int
    amount: Numeric
    unit: Literal["kg", "L"] = "kg"


@dataclass(frozen=True, slots=True, kw_only=True)
class GlucoseContext:
    """What was said about one measurement; what was not said is None."""

    sequence: int
    extended: int | None = None
    carbohydrate: Carbohydrate | None = None
    meal: int | None = None  # 1 before, 2 after, 3 fasting, 4 casual, 5 bedtime
    tester: int | None = None  # sent together with health
    health: int | None = None
    exercise: Exercise | None = None
    medication: Medication | None = None
    hba1c: Numeric | None = None  # per cent

    def describe(self) -> dict[str, object]:
        """Only what was sent."""
        described: dict[str, object] = {"seq": self.sequence}
        if self.carbohydrate is not None:
            described |= {"carb": self.carbohydrate.meal, "carb_kg": shown(self.carbohydrate.mass)}
        if self.meal is not None:
            described["meal"] = self.meal
        if self.tester is not None:
            described |= {"tester": self.tester, "health": self.health}
        if self.exercise is not None:
            described |= {"exercise_s": self.exercise.seconds, "exercise_pct": self.exercise.intensity}
        if self.medication is not None:
            amount = "medication_kg" if self.medication.unit == "kg" else "medication_l"
            described |= {"medication": self.medication.kind, amount: shown(self.medication.amount)}
        if self.hba1c is not None:
            described["hba1c"] = shown(self.hba1c)
        return described

    def encode(self) -> bytes:
        """The packet. Tester and health are one byte: give both or neither."""
        litres = self.medication is not None and self.medication.unit == "L"
        bits = flags(
            self.carbohydrate, self.meal, self.tester, self.exercise, self.medication, litres, self.hba1c, self.extended
        )
        packet = u8(bits) + u16(self.sequence)
        packet += b"" if self.extended is None else u8(self.extended)
        if self.carbohydrate is not None:
            packet += u8(self.carbohydrate.meal) + short_float(self.carbohydrate.mass)
        packet += b"" if self.meal is None else u8(self.meal)
        packet += b"" if self.tester is None else u8(self.tester | (self.health or 0) << 4)
        if self.exercise is not None:
            packet += u16(self.exercise.seconds) + u8(self.exercise.intensity)
        if self.medication is not None:
            packet += u8(self.medication.kind) + short_float(self.medication.amount)
        return packet + (b"" if self.hba1c is None else short_float(self.hba1c))


def decode(packet: bytes, _quirks: Collection[str] = ()) -> GlucoseContext:
    """Decode one packet. Raises DecodeError."""
    fields = Fields(packet)
    bits = fields.u8()
    sequence = fields.u16()
    extended = fields.u8() if bits & 0x80 else None
    carbohydrate = Carbohydrate(meal=fields.u8(), mass=fields.sfloat()) if bits & 1 else None
    meal = fields.u8() if bits & 2 else None
    people = fields.u8() if bits & 4 else None
    return GlucoseContext(
        sequence=sequence,
        extended=extended,
        carbohydrate=carbohydrate,
        meal=meal,
        tester=None if people is None else people & 0x0F,
        health=None if people is None else people >> 4,
        exercise=Exercise(seconds=fields.u16(), intensity=fields.u8()) if bits & 8 else None,
        medication=_medication(fields, bits) if bits & 16 else None,
        hba1c=fields.sfloat() if bits & 64 else None,
    )


def _medication(fields: Fields, bits: int) -> Medication:
    return Medication(kind=fields.u8(), amount=fields.sfloat(), unit="L" if bits & 32 else "kg")
