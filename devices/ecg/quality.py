"""Whether a recording can be read: long enough, with a signal, within the device's range, beats alike."""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from devices.ecg.criteria import Quality
from devices.ecg.filtering import DISPLAY, Signal, band
from devices.ecg.r_peaks import Positions
from devices.waveform import Waveform

_BEFORE, _AFTER = 0.15, 0.30  # seconds around an R peak that are compared: QRS and the beginning of T at any rate


class Trouble(StrEnum):
    """Why a recording cannot be read."""

    TOO_SHORT = "too_short"
    FLAT = "flat"
    SATURATED = "saturated"
    NO_BEATS = "no_beats"
    NOISE = "noise"


def trouble(waveform: Waveform, peaks: Positions, limits: Quality) -> Trouble | None:
    """The first thing wrong with a recording whose R peaks are at these sample numbers, or None."""
    samples = np.asarray(waveform.microvolts, dtype=np.float64)
    if waveform.seconds < limits.shortest.seconds:
        return Trouble.TOO_SHORT
    if _flat_share(samples, waveform.sampling_rate, limits.flat.microvolts) > limits.flat.share:
        return Trouble.FLAT
    if np.mean((samples == samples.max()) | (samples == samples.min())) > limits.saturated.share:
        return Trouble.SATURATED
    if len(peaks) < limits.fewest_beats.number:
        return Trouble.NO_BEATS
    if likeness(samples, waveform.sampling_rate, peaks) < limits.alike.correlation:
        return Trouble.NOISE
    return None


def likeness(samples: Signal, rate: float, peaks: Positions) -> float:
    """How alike the beats are: the mean correlation of each with the average of all, -1 to 1; NaN-free.

    The average is a median, so that a few extra beats, which look different and are no noise, do not bend it.
    """
    before, after = round(_BEFORE * rate), round(_AFTER * rate)
    signal = band(samples, rate, DISPLAY)
    whole = [peak for peak in peaks if before <= peak < signal.size - after]
    if len(whole) < 2:
        return 0.0
    beats = np.stack([signal[peak - before : peak + after] for peak in whole])
    beats -= beats.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(beats, axis=1)
    if not norms.all():
        return 0.0
    shapes = beats / norms[:, None]
    template = np.median(shapes, axis=0)
    norm = float(np.linalg.norm(template))
    return float(np.mean(shapes @ template)) / norm if norm else 0.0


def _flat_share(samples: Signal, rate: float, microvolts: float) -> float:
    """The share of whole seconds that span less."""
    second = round(rate)
    seconds = samples[: samples.size // second * second].reshape(-1, second)
    return float(np.mean(np.ptp(seconds, axis=1) < microvolts)) if len(seconds) else 1.0
