"""Synthetic single-lead ECGs whose R peaks are known: P, Q, R, S and T as bells around beats at given times."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Signal = NDArray[np.float64]

# (seconds from R, width in seconds, millivolts) of each wave in a lead I of an adult
WAVES = {
    "P": (-0.17, 0.025, 0.12),
    "Q": (-0.03, 0.008, -0.10),
    "R": (0.0, 0.010, 1.0),
    "S": (0.03, 0.009, -0.20),
    "T": (0.26, 0.045, 0.28),
}


def regular(rate_per_minute: float, seconds: float, rng: np.random.Generator) -> list[float]:
    """R peaks of a sinus rhythm: RR intervals vary by 1.5 % and breathe."""
    mean, times, at = 60 / rate_per_minute, [], 0.4
    while at < seconds - 0.4:
        times.append(at)
        at += mean * (1 + 0.01 * np.sin(2 * np.pi * at / 4) + rng.normal(0, 0.004))
    return times


def fibrillating(rate_per_minute: float, seconds: float, rng: np.random.Generator) -> list[float]:
    """R peaks of atrial fibrillation: every RR interval for itself, coefficient of variation 0.2."""
    mean, times, at = 60 / rate_per_minute, [], 0.4
    while at < seconds - 0.4:
        times.append(at)
        at += max(0.28, rng.normal(mean, 0.2 * mean))
    return times


def ecg(
    beats: Sequence[float],
    *,
    seconds: float = 30.0,
    rate: float = 250.0,
    noise: float = 0.0,
    drift: float = 0.0,
    hum: float = 0.0,
    waves: Sequence[str] = tuple(WAVES),
    gain: float = 1.0,
    rng: np.random.Generator | None = None,
) -> Signal:
    """Millivolts. `noise`: standard deviation of white noise; `drift`, `hum` (50 Hz): amplitudes; all in mV."""
    t = np.arange(round(seconds * rate)) / rate
    signal = np.zeros_like(t)
    for beat in beats:
        for name in waves:
            offset, width, height = WAVES[name]
            signal += height * np.exp(-0.5 * ((t - beat - offset) / width) ** 2)
    signal *= gain
    signal += drift * np.sin(2 * np.pi * 0.25 * t) + hum * np.sin(2 * np.pi * 50 * t)
    if noise:
        signal += (rng or np.random.default_rng(1)).normal(0, noise, t.size)
    return signal
