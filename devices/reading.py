"""The data model: one `Reading` a measurement of a person, `Unusable` for bytes that hold none.

Values are in the canonical unit of their metric (`config/metrics.yaml`); the meter's own unit and precision stay in
`raw`, so that a later version can decode again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntFlag, StrEnum
from uuid import UUID

from devices.waveform import Waveform


class Kind(StrEnum):
    """What was measured. The names are those of the database's enum `telemetry.kind`."""

    BLOOD_PRESSURE = "blood_pressure"
    GLUCOSE = "glucose"
    CONTINUOUS_GLUCOSE = "continuous_glucose"
    BODY = "body"
    TEMPERATURE = "temperature"
    OXIMETRY = "oximetry"
    HEART_RATE = "heart_rate"
    LIPIDS = "lipids"
    ECG = "ecg"
    SYMPTOMS = "symptoms"  # asked at a kiosk, 1 yes and 0 no


class ClockQuality(StrEnum):
    """How far `measured_at` can be trusted; see `devices.clock`."""

    EXACT = "exact"  # the meter's clock was checked and right
    CORRECTED = "corrected"  # the meter's clock was checked and wrong by a known amount
    ASSUMED = "assumed"  # the meter's clock could not be checked, or it has none
    UNUSABLE = "unusable"  # nobody can say when: a person must date it


class Meal(StrEnum):
    """Context of a glucose reading (2A34). Absent means unknown and is never taken as fasting."""

    FASTING = "fasting"
    BEFORE = "before_meal"
    AFTER = "after_meal"
    CASUAL = "casual"
    BEDTIME = "bedtime"


class Flag(IntFlag):
    """What the meter itself said of the measurement. The bits are stored: never renumber."""

    BODY_MOVEMENT = 1 << 0
    CUFF_LOOSE = 1 << 1
    IRREGULAR_PULSE = 1 << 2
    PULSE_ABOVE_RANGE = 1 << 3
    PULSE_BELOW_RANGE = 1 << 4
    IMPROPER_POSITION = 1 << 5
    BATTERY_LOW = 1 << 6
    SENSOR_MALFUNCTION = 1 << 7
    SAMPLE_INSUFFICIENT = 1 << 8
    STRIP_INSERTION_ERROR = 1 << 9
    STRIP_TYPE_ERROR = 1 << 10
    ABOVE_RANGE = 1 << 11  # the meter showed HI: above what it can measure; no number, or the bound alone
    BELOW_RANGE = 1 << 12  # the meter showed LO
    STRIP_TOO_HOT = 1 << 13
    STRIP_TOO_COLD = 1 << 14
    READ_INTERRUPTED = 1 << 15
    GENERAL_FAULT = 1 << 16
    TIME_FAULT = 1 << 17
    CONTROL_SOLUTION = 1 << 18
    NO_SENSOR_CONTACT = 1 << 19
    POOR_SIGNAL = 1 << 20
    MANUAL_ENTRY = 1 << 21
    POSSIBLE_AF = 1 << 22  # an ECG's rhythm asks for a doctor's reading; never more than that


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One measurement of one person by one meter.

    `measured_at` is UTC and None exactly when `clock` is unusable. `values` maps metric names of the catalogue to
    numbers in canonical units. `person` is the pseudonymous token of whoever identified at the meter (a kiosk);
    without it the server's roster says whose it is. `raw` is `"<characteristic>:<hex>"`, several joined by `+`.
    `waveform` is an ECG's.
    """

    reading_id: UUID
    kind: Kind
    device: str
    user_slot: int | None
    person: UUID | None
    measured_at: datetime | None
    clock: ClockQuality
    received_at: datetime
    flags: Flag
    meal: Meal | None
    values: Mapping[str, float]
    raw: str
    waveform: Waveform | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """Bytes from a meter that hold no usable value: they travel to the server's quarantine, never to an alert."""

    reading_id: UUID
    device: str
    received_at: datetime
    reason: str  # e.g. "undecodable", "not_a_number", "placeholder"
    raw: str
    waveform: Waveform | None = None
