"""A slope that outliers do not move, and how sure it is (Theil and Sen; Kendall's variance for the interval)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, floor, sqrt

import numpy as np

Places = np.ndarray[tuple[int], np.dtype[np.intp]]

# Quantiles of the normal distribution for a two-sided interval.
QUANTILES = {0.90: 1.6449, 0.95: 1.9600, 0.99: 2.5758}


@dataclass(frozen=True, slots=True)
class Slope:
    """Change of the value in a day: the median of all pairs' slopes, and its interval."""

    per_day: float
    low: float
    high: float

    @property
    def is_sure(self) -> bool:
        """True if the interval excludes zero."""
        return self.low > 0 or self.high < 0


def slope(days: Sequence[float], values: Sequence[float], confidence: float) -> Slope:
    """The Theil-Sen slope over at least two different days.

    The interval is Sen's (1968): the pairs' slopes at the ranks that Kendall's variance gives, with the correction for
    tied values. It supposes nothing of the distribution but that the days' deviations are independent.
    """
    x, y = np.asarray(days, dtype=float), np.asarray(values, dtype=float)
    earlier, later = _pairs(len(x))
    runs, rises = x[later] - x[earlier], y[later] - y[earlier]
    apart = runs != 0
    slopes = np.sort(rises[apart] / runs[apart])
    reach = QUANTILES[confidence] * sqrt(_kendall_variance(values))
    low = floor((len(slopes) - reach) / 2) - 1
    high = ceil((len(slopes) + reach) / 2)
    middle = slopes[(len(slopes) - 1) // 2] + slopes[len(slopes) // 2]
    return Slope(float(middle) / 2, float(slopes[max(low, 0)]), float(slopes[min(max(high, 0), len(slopes) - 1)]))


def deviation(values: Sequence[float]) -> float:
    """The standard deviation of a sample of two values or more."""
    return float(np.std(np.asarray(values, dtype=float), ddof=1))


@lru_cache(maxsize=128)  # a review asks for the same few lengths again and again
def _pairs(count: int) -> tuple[Places, Places]:
    """The places of each two values, the earlier and the later one."""
    earlier, later = np.triu_indices(count, 1)
    return earlier, later


def _kendall_variance(values: Sequence[float]) -> float:
    n = len(values)
    tied = sum(t * (t - 1) * (2 * t + 5) for t in Counter(values).values())
    return (n * (n - 1) * (2 * n + 5) - tied) / 18
