"""What an instrument beside the radio said, whichever way it came: one measurement in canonical units."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from devices.reading import Flag, Kind, Meal
from gateway.kiosk.names import Measurement
from gateway.kiosk.outcome import Take

KINDS = {
    Measurement.SYMPTOMS: Kind.SYMPTOMS,
    Measurement.BLOOD_PRESSURE: Kind.BLOOD_PRESSURE,
    Measurement.OXIMETRY: Kind.OXIMETRY,
    Measurement.TEMPERATURE: Kind.TEMPERATURE,
    Measurement.BODY: Kind.BODY,
    Measurement.WAIST: Kind.BODY,
    Measurement.GLUCOSE: Kind.GLUCOSE,
    Measurement.LIPIDS: Kind.LIPIDS,
}
METRICS = {
    Measurement.SYMPTOMS: ("fever", "diarrhoea"),
    Measurement.BLOOD_PRESSURE: ("systolic", "diastolic", "pulse"),
    Measurement.OXIMETRY: ("spo2", "pulse"),
    Measurement.TEMPERATURE: ("temperature",),
    Measurement.BODY: ("height", "weight", "bmi"),
    Measurement.WAIST: ("waist",),
    Measurement.GLUCOSE: ("glucose",),
    Measurement.LIPIDS: ("total_cholesterol", "hdl", "ldl", "triglycerides"),
}


class Channel(StrEnum):
    """How it came in; the characteristic's place in `Reading.raw` and in the content id."""

    SERIAL = "serial"
    VENDOR = "vendor"
    TYPED = "typed"


_NO_FLAGS = Flag(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One measurement. `identifying`: the bytes which with the stamp name the record. `told`: all that it said.

    `stamp`: the instrument's own time, naive; without it the record is named by `received_at` (aware), stamped once.
    """

    channel: Channel
    device: str
    measurement: Measurement
    take: Take
    received_at: datetime
    identifying: bytes
    told: bytes | None = None
    stamp: datetime | None = None
    meal: Meal | None = None
    flags: Flag = _NO_FLAGS
