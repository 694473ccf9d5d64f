"""Control limits of a funnel plot: how far a share strays from a common one by chance alone. Pure, numpy.

Exact binomial limits, interpolated between whole numbers: D. J. Spiegelhalter, Funnel plots for comparing institutional
performance, Stat. Med. 24 (2005) 1185-1202, appendix A.1.1. With R ~ Bin(n, target) and r the smallest number with
P(R <= r) > p, the limit is (r - a) / n, a = (P(R <= r) - p) / P(R = r).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LEVELS = (0.95, 0.998)  # about two and three standard deviations, as in that paper
REACH = 12  # standard deviations looked at on both sides; beyond lies less than a double can tell


class Limits(NamedTuple):
    """The shares between which groups of one size lie by chance, for each of `LEVELS`."""

    low95: float
    high95: float
    low998: float
    high998: float


class Standing(StrEnum):
    """Where a share lies among the limits for a group of its size."""

    HIGHEST = "highest"  # above the 99.8 % limit
    HIGH = "high"
    INSIDE = "inside"
    LOW = "low"
    LOWEST = "lowest"


def limits(target: float, size: int) -> Limits:
    """The limits for groups of `size` people whose common share is `target`, 0 to 1."""
    if size <= 0:
        raise ValueError("a group without people has no limits")
    if target in (0.0, 1.0):
        return Limits(target, target, target, target)
    support, mass = _binomial(target, size)
    return Limits(*(_quantile(support, mass, p) / size for level in LEVELS for p in ((1 - level) / 2, (1 + level) / 2)))


def standing(numerator: int, denominator: int, target: float) -> Standing:
    """Where a group's share lies."""
    share, at = numerator / denominator, limits(target, denominator)
    if share > at.high998:
        return Standing.HIGHEST
    if share < at.low998:
        return Standing.LOWEST
    if share > at.high95:
        return Standing.HIGH
    return Standing.LOW if share < at.low95 else Standing.INSIDE


def sizes(least: int, most: int, points: int = 60) -> Sequence[int]:
    """Sizes to draw the limits at, closer together where the funnel is steep."""
    first, last = max(1, least), max(1, most)
    return sorted({round(size) for size in np.geomspace(first, last, points)})


def _binomial(target: float, size: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Every number near the mean with its probability, by the ratio of neighbours: no factorial overflows."""
    reach = REACH * (size * target * (1 - target)) ** 0.5 + REACH
    first, last = max(0, int(size * target - reach)), min(size, int(size * target + reach) + 1)
    support = np.arange(first, last + 1)
    steps = np.log((size - support[:-1]) / (support[:-1] + 1)) + np.log(target / (1 - target))
    logs = np.concatenate([[0.0], np.cumsum(steps)])
    mass = np.exp(logs - logs.max())
    return support, mass / mass.sum()


def _quantile(support: NDArray[np.int64], mass: NDArray[np.float64], p: float) -> float:
    """The number below which p lies, between whole numbers; not below nobody."""
    below = np.cumsum(mass)
    at = min(int(np.searchsorted(below, p, side="right")), len(support) - 1)
    return max(0.0, float(support[at] - (below[at] - p) / mass[at]))
