"""What one measurement looks like on the air: GATT packets from the encoders of `devices.gatt`, faults included."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import TypeAlias

from devices.gatt.blood_pressure import UNKNOWN_USER, BloodPressure
from devices.gatt.glucose import CONTROL_SOLUTION_SAMPLE, Concentration, Glucose
from devices.gatt.glucose_context import GlucoseContext
from devices.gatt.oximetry import Oximetry
from devices.gatt.temperature import Temperature
from devices.gatt.weight import Weight
from devices.ieee11073 import DateTime, Numeric, Quantity, Special, quantity
from devices.reading import Meal
from devices.simulator.assumptions import Faults
from devices.simulator.trajectory import Pressure

Sent: TypeAlias = tuple[str, bytes]  # characteristic and packet

CAPILLARY_WHOLE_BLOOD, FINGER, ARMPIT = 1, 1, 1
KPA_PER_MMHG = 0.133322
GLUCOSE_LOWEST, GLUCOSE_HIGHEST = 1.1, 33.3  # mmol/L; below and above, meters of this kind show LO and HI
MOVEMENT, CUFF_LOOSE, IRREGULAR = 1, 2, 4  # bits of the status in 2A35
RESULT_TOO_HIGH, RESULT_TOO_LOW = 1 << 5, 1 << 6  # bits of the status in 2A18
MEAL_CODES = {Meal.BEFORE: 1, Meal.AFTER: 2, Meal.FASTING: 3, Meal.CASUAL: 4, Meal.BEDTIME: 5}


@dataclass(frozen=True, slots=True)
class Cuff:
    """How one cuff talks: its unit, and the memory slot the person chose (None: it has no slots)."""

    kilopascal: bool
    slot: int | None


def pressure(value: Pressure, stamp: datetime, cuff: Cuff, faults: Faults, random: Random) -> list[Sent]:
    """A 2A35 packet, preceded by one without numbers when the first inflation failed."""
    user = cuff.slot
    if user is not None and random.random() < faults.unknown_user_rate:
        user = UNKNOWN_USER
    status = IRREGULAR * value.irregular
    status |= MOVEMENT * (random.random() < faults.movement_rate)
    status |= CUFF_LOOSE * (random.random() < faults.cuff_loose_rate)
    packets = []
    if random.random() < faults.failed_rate:
        packets.append(_cuff_packet(None, stamp, cuff, user, status | MOVEMENT))
    return [*packets, _cuff_packet(value, stamp, cuff, user, status)]


def _cuff_packet(value: Pressure | None, stamp: datetime, cuff: Cuff, user: int | None, status: int) -> Sent:
    def on_the_air(mmhg: int) -> Numeric:
        return quantity(mmhg * KPA_PER_MMHG, -1) if cuff.kilopascal else Quantity(mmhg, 0)

    packet = BloodPressure(
        unit="kPa" if cuff.kilopascal else "mmHg",
        systolic=Special.NAN if value is None else on_the_air(value.systolic),
        diastolic=Special.NAN if value is None else on_the_air(value.diastolic),
        mean_arterial=Special.NAN,  # most home cuffs do not report it
        time=DateTime.of(stamp),
        pulse=Special.NAN if value is None else Quantity(value.pulse, 0),
        user=user,
        status=status,
    )
    return "2A35", packet.encode()


def glucose(value: float, meal: Meal, stamp: datetime, sequence: int, faults: Faults, random: Random) -> list[Sent]:
    """A 2A18 packet and, where the person said something of a meal, its 2A34."""
    if random.random() < faults.out_of_range_rate:
        value = random.choice((GLUCOSE_LOWEST / 2, GLUCOSE_HIGHEST + 1))
    control = random.random() < faults.control_solution_rate
    said_meal = not control and random.random() >= faults.no_meal_context_rate
    status = RESULT_TOO_HIGH * (value > GLUCOSE_HIGHEST) | RESULT_TOO_LOW * (value < GLUCOSE_LOWEST)
    result = Concentration(
        unit="mol/L",
        value=_concentration(value),
        sample=CONTROL_SOLUTION_SAMPLE if control else CAPILLARY_WHOLE_BLOOD,
        location=FINGER,
    )
    measurement = Glucose(
        sequence=sequence,
        base_time=DateTime.of(stamp),
        concentration=result,
        status=status,
        context_follows=said_meal,
    )
    context = GlucoseContext(sequence=sequence, meal=MEAL_CODES[meal])
    return [("2A18", measurement.encode()), *([("2A34", context.encode())] if said_meal else [])]


def _concentration(mmol_l: float) -> Numeric:
    if mmol_l > GLUCOSE_HIGHEST:
        return Special.ABOVE
    if mmol_l < GLUCOSE_LOWEST:
        return Special.BELOW
    return Quantity(round(mmol_l * 10), -4)  # mol/L, to the tenth of a mmol/L that the display shows


def weight(kilograms: float, metres: float, stamp: datetime) -> list[Sent]:
    """A 2A9D packet of a scale that knows the person's height."""
    rounded = round(kilograms, 1)
    packet = Weight(weight=rounded, time=DateTime.of(stamp), bmi=rounded / metres**2, height=metres)
    return [("2A9D", packet.encode())]


def temperature(celsius: float, stamp: datetime) -> list[Sent]:
    """A 2A1C packet, taken under the arm."""
    return [("2A1C", Temperature(value=quantity(celsius, -1), time=DateTime.of(stamp), site=ARMPIT).encode())]


def oximetry(spo2: int, pulse: int) -> list[Sent]:
    """A 2A5E packet of an oximeter without a clock."""
    return [("2A5E", Oximetry(spo2=Quantity(spo2, 0), pulse=Quantity(pulse, 0)).encode())]
