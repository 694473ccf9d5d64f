"""Draws an ECG on its paper: 25 mm a second and 10 mm a millivolt, in an SVG whose unit is the millimetre. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

SPEED = 25.0  # mm a second
GAIN = 10.0  # mm a millivolt
ROW_SECONDS = 10.0  # 250 mm: the width of A4 on its side, with room for the calibration pulse
LEFT = 15.0  # mm before the curve begins: three large squares
_PULSE = (5.0, 10.0)  # mm: a millivolt for a fifth of a second
_LEAST = 15.0  # mm above and below the line even of a small curve
_MARK = 2.0  # mm from a row's upper edge to the mark of a beat
_LARGE = 5.0  # mm: the large square


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Ten seconds of it. `baseline` and everything in `curve`, `pulse` and `beats` are millimetres on the sheet."""

    baseline: float
    seconds: float  # of the recording, at the row's beginning
    curve: str
    pulse: str
    beats: tuple[float, ...]
    marks_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The whole drawing, `width` by `height` mm."""

    width: float
    height: float
    rows: tuple[Row, ...]


def sheet(millivolts: Sequence[float], rate: float, beats: Sequence[int]) -> Sheet:
    """The rows of a curve: `rate` samples a second, `beats` the numbers of the samples to mark."""
    extent = _extent(millivolts)
    a_row = round(ROW_SECONDS * rate)
    starts = range(0, len(millivolts), a_row)
    rows = (
        _row(
            millivolts[start : start + a_row],
            rate,
            start,
            [b - start for b in beats if start <= b < start + a_row],
            baseline=extent + 2 * extent * number,
            top=2 * extent * number,
        )
        for number, start in enumerate(starts)
    )
    return Sheet(width=LEFT + ROW_SECONDS * SPEED + _LARGE, height=2 * extent * len(starts), rows=tuple(rows))


def _extent(millivolts: Sequence[float]) -> float:
    """Half the height of a row: whole large squares that hold the curve, so that rows neither touch nor shift."""
    highest = max((abs(value) for value in millivolts), default=0.0) * GAIN + _MARK
    return max(_LEAST, ceil(highest / _LARGE) * _LARGE)


def _row(
    millivolts: Sequence[float], rate: float, start: int, beats: Sequence[int], *, baseline: float, top: float
) -> Row:
    step = SPEED / rate
    points = (f"{LEFT + n * step:.2f},{baseline - value * GAIN:.2f}" for n, value in enumerate(millivolts))
    width, height = _PULSE
    left = LEFT - 2 * _LARGE
    return Row(
        baseline=baseline,
        seconds=start / rate,
        curve=" ".join(points),
        pulse=f"M{left - _LARGE / 2} {baseline}h{_LARGE / 2}v{-height}h{width}v{height}h{_LARGE / 2}",
        beats=tuple(round(LEFT + beat * step, 2) for beat in beats),
        marks_at=top + _MARK,
    )
