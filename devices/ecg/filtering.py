"""Filters without delay or phase: the spectrum is weighted by what a Butterworth filter run both ways lets through."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Signal = NDArray[np.float64]

DISPLAY = (0.5, 40.0)  # Hz: the monitoring band; drift below and mains (50 Hz) and muscle above are left out
QRS = (5.0, 15.0)  # Hz: where a QRS complex has most and P and T waves have little of their energy (Pan, Tompkins 1985)
_ORDER = 6  # leaves 6 % of a 50 Hz hum at the edge of 40 Hz
_SETTLING = 2.0  # seconds mirrored at both ends, so that the ends do not ring into each other


def band(samples: ArrayLike, rate: float, limits: tuple[float, float]) -> Signal:
    """The part of the signal between two frequencies (Hz); same shape, same unit. `rate`: samples a second."""
    signal = np.asarray(samples, dtype=np.float64)
    if signal.size == 0:
        return signal
    margin = min(int(_SETTLING * rate), signal.size - 1)
    mirrored = np.pad(signal, margin, mode="reflect", reflect_type="odd")
    spectrum = np.fft.rfft(mirrored)
    frequencies = np.fft.rfftfreq(mirrored.size, 1 / rate).astype(np.float64)
    filtered = np.fft.irfft(spectrum * _passed(frequencies, limits), mirrored.size)
    return filtered[margin : margin + signal.size]


def _passed(frequencies: Signal, limits: tuple[float, float]) -> Signal:
    """The share of each frequency that passes: one half at both limits, nothing of a constant."""
    low, high = limits
    below = 1 / (1 + (low / np.maximum(frequencies, 1e-6)) ** (2 * _ORDER))
    above = 1 / (1 + (frequencies / high) ** (2 * _ORDER))
    passed: Signal = below * above
    return passed
