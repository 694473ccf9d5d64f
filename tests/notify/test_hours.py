"""Working time: public holidays, worked weekends, evening clinics, limits that count only work."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.notify.made import SHIPPED, local

HOURS = SHIPPED.hours_of("青河卫生站")


@pytest.mark.parametrize(
    ("at", "working"),
    [
        ("2026-11-24T08:00", True),
        ("2026-11-24T12:00", False),  # the end itself is no longer work
        ("2026-11-24T13:00", False),
        ("2026-11-24T18:30", False),  # Tuesday has no clinic
        ("2026-11-25T18:30", True),  # Wednesday has
        ("2026-11-25T20:00", False),
        ("2026-11-28T10:00", False),  # Saturday
        ("2026-10-10T10:00", True),  # Saturday, worked for the national holiday
        ("2026-10-06T10:00", False),  # Tuesday, off for it
        ("2026-02-18T10:00", False),  # spring festival
        ("2026-10-07T18:30", False),  # Wednesday's clinic is not held on a holiday
    ],
)
def test_a_station_works_when_china_works(at: str, working: bool) -> None:
    assert HOURS.are_working(local(at)) is working


@pytest.mark.parametrize(
    ("since", "until"),
    [
        ("2026-11-24T08:00", "2026-11-24T12:00"),
        ("2026-11-24T11:00", "2026-11-24T17:00"),  # over lunch
        ("2026-11-24T17:00", "2026-11-25T11:30"),  # over night
        ("2026-11-25T17:00", "2026-11-26T09:30"),  # half an hour, two of the clinic, one and a half in the morning
        ("2026-11-28T15:00", "2026-11-30T12:00"),  # a Saturday waits for Monday
        ("2026-09-30T17:30", "2026-10-08T10:00"),  # the clinic of the 30th, then a week of holidays
        ("2026-02-13T16:00", "2026-02-14T08:30"),  # 1.5 h on Friday, its clinic of 2 h, 0.5 h on a worked Saturday
    ],
)
def test_four_working_hours(since: str, until: str) -> None:
    assert HOURS.after(local(since), timedelta(hours=4)) == local(until)


@given(st.integers(0, 400 * 24 * 60), st.integers(1, 3000))
def test_a_limit_of_working_time_ends_in_working_time_and_grows_with_it(start: int, amount: int) -> None:
    since = local("2026-01-01T00:00") + timedelta(minutes=start)
    end = HOURS.after(since, timedelta(minutes=amount))
    assert end >= since + timedelta(minutes=amount)
    assert HOURS.are_working(end - timedelta(seconds=1))
    assert HOURS.after(since, timedelta(minutes=amount + 1)) > end


def test_breaks_and_work_fill_the_time() -> None:
    since, until = local("2026-11-24T00:00"), local("2026-11-26T00:00")
    assert HOURS.breaks(since, until) == [
        (local("2026-11-24T00:00"), local("2026-11-24T08:00")),
        (local("2026-11-24T12:00"), local("2026-11-24T14:00")),
        (local("2026-11-24T17:30"), local("2026-11-25T08:00")),
        (local("2026-11-25T12:00"), local("2026-11-25T14:00")),
        (local("2026-11-25T17:30"), local("2026-11-25T18:00")),
        (local("2026-11-25T20:00"), local("2026-11-26T00:00")),
    ]


def test_quiet_hours_reach_over_midnight() -> None:
    quiet = SHIPPED.quiet_hours()
    assert quiet.over(local("2026-11-24T21:59")) == local("2026-11-24T21:59")
    assert quiet.over(local("2026-11-24T22:00")) == local("2026-11-25T07:00")
    assert quiet.over(local("2026-11-25T03:00")) == local("2026-11-25T07:00")
