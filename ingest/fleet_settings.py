"""Settings of the fleet: `config/fleet.yaml`, each key overridable as `MAIXUN_FLEET_<KEY>`."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from maixun.configuration import Settings

Positive = Annotated[float, Field(gt=0)]


class Troubles(Settings):
    """From when on something is called wrong."""

    silent_seconds: Positive
    queued: Positive
    clock_seconds: Positive
    certificate_days: Positive
    battery_percent: Positive
    meter_clock_seconds: Positive
    meter_silent_days: Positive
    meter_failures: Annotated[int, Field(ge=1)]
    gateway_silent_minutes: Positive
    gateway_lost_minutes: Positive


class FleetSettings(Settings):
    """One field a key; what each means stands in the file."""

    server: str
    broker: str | None
    code_hours: Positive
    certificate_days: Positive
    claims_failed: Annotated[int, Field(ge=1)]
    claims_window_minutes: Positive
    troubles: Troubles

    @property
    def code_valid(self) -> timedelta:
        """How long a code is good."""
        return timedelta(hours=self.code_hours)

    @property
    def certificate_valid(self) -> timedelta:
        """How long a certificate is good."""
        return timedelta(days=self.certificate_days)
