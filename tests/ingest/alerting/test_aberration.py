"""The two detectors against numbers worked out by other means, and what they are there for."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.alerting.aberration import CusumSettings, EarsSettings, cusum, ears_c2, standardised

EARS = EarsSettings(baseline=7, gap=2, sigmas=3.0, least_sigma=0.5)
CUSUM = CusumSettings(baseline=7, gap=2, reference=1.04, decision=2.26, least_expected=0.25)
counts_of_people = st.lists(st.integers(0, 60), min_size=0, max_size=60)


def days(*counts: float) -> np.ndarray:
    return np.array(counts, dtype=float)


def working(counts: np.ndarray) -> np.ndarray:
    return np.zeros(len(counts), dtype=bool)


def test_c2_by_hand() -> None:
    """Baseline 3 4 5 4 3 5 4: mean 4, variance 4/6; the two days before are left out, however high."""
    counts = days(3, 4, 5, 4, 3, 5, 4, 30, 30, 7)
    found = ears_c2(counts, working(counts), EARS)
    assert found.expected[9] == pytest.approx(4)
    assert found.statistic[9] == pytest.approx(3 / math.sqrt(4 / 6))  # 3.674
    assert found.limit[9] == pytest.approx(4 + 3 * math.sqrt(4 / 6))
    assert found.alarm.tolist() == [False] * 9 + [True]
    assert np.isnan(found.statistic[:9]).all()


def test_c2_counts_from_the_tenth_day_as_published() -> None:
    """Time points from baseline + 3 on can be watched."""
    counts = days(*[2] * 12)
    assert np.flatnonzero(~np.isnan(ears_c2(counts, working(counts), EARS).statistic))[0] == 9


@given(counts_of_people)
def test_c2_is_what_the_standard_library_works_out(people: list[int]) -> None:
    counts = days(*people)
    found = ears_c2(counts, working(counts), EARS)
    for day in range(9, len(people)):
        past = people[day - 9 : day - 2]
        sigma = max(statistics.stdev(past), 0.5)
        assert found.statistic[day] == pytest.approx((people[day] - statistics.fmean(past)) / sigma)
        assert found.alarm[day] == (found.statistic[day] > 3)


def test_a_quiet_place_raises_no_alarm_over_one_person() -> None:
    counts = days(*[0] * 9, 1)
    assert not ears_c2(counts, working(counts), EARS).alarm.any()
    assert not cusum(counts, working(counts), CUSUM).alarm.any()


def test_mondays_are_compared_with_mondays() -> None:
    """Nobody comes on days of rest; without telling them apart the first working day after them would stand out."""
    rest = np.array([day % 7 in (5, 6) for day in range(70)])
    counts = np.where(rest, 0.0, 6.0)
    counts[rest.nonzero()[0][-1]] = 3
    found = ears_c2(counts, rest, EARS)
    assert np.flatnonzero(found.alarm).tolist() == [rest.nonzero()[0][-1]]
    blind = ears_c2(counts, working(counts), EARS)
    assert not blind.alarm[rest.nonzero()[0][-1]]


def test_rossis_transformation_at_points_that_can_be_checked_by_head() -> None:
    assert standardised(days(4, 9, 0), days(4, 4, 4)) == pytest.approx([0, (9 - 12 + 12) / 4, -3])


@given(counts_of_people)
def test_the_cumulative_sum_is_what_the_recursion_says(people: list[int]) -> None:
    counts = days(*people)
    found = cusum(counts, working(counts), CUSUM)
    total = 0.0
    for day in range(9, len(people)):
        m = max(statistics.fmean(people[day - 9 : day - 2]), 0.25)
        z = (people[day] - 3 * m + 2 * math.sqrt(people[day] * m)) / (2 * math.sqrt(m))
        total = max(0.0, total + z - 1.04)
        assert found.statistic[day] == pytest.approx(total, abs=1e-9)
        assert found.alarm[day] == (found.statistic[day] >= 2.26)


@given(counts_of_people)
def test_the_cumulative_sums_limit_is_the_count_it_would_have_taken(people: list[int]) -> None:
    counts = days(*people)
    found = cusum(counts, working(counts), CUSUM)
    for day in range(9, len(people)):
        if abs(people[day] - found.limit[day]) > 1e-6:
            assert found.alarm[day] == (people[day] > found.limit[day])


def test_a_small_excess_that_goes_on_is_seen_by_the_sum_and_not_by_c2() -> None:
    counts = days(*[2, 6, 4, 7, 3, 5, 5] * 4, 9, 9, 9)
    assert not ears_c2(counts, working(counts), EARS).alarm.any()
    assert np.flatnonzero(cusum(counts, working(counts), CUSUM).alarm).tolist() == [30]
