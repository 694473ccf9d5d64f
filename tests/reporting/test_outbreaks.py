"""The epidemic curve shows a signal and hides what is small beside it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from api.outbreaks import Curve, curve
from ingest.alerting.sentinel import SentinelSettings, Series, Sign, Watched, watch
from maixun.configuration import settings

SENTINEL = settings(SentinelSettings, "sentinel")
FIRST = date(2026, 9, 1)


def watched(people: Sequence[int], station: int = 1) -> Watched:
    days = [FIRST + timedelta(days=n) for n in range(len(people))]
    series = Series(
        station_id=station, station=f"S{station}", place="station", sign=Sign.FEVER, days=days, people=list(people)
    )
    return watch(series, SENTINEL, lambda _day: True)


def drawn(*places: Sequence[int]) -> Curve:
    total = watched([sum(day) for day in zip(*places, strict=True)])
    each = [watched(people, number) for number, people in enumerate(places)]
    return curve(total, each, [False] * len(total.series.days), SENTINEL, threshold=10)


def test_small_counts_are_hidden_and_a_signal_is_not() -> None:
    quiet, outbreak = [2, 0, 3, 1] * 10, [0] * 39 + [8]
    found = drawn(quiet, outbreak, [20] * 40)
    assert found.places[0].people[:4] == [None, 0, None, None]
    assert found.places[1].people[-1] == 8
    assert found.places[1].signal[-1]
    assert found.places[2].people[0] is None  # hidden so that the sum does not give the two away
    assert found.places[2].people[1] == 20
    assert found.people[0] == 22


def test_the_sum_of_few_is_hidden_too() -> None:
    assert drawn([1] * 40, [2] * 40).people == [None] * 40
    assert drawn([0] * 40, [0] * 40).people == [0] * 40


def test_the_expectation_rests_on_what_is_shown() -> None:
    found = drawn([40] * 20 + [3] + [40] * 19)
    assert found.expected[15] == 40
    assert found.people[20] is None
    assert found.expected[21] == 40  # the day before is in the gap
    assert found.expected[25] is None
    assert found.expected[-1] == 40


@given(st.lists(st.lists(st.integers(0, 30), min_size=3, max_size=3), min_size=12, max_size=12))
def test_nothing_hidden_follows_from_the_sum_and_the_rest(days: list[list[int]]) -> None:
    places = list(zip(*days, strict=True))
    found = drawn(*places)
    for day, total in enumerate(found.people):
        counts = [place.people[day] for place in found.places]
        hidden = [n for n, count in enumerate(counts) if count is None]
        assert len(hidden) != 1 or total is None
        for n, count in enumerate(counts):
            assert count is None or count == places[n][day]
            if count is not None and 0 < count < 10:
                assert found.places[n].signal[day]
