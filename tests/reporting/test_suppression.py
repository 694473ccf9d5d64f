"""Nobody is given away: not by a small cell, not by subtraction, not by a percentage, not by asking twice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.counts import Counts, Sum, joined
from api.disclosure import bounds, exposed, unproved
from api.suppression import CannotBeProtected, Suppression, suppress
from tests.reporting.tables import ALL, Key, rates, two_way

TEN = 10


@st.composite
def _tables(draw: st.DrawFn) -> Counts[Key]:
    shape = draw(st.tuples(st.integers(1, 5), st.integers(1, 5)))
    cell = st.integers(0, 30) | st.integers(0, 400) | st.just(0)
    cells = [[draw(cell) for _ in range(shape[1])] for _ in range(shape[0])]
    return two_way(np.array(cells).reshape(shape))


@st.composite
def _rates(draw: st.DrawFn) -> Counts[Key]:
    towns = [f"town{n}" for n in range(draw(st.integers(1, 3)))]
    tree = {town: [f"{town}/{n}" for n in range(draw(st.integers(1, 4)))] for town in towns}
    figures = {}
    for station in (station for parts in tree.values() for station in parts):
        denominator = draw(st.integers(0, 200))
        figures[station] = (draw(st.integers(0, denominator)), denominator)
    return rates(tree | {"county": towns}, figures)


@given(_tables() | _rates(), st.sampled_from([5, 10]))
def test_whatever_the_table_no_hidden_count_can_be_solved_to_within_the_threshold(
    counts: Counts[Key], threshold: int
) -> None:
    found = suppress(counts, threshold)
    assert exposed(counts, found, threshold) == []
    assert unproved(counts, found, threshold) == []
    for key, range_ in bounds(counts, found.hidden).items():  # the same by an attack that knows nothing of the proof
        assert range_.width > threshold - 1e-6, key
        assert range_.least <= counts.values[key] + 1e-6
        assert counts.values[key] <= range_.most + 1e-6


@given(_tables())
def test_the_same_table_is_hidden_the_same_way(counts: Counts[Key]) -> None:
    assert suppress(counts, TEN).hidden == suppress(counts, TEN).hidden


def test_seven_in_a_row_with_its_total_hides_one_more_cell() -> None:
    """The reference's example: subtraction from the row's total would give the seven."""
    counts = Counts[str]({"a": 7, "b": 40, "c": 60, "row": 107}, [Sum("row", ["a", "b", "c"])])
    found = suppress(counts, TEN)
    assert "a" in found.hidden
    assert len(found.hidden) == 2
    assert found.shows("row")


def test_a_table_without_small_cells_hides_nothing() -> None:
    assert suppress(two_way(np.full((4, 4), 25)), TEN).hidden == frozenset()


def test_nothing_and_ten_are_shown_nine_and_one_are_not() -> None:
    counts = Counts[str]({"none": 0, "one": 1, "nine": 9, "ten": 10, "many": 500}, [])
    assert suppress(counts, TEN).hidden == {"one", "nine"}


def test_a_rate_is_not_shown_when_the_others_are_few() -> None:
    """48 of 50 controlled gives away that two are not."""
    found = suppress(rates({"county": ["a", "b"]}, {"a": (48, 50), "b": (60, 120)}), TEN)
    assert not found.shows(("a", "yes"), ("a", "no"), ("a", ALL))


def test_a_township_of_two_stations_does_not_give_away_one_through_the_other() -> None:
    tree = {"north": ["n1", "n2"], "south": ["s1", "s2"], "county": ["north", "south"]}
    found = suppress(rates(tree, {"n1": (4, 90), "n2": (50, 100), "s1": (40, 100), "s2": (60, 130)}), TEN)
    assert ("n1", "yes") in found.hidden
    assert ("n2", "yes") in found.hidden or ("north", "yes") in found.hidden


def test_two_tables_that_share_a_total_do_not_betray_each_other() -> None:
    by_age = Counts[str]({"young": 6, "old": 94, "all": 100}, [Sum("all", ["young", "old"])])
    by_sex = Counts[str]({"women": 55, "men": 45, "all": 100}, [Sum("all", ["women", "men"])])
    both = joined([by_age, by_sex])
    found = suppress(both, TEN)
    assert unproved(both, found, TEN) == []
    assert found.shows("women", "men", "all")


def test_asking_again_uncovers_nothing_and_hides_nothing_that_was_shown() -> None:
    rows = two_way(np.array([[3, 40], [60, 70]]))
    first = suppress(rows, TEN)
    shown = frozenset(rows.keys) - first.hidden
    again = suppress(rows, TEN, hidden=first.hidden, published=shown)
    assert again.hidden == first.hidden
    assert unproved(rows, again, TEN) == []


def test_what_was_published_before_cannot_be_hidden_and_is_said() -> None:
    counts = Counts[str]({"a": 7, "b": 40, "row": 47}, [Sum("row", ["a", "b"])])
    with pytest.raises(CannotBeProtected, match="a"):
        suppress(counts, TEN, published=["b", "row"])
    with pytest.raises(CannotBeProtected, match="though small"):
        suppress(counts, TEN, published=["a"])


def test_the_auditor_believes_no_proof_that_does_not_hold() -> None:
    counts = Counts[str]({"a": 7, "b": 40, "row": 47}, [Sum("row", ["a", "b"])])
    found = suppress(counts, TEN)
    assert unproved(counts, found, TEN) == []
    alone = Suppression(frozenset({"a"}), found.proof)  # the other cell is shown after all
    assert unproved(counts, alone, TEN) == ["a"]
    below_nothing = replace(found, proof=({"a": -40, "b": 40},))
    assert unproved(counts, below_nothing, TEN) == ["a", "b"]
    does_not_add_up = replace(found, proof=({"a": 10},))
    assert set(unproved(counts, does_not_add_up, TEN)) == set(found.hidden)
    assert set(unproved(counts, found, TEN + 30)) == set(found.hidden)


def test_a_table_that_does_not_add_up_is_refused() -> None:
    with pytest.raises(ValueError, match="not the sum"):
        Counts({"a": 1, "b": 2, "row": 4}, [Sum("row", ["a", "b"])])
    with pytest.raises(ValueError, match="negative"):
        Counts({"a": -1}, [])
    with pytest.raises(ValueError, match="two different counts"):
        joined([Counts({"a": 1}, []), Counts({"a": 2}, [])])
