"""Recordings for the tests of the portable ECG, and the criteria and clock policy that are shipped."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from devices import clock
from devices.ecg import criteria
from devices.ecg.interpret import Arrival
from devices.ecg.recording import Recording, of_millivolts
from maixun import configuration
from tests.ecg.synthetic import Signal, ecg, fibrillating, regular

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
STARTED = datetime(2026, 11, 21, 15, 30)  # naive: the device's own clock, half an hour before NOW
CRITERIA = criteria.parse(configuration.load("ecg.yaml"))
POLICY = clock.parse_policy(configuration.load("devices/clock.yaml"))
DEVICE = "ECG-0001"
ARRIVAL = Arrival(received_at=NOW, zone=ZONE)


def recording(signal: Signal, *, rate: float = 250.0, started_at: datetime | None = STARTED) -> Recording:
    """Millivolts as a device would hand them over."""
    return of_millivolts(DEVICE, signal.tolist(), rate, started_at)


def sinus(seed: int = 1, beats_a_minute: float = 72.0) -> Signal:
    """Thirty readable seconds of sinus rhythm."""
    rng = np.random.default_rng(seed)
    return ecg(regular(beats_a_minute, 30, rng), noise=0.03, drift=0.2, rng=rng)


def fibrillation(seed: int = 1, beats_a_minute: float = 95.0) -> Signal:
    """Thirty readable seconds of an irregular rhythm without P waves."""
    rng = np.random.default_rng(seed)
    return ecg(fibrillating(beats_a_minute, 30, rng), noise=0.03, drift=0.2, waves=("Q", "R", "S", "T"), rng=rng)
