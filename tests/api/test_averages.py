"""Averages by protocol: the first day, too few readings, doubtful ones, and the edge of a day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.averages import Average, average, protocols
from api.people import ReadingRow
from devices.reading import Flag
from tests.api.world import RULES

ZONE = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 21, 12, tzinfo=ZONE)
PROTOCOL = protocols(RULES)["home_pressure_high"]


def reading(days_ago: int, systolic: float = 130, hour: int = 8, flags: int = 0) -> ReadingRow:
    """A blood pressure at home at an hour of a local day."""
    return ReadingRow(
        reading_id=UUID(int=days_ago * 100 + hour),
        measured_at=(NOON - timedelta(days=days_ago)).replace(hour=hour).astimezone(UTC),
        kind="blood_pressure",
        setting="home",
        clock="exact",
        meal=None,
        flags=flags,
        device=None,
        values={"systolic": systolic, "diastolic": 80},
    )


def averaged(rows: list[ReadingRow], *, drop_first: bool = True) -> Average | None:
    """By the protocol of blood pressure, now."""
    return average(
        rows,
        PROTOCOL,
        metrics=("systolic", "diastolic"),
        doubtful=int(Flag.CUFF_LOOSE),
        drop_first=drop_first,
        until=NOON + timedelta(hours=12),
        zone=ZONE,
    )


def test_seven_days_without_the_first() -> None:
    rows = [reading(day, 170 if day == 6 else 130, hour) for day in range(7) for hour in (7, 20)]
    found = averaged([*rows, reading(7, 190)])
    assert found is not None
    assert (found.means["systolic"], found.readings, found.days, found.enough) == (130, 12, 6, True)
    assert (found.mornings, found.evenings) == (6, 6)
    assert found.dropped == date(2026, 11, 15)
    everybody = averaged(rows, drop_first=False)
    assert everybody is not None
    assert (everybody.readings, everybody.days, everybody.dropped) == (14, 7, None)


@pytest.mark.parametrize(("days", "a_day", "enough"), [(5, 3, True), (4, 4, False), (5, 2, False), (1, 20, False)])
def test_four_days_and_twelve_readings_after_the_first(days: int, a_day: int, enough: bool) -> None:
    found = averaged([reading(day, hour=hour) for day in range(days) for hour in range(a_day)])
    assert found is not None
    assert found.enough is enough


def test_what_the_meter_doubts_and_what_is_missing_takes_no_part() -> None:
    assert averaged([]) is None
    assert averaged([reading(1, flags=int(Flag.CUFF_LOOSE))]) is None
    irregular = averaged([reading(1, flags=int(Flag.IRREGULAR_PULSE)), reading(0)])
    assert irregular is not None, "an irregular pulse is a finding, not a doubtful value"


def test_a_day_is_a_local_day() -> None:
    late = reading(1, hour=23)  # 15:00 UTC
    early = reading(0, hour=0)  # 16:00 UTC of the same UTC day
    found = averaged([late, early])
    assert found is not None
    assert (found.days, found.readings, found.dropped) == (1, 1, date(2026, 11, 20))


@given(st.lists(st.tuples(st.integers(0, 20), st.floats(70, 250), st.integers(0, 23)), max_size=40), st.booleans())
def test_the_mean_lies_between_its_readings(rows: list[tuple[int, float, int]], drop_first: bool) -> None:
    found = averaged([reading(*row) for row in rows], drop_first=drop_first)
    if found is None or not found.means:
        return
    values = [row[1] for row in rows]
    assert min(values) - 0.001 <= found.means["systolic"] <= max(values) + 0.001
    assert found.readings == found.mornings + found.evenings >= found.days
    assert (found.last - found.first).days < PROTOCOL.over_days
