"""One accepted reading as it is exchanged: whose by pseudonym, with which meter by number, never a name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from devices.reading import ClockQuality, Flag, Kind, Meal
from devices.waveform import Waveform


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """Times are UTC, values in canonical units. `setting`: home | kiosk | station | school | enterprise."""

    reading_id: UUID
    token: UUID
    device_id: int
    measured_at: datetime
    received_at: datetime
    kind: Kind
    setting: str
    clock: ClockQuality
    meal: Meal | None
    flags: Flag
    values: Mapping[str, float]
    waveform: Waveform | None = None
