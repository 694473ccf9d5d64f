"""Placing in time: by example as domain experts state it, and by what must hold always."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from devices.clock import MeterClock, Placed, parse_policy, place
from devices.reading import ClockQuality
from maixun.configuration import load
from tests.devices.policy import POLICY, SHANGHAI

RECEIVED = datetime(2026, 11, 21, 0, 0, 0, tzinfo=UTC)  # 08:00 in Shanghai
LOCAL = datetime(2026, 11, 21, 8, 0, 0)
MINUTE = timedelta(minutes=1)

stamps = st.datetimes()
moments = st.datetimes(min_value=datetime(2022, 1, 2), max_value=datetime(2090, 1, 1), timezones=st.just(UTC))
zones = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
clocks = st.builds(MeterClock, st.datetimes(), moments)


def placed(stamp: datetime | None, meter_time: datetime | None = None, **more: Any) -> Placed:
    clock = MeterClock(meter_time, RECEIVED) if meter_time else None
    return place(stamp, received_at=RECEIVED, meter_clock=clock, zone=SHANGHAI, policy=POLICY, **more)


def test_a_meter_without_a_clock_is_dated_by_its_reception() -> None:
    result = placed(None)
    assert (result.measured_at, result.quality) == (RECEIVED, ClockQuality.ASSUMED)


def test_a_checked_and_right_clock_is_exact_and_keeps_its_own_stamp() -> None:
    result = placed(LOCAL - timedelta(hours=3), LOCAL + MINUTE)
    assert (result.measured_at, result.quality) == (RECEIVED - timedelta(hours=3), ClockQuality.EXACT)


def test_a_right_clock_that_is_a_minute_fast_does_not_reach_into_the_future() -> None:
    result = placed(LOCAL + MINUTE, LOCAL + MINUTE)
    assert (result.measured_at, result.quality) == (RECEIVED, ClockQuality.EXACT)


def test_a_clock_that_is_six_minutes_fast_is_shifted_back_by_six_minutes() -> None:
    result = placed(LOCAL, LOCAL + 6 * MINUTE)
    assert (result.measured_at, result.quality) == (RECEIVED - 6 * MINUTE, ClockQuality.CORRECTED)


def test_a_clock_reset_by_a_battery_change_is_still_right_about_how_long_ago() -> None:
    result = placed(datetime(2010, 1, 1, 0, 5), datetime(2010, 1, 1, 2, 5))
    assert (result.measured_at, result.quality) == (RECEIVED - timedelta(hours=2), ClockQuality.CORRECTED)


def test_a_record_from_before_the_reset_is_not_believed() -> None:
    result = placed(LOCAL - timedelta(days=3), datetime(2010, 1, 1, 2, 5))
    assert (result.measured_at, result.quality) == (None, ClockQuality.UNUSABLE)


@pytest.mark.parametrize(
    "stamp", [datetime(2000, 1, 1), datetime(2010, 1, 1, 0, 5), datetime(1, 1, 1), datetime(2021, 12, 31)]
)
@pytest.mark.parametrize("checked", [True, False])
def test_a_stamp_from_before_the_programme_is_unusable(stamp: datetime, checked: bool) -> None:
    assert placed(stamp, LOCAL if checked else None).quality is ClockQuality.UNUSABLE


@pytest.mark.parametrize("stamp", [LOCAL + timedelta(hours=1), datetime(2037, 1, 1), datetime(9999, 12, 31, 23, 59)])
@pytest.mark.parametrize("checked", [True, False])
def test_a_stamp_in_the_future_is_unusable(stamp: datetime, checked: bool) -> None:
    assert placed(stamp, LOCAL if checked else None).quality is ClockQuality.UNUSABLE


def test_an_unchecked_clock_that_is_a_little_fast_does_not_reach_into_the_future() -> None:
    result = placed(LOCAL + 10 * MINUTE)
    assert (result.measured_at, result.quality) == (RECEIVED, ClockQuality.ASSUMED)


def test_a_live_reading_may_be_later_than_the_clock_that_was_read_at_the_start_of_the_visit() -> None:
    clock = MeterClock(LOCAL - 30 * MINUTE, RECEIVED - 30 * MINUTE)
    result = place(LOCAL, received_at=RECEIVED, meter_clock=clock, zone=SHANGHAI, policy=POLICY)
    assert (result.measured_at, result.quality) == (RECEIVED, ClockQuality.EXACT)


@given(stamps | st.none(), st.booleans())
def test_a_reported_time_fault_is_always_unusable(stamp: datetime | None, checked: bool) -> None:
    result = placed(stamp, LOCAL if checked else None, time_fault=True)
    assert (result.measured_at, result.quality) == (None, ClockQuality.UNUSABLE)


@given(stamps | st.none(), moments, clocks | st.none(), zones)
@example(datetime(1, 1, 1), RECEIVED, MeterClock(datetime(9999, 12, 31), RECEIVED), SHANGHAI)
@example(datetime(9999, 12, 31), RECEIVED, MeterClock(datetime(1, 1, 1), RECEIVED), SHANGHAI)
def test_whatever_a_meter_says_the_placing_is_past_and_after_the_epoch_or_unusable(
    stamp: datetime | None, received_at: datetime, clock: MeterClock | None, zone: timezone
) -> None:
    result = place(stamp, received_at=received_at, meter_clock=clock, zone=zone, policy=POLICY)
    assert (result.measured_at is None) == (result.quality is ClockQuality.UNUSABLE)
    if result.measured_at is not None:
        assert result.measured_at.tzinfo is UTC
        assert POLICY.epoch - POLICY.tolerance <= result.measured_at <= received_at


near = st.timedeltas(min_value=timedelta(days=-400), max_value=timedelta(hours=2))


@given(near, near, st.none() | st.timedeltas(timedelta(days=-5000), timedelta(days=5000)), moments, zones)
def test_a_later_stamp_is_never_placed_before_an_earlier_one(
    one: timedelta, other: timedelta, error: timedelta | None, received_at: datetime, zone: timezone
) -> None:
    shown = received_at.astimezone(zone).replace(tzinfo=None) + (error or timedelta(0))
    clock = None if error is None else MeterClock(shown, received_at)
    earlier, later = (
        place(shown + age, received_at=received_at, meter_clock=clock, zone=zone, policy=POLICY).measured_at
        for age in sorted((one, other))
    )
    assume(earlier is not None and later is not None)
    assert earlier is not None
    assert later is not None
    assert earlier <= later


@given(
    st.timedeltas(timedelta(0), timedelta(days=300)), st.timedeltas(timedelta(days=-4000), timedelta(days=4000)), zones
)
def test_a_corrected_reading_is_where_it_was_whatever_the_clocks_error(
    ago: timedelta, error: timedelta, zone: timezone
) -> None:
    assume(abs(error) > POLICY.tolerance)
    shown = RECEIVED.astimezone(zone).replace(tzinfo=None) + error
    result = place(shown - ago, received_at=RECEIVED, meter_clock=MeterClock(shown, RECEIVED), zone=zone, policy=POLICY)
    assert (result.measured_at, result.quality) == (RECEIVED - ago, ClockQuality.CORRECTED)


@given(st.timedeltas(timedelta(0), timedelta(days=300)), st.timedeltas(timedelta(days=-4000), timedelta(days=4000)))
def test_two_gateways_that_check_the_clock_place_a_reading_within_the_tolerance(
    ago: timedelta, error: timedelta
) -> None:
    later = RECEIVED + timedelta(days=2)
    stamp = LOCAL + error - ago
    placings = [
        place(
            stamp,
            received_at=at,
            meter_clock=MeterClock(at.astimezone(SHANGHAI).replace(tzinfo=None) + error, at),
            zone=SHANGHAI,
            policy=POLICY,
        ).measured_at
        for at in (RECEIVED, later)
    ]
    assert placings[0] is not None
    assert placings[1] is not None
    assert abs(placings[0] - placings[1]) <= POLICY.tolerance


def test_an_unknown_key_in_the_clocks_file_stops_the_start() -> None:
    document = load("devices/clock.yaml")
    wrong = {"clock": document["clock"] | {"tolerence": document["clock"]["tolerance"]}}
    with pytest.raises(ValueError, match="tolerence"):
        parse_policy(wrong)
