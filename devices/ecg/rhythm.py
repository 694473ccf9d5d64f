"""Heart rate, RR intervals, and how many of them differ from the one before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from devices.ecg.criteria import Irregular
from devices.ecg.r_peaks import Positions


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """`heart_rate` in beats a minute over the whole recording, `rr` in ms, `irregularity` a share from 0 to 1."""

    heart_rate: float
    rr: tuple[float, ...]
    irregularity: float
    is_irregular: bool


def rhythm(peaks: Positions, rate: float, irregular: Irregular) -> Rhythm:
    """The rhythm of R peaks at these sample numbers, `rate` samples a second. Raises ValueError for fewer than 3.

    `irregularity` is pRRx%: the share of RR intervals that differ from the one before by x % of it or more. That is
    what atrial fibrillation does, and what frequent extra beats do as well.
    """
    if len(peaks) < 3:
        raise ValueError(f"{len(peaks)} R peaks have no rhythm")
    rr = np.diff(peaks) * (1000 / rate)
    changes = np.abs(np.diff(rr)) / rr[:-1]
    irregularity = float(np.mean(changes >= irregular.difference))
    return Rhythm(
        heart_rate=60_000 / float(rr.mean()),
        rr=tuple(float(interval) for interval in rr),
        irregularity=irregularity,
        is_irregular=irregularity >= irregular.share,
    )
