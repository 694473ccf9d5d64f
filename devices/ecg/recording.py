"""One recording of a portable ECG, as it left the device."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from devices.waveform import MOST_SAMPLES, Waveform

RATES = (100.0, 1000.0)  # Hz; below, a QRS complex has too few samples, above, nothing is gained
_MOST_MICROVOLTS = 0x7FFF


class NotARecording(ValueError):
    """The samples are no single-lead ECG; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A single lead. `started_at` is what the device says, naive, on its own clock; None when it says nothing."""

    device: str
    started_at: datetime | None
    waveform: Waveform


def of_millivolts(
    device: str, millivolts: Iterable[float], sampling_rate: float, started_at: datetime | None
) -> Recording:
    """A recording from millivolts, rounded to whole µV; what 16 bits cannot hold stands at their end.

    Raises `NotARecording` for a sampling rate outside `RATES`, too many samples, or a sample that is no number.
    """
    low, high = RATES
    if not low <= sampling_rate <= high:
        raise NotARecording(f"{sampling_rate:g} samples a second: an ECG has {low:g} to {high:g}")
    microvolts = tuple(_microvolts(value) for value in millivolts)
    if not 0 < len(microvolts) <= MOST_SAMPLES:
        raise NotARecording(
            f"{len(microvolts)} samples: a recording has 1 to {MOST_SAMPLES}; cut it, or sample it coarser"
        )
    waveform = Waveform(sampling_rate=sampling_rate, microvolts=microvolts)
    return Recording(device=device, started_at=started_at, waveform=waveform)


def _microvolts(millivolts: float) -> int:
    if millivolts != millivolts:
        raise NotARecording("a sample is not a number: export the recording without gaps")
    return round(max(-_MOST_MICROVOLTS, min(_MOST_MICROVOLTS, millivolts * 1000)))
