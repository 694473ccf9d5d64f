"""Finds the R peaks after Pan and Tompkins, "A real-time QRS detection algorithm", IEEE Trans Biomed Eng 32:230 (1985).

Band-pass 5-15 Hz, slope, square, mean over 150 ms; then levels of signal and noise that follow the recording. As a
recording is complete when it is looked at, filters have no delay and the search for a missed beat looks back at once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from devices.ecg.filtering import QRS, Signal, band

Positions = NDArray[np.intp]

# Pan and Tompkins' numbers, in seconds and parts:
_WINDOW = 0.150  # as long as a QRS complex can be
_REFRACTORY = 0.200  # no heart beats again sooner
_T_WAVE = 0.360  # within it after a beat, half its slope is a T wave
_LEARNING = 2.0  # the levels are first taken from so much of the beginning
_FOLLOW = 0.125  # how much of each new peak goes into its level
_THRESHOLD = 0.25  # the threshold's place between noise and signal
_MISSED = 1.66  # of the mean RR interval: then a beat may have been missed
_RECENT = 8  # RR intervals in that mean
_NEAR = 0.075  # the R peak lies so near the middle of its energy


def r_peaks(samples: ArrayLike, rate: float) -> Positions:
    """Indices of the R peaks, ascending. `samples` in any unit and either polarity, `rate` of them a second."""
    qrs = band(samples, rate, QRS)
    if qrs.size < _LEARNING * rate or not np.any(qrs):
        return np.empty(0, dtype=np.intp)
    slope = np.gradient(qrs)
    width = max(1, round(_WINDOW * rate))
    energy = np.convolve(slope**2, np.full(width, 1 / width), mode="same")
    beats = _Search(energy, np.abs(slope), rate).beats()
    return _summits(qrs, beats, round(_NEAR * rate))


class _Search:
    """Walks over the summits of the energy and tells beats from noise."""

    def __init__(self, energy: Signal, slope: Signal, rate: float) -> None:
        """`energy`: the mean of the squared slope; `slope`: its size; both as long as the recording."""
        self._energy, self._rate = energy, rate
        self._near = round(_NEAR * rate)
        self._slope = slope
        self._summits = _separate(energy, round(_REFRACTORY * rate))
        first = energy[: int(_LEARNING * rate)]
        self._signal, self._noise = float(first.max()) / 2, float(first.mean()) / 2
        self._found: list[int] = []

    def beats(self) -> list[int]:
        """The summits that are beats."""
        for summit in self._summits:
            self._look_back(summit)
            if self._energy[summit] > self._threshold and not self._is_t_wave(summit):
                self._take(summit)
            else:
                self._noise += _FOLLOW * (self._energy[summit] - self._noise)
        self._look_back(self._energy.size)
        return self._found

    @property
    def _threshold(self) -> float:
        return self._noise + _THRESHOLD * (self._signal - self._noise)

    def _take(self, summit: int, follow: float = _FOLLOW) -> None:
        self._signal += follow * (self._energy[summit] - self._signal)
        self._found.append(summit)

    def _is_t_wave(self, summit: int) -> bool:
        if not self._found or summit - self._found[-1] > _T_WAVE * self._rate:
            return False
        return self._steepest(summit) < self._steepest(self._found[-1]) / 2

    def _steepest(self, summit: int) -> float:
        return float(self._slope[max(0, summit - self._near) : summit + self._near + 1].max())

    def _look_back(self, now: int) -> None:
        """After too long a pause, the highest summit in it above half the threshold was a beat."""
        while (gap := self._pause(now)) is not None:
            candidates = [s for s in self._summits if gap[0] <= s < gap[1] and self._energy[s] > self._threshold / 2]
            if not candidates:
                return
            self._take(max(candidates, key=lambda s: float(self._energy[s])), follow=2 * _FOLLOW)

    def _pause(self, now: int) -> tuple[float, float] | None:
        if len(self._found) < 2:
            return None
        mean = float(np.mean(np.diff(self._found[-_RECENT - 1 :])))
        last = self._found[-1]
        return (last + _T_WAVE * self._rate, now) if now - last > _MISSED * mean else None


def _separate(energy: Signal, apart: int) -> list[int]:
    """Summits of the energy, the higher first where two are closer than `apart`; in order of time."""
    rising = np.diff(energy) > 0
    summits = np.flatnonzero(rising[:-1] & ~rising[1:]) + 1
    kept = np.zeros(energy.size, dtype=bool)
    for summit in summits[np.argsort(-energy[summits], kind="stable")]:
        if not kept[max(0, summit - apart) : summit + apart + 1].any():
            kept[summit] = True
    return [int(summit) for summit in np.flatnonzero(kept)]


def _summits(qrs: Signal, beats: list[int], near: int) -> Positions:
    """The R peak of each beat: where the band-passed signal, up or down as the lead lies, is farthest from zero."""
    parts = [(max(0, beat - near), qrs[max(0, beat - near) : beat + near + 1]) for beat in beats]
    upright = sum(float(part.max()) for _, part in parts) >= -sum(float(part.min()) for _, part in parts)
    found = [start + int(np.argmax(part if upright else -part)) for start, part in parts]
    return np.unique(np.asarray(found, dtype=np.intp))
