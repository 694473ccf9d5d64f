"""Shares of a whole as Simple prints a cohort: whole percents that add up to 100."""

from __future__ import annotations

from collections.abc import Sequence


def to_hundred(counts: Sequence[int]) -> list[int]:
    """Each count's percent by largest remainder; nothing but zeros when there is nobody."""
    total = sum(counts)
    if not total:
        return [0] * len(counts)
    shares = [100 * count // total for count in counts]
    by_remainder = sorted(range(len(counts)), key=lambda place: -(100 * counts[place] % total))
    for place in by_remainder[: 100 - sum(shares)]:
        shares[place] += 1
    return shares
