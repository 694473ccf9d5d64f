"""Times, people and takes for the kiosk's tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from devices.clock import parse_policy
from devices.metrics import parse
from gateway.kiosk import judgement
from gateway.kiosk.names import Way
from gateway.kiosk.outcome import Take
from gateway.kiosk.settings import KioskSettings
from gateway.kiosk.visit import Identity
from maixun import configuration

T0 = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
SOMEBODY = UUID("7a1f6c7e-53d0-4a77-9c1e-0d8d6b1f2a33")
CARD = Identity(way=Way.QR, token=SOMEBODY)
CATALOGUE = parse(configuration.load("metrics.yaml"))
POLICY = parse_policy(configuration.load("devices/clock.yaml"))
RULES = judgement.parse(configuration.load("kiosk/results.yaml"))
SETTINGS = configuration.settings(KioskSettings, "kiosk")
COURSE = SETTINGS.course_of_visit()
SECOND = timedelta(seconds=1)


def pressure(systolic: float, diastolic: float, pulse: float = 70) -> Take:
    """A take of a blood pressure."""
    return Take(values={"systolic": systolic, "diastolic": diastolic, "pulse": pulse})


class Clock:
    """A clock moved by hand."""

    def __init__(self, at: datetime = T0) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.at += timedelta(seconds=seconds)
