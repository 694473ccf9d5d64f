"""Glucose meters: their memory asked through the Record Access Control Point, from the air to rows in the outbox."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.gateway.ble.station import LOCAL, Station
from tests.harness.radio import packets
from tests.harness.radio.air import Air
from tests.harness.radio.glucose_meter import GlucoseMeter
from tests.harness.radio.meter_clock import EmulatedClock
from tests.harness.radio.record_keeper import OPERAND_NOT_SUPPORTED, OPERATOR_NOT_SUPPORTED, StoredRecord

ADDRESS = "F0:F1:F2:F3:F4:02"
ALL, FROM_50 = "racp 0101", "racp 0103013200"


def memory(first: int, last: int) -> list[StoredRecord]:
    """Records numbered so, a minute apart; every second one fasting, with a context."""
    start = LOCAL - timedelta(days=1)
    return [
        packets.glucose(n, 90 + n, start + timedelta(minutes=n), fasting=n % 2 == 0) for n in range(first, last + 1)
    ]


def sequences(station: Station) -> list[int]:
    """The numbers of the records in the outbox, read from their raw bytes."""
    raws = [bytes.fromhex(row["raw"].split("+")[0].removeprefix("2A18:")) for row in station.rows()]
    return sorted(int.from_bytes(raw[1:3], "little") for raw in raws)


async def test_the_first_visit_takes_the_whole_memory_with_its_meals(radio: Air, station: Station) -> None:
    async with GlucoseMeter(radio=radio, address=ADDRESS, records=memory(1, 50)) as meter, station.listening():
        rows = await station.until_rows(50)
        await meter.diary.until(ALL)
    assert sequences(station) == list(range(1, 51))
    assert [row.get("meal") for row in rows[:2]] == [None, "fasting"]
    assert rows[0]["values"] == {"glucose": pytest.approx(91 / 18.0, abs=0.1)}


async def test_the_second_visit_asks_only_from_the_last_one_on(radio: Air, station: Station) -> None:
    async with GlucoseMeter(radio=radio, address=ADDRESS, records=memory(1, 50)) as meter, station.listening():
        await station.until_rows(50)
        meter.records += memory(51, 53)
        await station.until_rows(53)
    assert meter.diary.times(ALL) == 1
    assert FROM_50 in meter.diary.entries
    assert sequences(station) == list(range(1, 54))
    assert len(meter.records) == 53, "the meter's memory is its owner's"


async def test_a_link_lost_in_mid_report_leaves_no_gap(radio: Air, station: Station) -> None:
    async with (
        GlucoseMeter(radio=radio, address=ADDRESS, records=memory(1, 50), drop_after=20) as meter,
        station.listening(),
    ):
        await station.until_rows(50)
    assert sequences(station) == list(range(1, 51))
    assert meter.diary.times("drop") == 1


async def test_an_empty_memory_is_no_trouble(radio: Air, station: Station) -> None:
    async with GlucoseMeter(radio=radio, address=ADDRESS) as meter, station.listening():
        await meter.diary.until("hang up")
        meter.records += memory(1, 2)
        await station.until_rows(2)
    assert sequences(station) == [1, 2]


@pytest.mark.parametrize("refusal", [OPERATOR_NOT_SUPPORTED, OPERAND_NOT_SUPPORTED])
async def test_a_meter_that_cannot_filter_is_asked_for_everything(radio: Air, station: Station, refusal: int) -> None:
    async with (
        GlucoseMeter(radio=radio, address=ADDRESS, records=memory(1, 3), refuses=refusal) as meter,
        station.listening(),
    ):
        await station.until_rows(3)
        meter.records += memory(4, 4)
        await station.until_rows(4)
    assert meter.diary.times(ALL) >= 2
    assert sequences(station) == [1, 2, 3, 4]


async def test_a_meter_whose_memory_was_cleared_counts_anew_and_nothing_is_missed(radio: Air, station: Station) -> None:
    async with GlucoseMeter(radio=radio, address=ADDRESS, records=memory(48, 50)) as meter, station.listening():
        await station.until_rows(3)
        meter.records[:] = [packets.glucose(1, 100, LOCAL - timedelta(minutes=5))]
        await station.until_rows(4)
    assert sequences(station) == [1, 48, 49, 50]


async def test_a_report_that_is_not_completed_is_taken_up_again(radio: Air, station: Station) -> None:
    procedure_not_completed = 0x08
    async with (
        GlucoseMeter(radio=radio, address=ADDRESS, records=memory(1, 3), answers=procedure_not_completed) as meter,
        station.listening(),
    ):
        await station.until_rows(3)
        await meter.diary.until("connect", times=2)
    assert sequences(station) == [1, 2, 3]


async def test_a_wrong_clock_is_set_only_when_all_records_it_stamped_are_here(radio: Air, station: Station) -> None:
    behind = timedelta(hours=-6)
    clock = EmulatedClock(now=lambda: LOCAL, error=behind)
    measured = LOCAL - timedelta(hours=1)
    async with (
        GlucoseMeter(
            radio=radio, address=ADDRESS, records=[packets.glucose(1, 100, measured + behind)], clock=clock
        ) as meter,
        station.listening(),
    ):
        (row,) = await station.until_rows(1)
        await meter.diary.until("clock set")
    assert (row["clock"], row["measured_at"]) == ("corrected", "2026-11-20T23:00:00.000Z")
    assert meter.diary.entries.index(ALL) < meter.diary.entries.index("clock set")
    assert clock.error == timedelta(0)
