"""The few distributions that the questions need, without a statistics package."""

from __future__ import annotations

import math
from typing import NamedTuple


class Interval(NamedTuple):
    """An estimate with its 95 % interval."""

    estimate: float
    low: float
    high: float


def wilson(successes: int, trials: int, z: float = 1.959964) -> Interval:
    """A share with Wilson's score interval. Source: Wilson 1927, JASA 22:209. Raises `ValueError` without trials."""
    if trials <= 0:
        raise ValueError("a share of nothing")
    share = successes / trials
    middle = share + z * z / (2 * trials)
    reach = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    return Interval(share, max(0.0, (middle - reach) / scale), min(1.0, (middle + reach) / scale))


def chi_square_tail(value: float, degrees: int) -> float:
    """The chance of a chi-square of at least `value`, for whole degrees of freedom, by the finite series."""
    half = value / 2
    if degrees % 2:
        tail, term, start = math.erfc(math.sqrt(half)), math.exp(-half) * math.sqrt(half) / (math.sqrt(math.pi) / 2), 3
    else:
        tail, term, start = math.exp(-half), math.exp(-half) * half, 4
    for degree in range(start, degrees + 1, 2):
        tail += term
        term *= half / (degree / 2)
    return min(1.0, tail)


def poisson_interval(count: int, z: float = 1.959964) -> Interval:
    """A Poisson mean from one count, by Byar's approximation. Source: Rothman and Boice 1979."""
    low = count * (1 - 1 / (9 * count) - z / (3 * math.sqrt(count))) ** 3 if count else 0.0
    high = (count + 1) * (1 - 1 / (9 * (count + 1)) + z / (3 * math.sqrt(count + 1))) ** 3
    return Interval(float(count), low, high)
