"""Wilson's score interval of a share. Pure.

E. B. Wilson, Probable inference, the law of succession, and statistical inference, J. Am. Stat. Assoc. 22 (1927)
209-212; as compared by R. G. Newcombe, Stat. Med. 17 (1998) 857-872, method 3 (without continuity correction).
"""

from __future__ import annotations

import math
from typing import NamedTuple

Z = 1.959963984540054  # the 97.5 % point of the normal distribution: two-sided 95 %


class Interval(NamedTuple):
    """Between which shares, 0 to 1, the true one lies in 95 of 100 samples."""

    low: float
    high: float


def wilson(numerator: int, denominator: int) -> Interval | None:
    """The 95 % interval. None where there is no share of a group: nobody in it, or more counted than expected."""
    if denominator <= 0 or not 0 <= numerator <= denominator:
        return None
    share, square = numerator / denominator, Z * Z
    middle = share + square / (2 * denominator)
    half = Z * math.sqrt(share * (1 - share) / denominator + square / (4 * denominator**2))
    whole = 1 + square / denominator
    return Interval(max(0.0, (middle - half) / whole), min(1.0, (middle + half) / whole))
