"""Daily counts above what was to be expected: two published detectors, on numpy arrays of one number a day.

EARS C2 (Hutwagner et al. 2003; Fricker, Hegler, Dunfee 2008, Stat Med 27:3407): a day against the mean and standard
deviation of the days before it, with a gap so that a slow outbreak does not raise its own expectation. CUSUM for
Poisson counts (Rossi, Lampugnani, Marchi 1999, Stat Med 18:2111): small excesses that go on for days add up. Both
compare like with like: a working day with working days, a day of rest with days of rest (the strata of EARS W2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Daily = NDArray[np.float64]
Marks = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class EarsSettings:
    """`baseline` and `gap` in days of the same kind; `sigmas` above the mean is an alarm; `least_sigma` in people."""

    baseline: int
    gap: int
    sigmas: float
    least_sigma: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CusumSettings:
    """`reference` (k) and `decision` (h) in standard deviations; the expected count is the mean of `baseline` days.

    `least_expected` keeps the transformation defined where nothing was ever counted.
    """

    baseline: int
    gap: int
    reference: float
    decision: float
    least_expected: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """One entry a day. Days with too short a past have NaN and no alarm. `limit` is in people, `statistic` is not."""

    expected: Daily
    limit: Daily
    statistic: Daily
    alarm: Marks


def ears_c2(counts: Daily, rest: Marks, settings: EarsSettings) -> Signals:
    """C2 of each day; `rest` marks days of rest. The statistic is in standard deviations of the baseline."""
    expected, sigma = (np.full(len(counts), np.nan) for _ in range(2))
    for day, past in _baselines(counts, rest, settings.baseline, settings.gap):
        expected[day] = past.mean()
        sigma[day] = max(past.std(ddof=1), settings.least_sigma)
    statistic = (counts - expected) / sigma
    return Signals(
        expected=expected,
        limit=expected + settings.sigmas * sigma,
        statistic=statistic,
        alarm=np.nan_to_num(statistic, nan=-np.inf) > settings.sigmas,
    )


def cusum(counts: Daily, rest: Marks, settings: CusumSettings) -> Signals:
    """The one-sided cumulative sum up to each day; an alarm from `decision` on."""
    expected = np.full(len(counts), np.nan)
    for day, past in _baselines(counts, rest, settings.baseline, settings.gap):
        expected[day] = max(past.mean(), settings.least_expected)
    deviation = standardised(counts, expected)
    total, statistic = 0.0, np.full(len(counts), np.nan)
    for place in np.flatnonzero(~np.isnan(deviation)):
        total = max(0.0, total + float(deviation[place]) - settings.reference)
        statistic[place] = total
    return Signals(
        expected=expected,
        limit=_limit(expected, statistic, deviation, settings),
        statistic=statistic,
        alarm=np.nan_to_num(statistic) >= settings.decision,
    )


def standardised(counts: Daily, expected: Daily) -> Daily:
    """Poisson counts as nearly standard normal deviates, by Rossi's transformation."""
    found: Daily = (counts - 3 * expected + 2 * np.sqrt(counts * expected)) / (2 * np.sqrt(expected))
    return found


def _limit(expected: Daily, statistic: Daily, deviation: Daily, settings: CusumSettings) -> Daily:
    """How many people it would have taken that day: the transformation solved for the count."""
    carried = np.maximum(statistic - deviation + settings.reference, 0.0)
    needed = settings.decision + settings.reference - carried
    root = -np.sqrt(expected) + np.sqrt(np.maximum(4 * expected + 2 * needed * np.sqrt(expected), 0.0))
    limit: Daily = np.maximum(root, 0.0) ** 2
    return limit


def _baselines(counts: Daily, rest: Marks, length: int, gap: int) -> list[tuple[int, Daily]]:
    """For each day with enough past: the counts of `length` days of its kind, up to `gap` days of its kind before."""
    found: list[tuple[int, Daily]] = []
    for kind in (False, True):
        days = np.flatnonzero(rest == kind)
        for place in range(length + gap, len(days)):
            found.append((int(days[place]), counts[days[place - gap - length : place - gap]]))
    return found
