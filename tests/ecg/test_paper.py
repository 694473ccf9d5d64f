"""The drawing: a second is 25 mm, a millivolt is 10 mm, and nothing is left out."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.ecg_paper import LEFT, sheet


def points(curve: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (pair.split(",") for pair in curve.split())]


@settings(deadline=None)
@given(st.lists(st.floats(-6, 6), min_size=1, max_size=4000), st.sampled_from([100.0, 128.0, 333.3]))
def test_every_sample_lies_where_its_time_and_height_say_and_on_the_sheet(millivolts: list[float], rate: float) -> None:
    drawn = sheet(millivolts, rate, [])
    found = [(row, x, y) for row in drawn.rows for x, y in points(row.curve)]
    assert len(found) == len(millivolts)
    for n, (row, x, y) in enumerate(found):
        assert x == pytest.approx(LEFT + (n / rate - row.seconds) * 25, abs=0.01)
        assert y == pytest.approx(row.baseline - millivolts[n] * 10, abs=0.01)
        assert LEFT - 0.01 <= x <= drawn.width
        assert 0 <= y <= drawn.height


def test_rows_are_ten_seconds_and_lie_on_large_squares() -> None:
    drawn = sheet([0.0] * 7500, 250.0, [0, 2499, 2500, 7499])
    assert [row.seconds for row in drawn.rows] == [0, 10, 20]
    assert [row.beats for row in drawn.rows] == [(15.0, 264.9), (15.0,), (264.9,)]
    assert all(row.baseline % 5 == 0 for row in drawn.rows)
    assert (drawn.width, drawn.height) == (270.0, 90.0)


def test_the_calibration_pulse_is_a_millivolt_for_a_fifth_of_a_second_before_the_curve() -> None:
    (row,) = sheet([0.0] * 100, 100.0, []).rows
    start, before, up, along, down, after = re.findall(r"[Mhv][-0-9. ]+", row.pulse)
    assert (start, up, along, down) == ("M2.5 15.0", "v-10.0", "h5.0", "v10.0")
    assert 2.5 + sum(float(part[1:]) for part in (before, along, after)) < LEFT
