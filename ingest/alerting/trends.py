"""A slope that outliers do not move, and how sure it is (Theil and Sen; Kendall's variance for the interval)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

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
    later, earlier = np.triu_indices(len(x), 1)[::-1]
    runs = x[later] - x[earlier]
    slopes = np.sort((y[later] - y[earlier])[runs != 0] / runs[runs != 0])
    reach = QUANTILES[confidence] * np.sqrt(_kendall_variance(y))
    low = int(np.floor((len(slopes) - reach) / 2)) - 1
    high = int(np.ceil((len(slopes) + reach) / 2))
    return Slope(
        float(np.median(slopes)), float(slopes[max(low, 0)]), float(slopes[min(max(high, 0), len(slopes) - 1)])
    )


def deviation(values: Sequence[float]) -> float:
    """The standard deviation of a sample of two values or more."""
    return float(np.std(np.asarray(values, dtype=float), ddof=1))


def _kendall_variance(y: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    n = len(y)
    tied = np.unique(y, return_counts=True)[1]
    return float((n * (n - 1) * (2 * n + 5) - np.sum(tied * (tied - 1) * (2 * tied + 5))) / 18)
