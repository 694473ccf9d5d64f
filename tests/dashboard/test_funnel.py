"""Limits and intervals against numbers worked out in other ways: whole-number arithmetic, and a published table."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.dashboard.funnel import LEVELS, Standing, limits, sizes, standing
from api.dashboard.interval import Z, wilson


def exact_limit(target: Fraction, size: int, p: Fraction) -> float:
    """The same definition in fractions: no rounding anywhere, every number from 0 to `size` looked at."""
    below = Fraction(0)
    for r in range(size + 1):
        mass = comb(size, r) * target**r * (1 - target) ** (size - r)
        below += mass
        if below > p:
            return max(0.0, float((r - (below - p) / mass) / size))
    raise AssertionError("the masses of a distribution add up to one")


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 99), st.integers(1, 160))
def test_limits_are_those_of_the_binomial_distribution(percent: int, size: int) -> None:
    target = Fraction(percent, 100)
    tails = [Fraction(str(each)) for each in LEVELS]
    expected = [exact_limit(target, size, p) for level in tails for p in ((1 - level) / 2, (1 + level) / 2)]
    assert limits(percent / 100, size) == pytest.approx(expected, abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(st.floats(0.01, 0.99), st.integers(1, 50_000))
def test_a_funnel_narrows_and_the_outer_limits_lie_outside(target: float, size: int) -> None:
    at = limits(target, size)
    assert 0 <= at.low998 <= at.low95 <= at.high95 <= at.high998 <= 1
    wider = limits(target, size * 4)
    assert wider.high998 - wider.low998 <= at.high998 - at.low998 + 1 / size


def test_large_groups_have_the_normal_limits() -> None:
    spread = (0.64 * 0.36 / 40_000) ** 0.5
    assert limits(0.64, 40_000).high95 == pytest.approx(0.64 + 1.959964 * spread, abs=2e-5)
    assert limits(0.64, 40_000).low998 == pytest.approx(0.64 - 3.090232 * spread, abs=3e-5)


def test_a_target_of_nobody_or_everybody_leaves_no_room() -> None:
    assert limits(0.0, 12) == (0, 0, 0, 0)
    assert limits(1.0, 12) == (1, 1, 1, 1)
    with pytest.raises(ValueError, match="without people"):
        limits(0.5, 0)


@pytest.mark.parametrize(
    ("numerator", "expected"),
    [
        (64, Standing.INSIDE),
        (73, Standing.HIGH),  # above 72.8 %, the 95 % limit of a hundred people whose share is 64 %
        (78, Standing.HIGHEST),  # above 77.9 %
        (54, Standing.INSIDE),
        (53, Standing.LOW),
        (48, Standing.LOWEST),  # below 48.3 %
    ],
)
def test_where_a_station_of_a_hundred_stands(numerator: int, expected: Standing) -> None:
    assert standing(numerator, 100, 0.64) is expected


def test_sizes_begin_and_end_where_they_should() -> None:
    assert (sizes(0, 300)[0], sizes(0, 300)[-1]) == (1, 300)


# R. G. Newcombe, Stat. Med. 17 (1998) 857-872, table I, method 3.
@pytest.mark.parametrize(
    ("numerator", "denominator", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_intervals_are_those_of_the_published_table(numerator: int, denominator: int, low: float, high: float) -> None:
    assert wilson(numerator, denominator) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_ends_where_the_score_test_rejects(group: tuple[int, int]) -> None:
    """Wilson's ends are the shares p with |observed - p| = z * sqrt(p (1 - p) / n): put back into that equation."""
    numerator, denominator = group
    found = wilson(numerator, denominator)
    assert found is not None
    for end in found:
        distance = abs(numerator / denominator - end)
        assert distance == pytest.approx(Z * (end * (1 - end) / denominator) ** 0.5, abs=1e-7)


def test_there_is_no_interval_without_a_share() -> None:
    assert wilson(0, 0) is None
    assert wilson(12, 10) is None
