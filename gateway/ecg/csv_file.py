"""CSV files of an ECG: a head `time,mV`, then a line a sample; lines that begin with `#` are passed over.

`time` is seconds since the beginning, or the device's wall clock as ISO 8601 without a zone; even steps, no gaps.
"""

from __future__ import annotations

import csv
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from devices.ecg.recording import NotARecording, Recording, of_millivolts

_HEAD = ["time", "mv"]
_UNEVEN = 0.5  # of the mean step: times are often rounded to milliseconds, and a lost sample is a whole step


def read_csv(path: Path, device: str) -> Recording:
    """The recording in such a file. Raises `NotARecording`, `OSError`."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise NotARecording("it is not text in UTF-8") from None
    rows = csv.reader(line for line in text.splitlines() if line.strip() and not line.startswith("#"))
    head = [name.strip().lower() for name in next(rows, [])]
    if head != _HEAD:
        raise NotARecording(f"its first line is {','.join(head)!r}, not 'time,mV'")
    samples = [_sample(number, row) for number, row in enumerate(rows, 1)]
    started_at, seconds = _times([time for time, _ in samples])
    return of_millivolts(device, [value for _, value in samples], _rate(seconds), started_at)


def _sample(number: int, row: list[str]) -> tuple[str, float]:
    try:
        time, value = row
        return time.strip(), float(value)
    except ValueError:
        raise NotARecording(f"sample {number} is {','.join(row)!r}, not a time and a number of millivolts") from None


def _times(written: list[str]) -> tuple[datetime | None, list[float]]:
    """When the recording began, if the file says so, and the seconds since the first sample."""
    try:
        return None, [float(time) for time in written]
    except ValueError:
        pass
    try:
        moments = [datetime.fromisoformat(time) for time in written]
    except ValueError as error:
        raise NotARecording(f"a time is neither seconds nor ISO 8601: {error}") from None
    if any(moment.tzinfo for moment in moments):
        raise NotARecording("its times name a zone: write the device's own clock without one, and say when with --at")
    return moments[0], [(moment - moments[0]).total_seconds() for moment in moments]


def _rate(seconds: list[float]) -> float:
    """Samples a second."""
    if len(seconds) < 2 or not seconds[-1] > seconds[0]:
        raise NotARecording("it has no two samples at different times")
    step = (seconds[-1] - seconds[0]) / (len(seconds) - 1)
    for number, (before, after) in enumerate(pairwise(seconds), 2):
        if not abs(after - before - step) <= _UNEVEN * step:
            raise NotARecording(
                f"a gap: sample {number} is {after - before:g} s after the one before, others {step:g} s"
            )
    return round(1 / step, 3)
