"""Blood-pressure cuffs, from their bytes on the air to rows in the outbox."""

from __future__ import annotations

from datetime import timedelta

from tests.gateway.ble.station import LOCAL, Station
from tests.harness.radio import packets
from tests.harness.radio.air import Air
from tests.harness.radio.indicating_meter import BloodPressureMeter
from tests.harness.radio.meter_clock import EmulatedClock

ADDRESS = "F0:F1:F2:F3:F4:01"
# Pulse and status big-endian, user id without its flag: one of the real packets of the decoders' vectors.
RECORDED_BY_A_BM85 = bytes.fromhex("566a0047000000ea07080b121f00003f000000")


def records(*systolics: int) -> list[bytes]:
    """One record for each number, an hour apart, the last one an hour ago."""
    count = len(systolics)
    return [
        packets.blood_pressure(systolic, 82, LOCAL - timedelta(hours=count - index))
        for index, systolic in enumerate(systolics)
    ]


def right_clock() -> EmulatedClock:
    return EmulatedClock(now=lambda: LOCAL)


async def test_stored_records_flow_until_the_cuff_hangs_up(radio: Air, station: Station) -> None:
    async with (
        BloodPressureMeter(radio=radio, address=ADDRESS, records=records(121, 122, 123, 124, 125)) as cuff,
        station.listening(),
    ):
        rows = await station.until_rows(5)
        await cuff.diary.until("hang up")
    assert [row["values"]["systolic"] for row in rows] == [121, 122, 123, 124, 125]
    assert {row["device"] for row in rows} == {ADDRESS}
    assert rows[0]["kind"] == "blood_pressure"
    assert rows[0]["values"] == {"systolic": 121, "diastolic": 82, "mean_arterial": 95, "pulse": 70}
    assert rows[0]["raw"] == "2A35:" + records(121, 122, 123, 124, 125)[0].hex()
    assert cuff.records == []


async def test_a_link_lost_in_mid_transfer_costs_nothing(radio: Air, station: Station) -> None:
    async with (
        BloodPressureMeter(radio=radio, address=ADDRESS, records=records(*range(130, 136)), drop_after=3) as cuff,
        station.listening(),
    ):
        await station.until_rows(6)
    assert station.systolics() == [130, 131, 132, 133, 134, 135]
    assert cuff.diary.times("drop") == 1
    assert cuff.diary.times("connect") >= 2


async def test_a_meter_that_sends_its_memory_again_gives_no_second_row(radio: Air, station: Station) -> None:
    memory = records(141, 142, 143)
    cuff = BloodPressureMeter(radio=radio, address=ADDRESS, records=memory, keeps_records=True)
    async with cuff, station.listening():
        await station.until_rows(3)
        await cuff.diary.until("hang up")
        await cuff.advertise()
        await cuff.diary.until("hang up", times=2)
    assert station.systolics() == [141, 142, 143]


async def test_a_wrong_clock_is_read_then_set_and_the_readings_are_corrected(radio: Air, station: Station) -> None:
    ahead = timedelta(days=2, hours=3)
    clock = EmulatedClock(now=lambda: LOCAL, error=ahead)
    measured = LOCAL - timedelta(hours=1)
    async with (
        BloodPressureMeter(
            radio=radio,
            address=ADDRESS,
            manufacturer="A&D Medical",
            model="UA-651BLE",
            records=[packets.blood_pressure(128, 82, measured + ahead)],
            clock=clock,
        ) as cuff,
        station.listening(),
    ):
        (row,) = await station.until_rows(1)
        await cuff.diary.until("hang up")
    assert row["clock"] == "corrected"
    assert row["measured_at"] == "2026-11-20T23:00:00.000Z"
    assert clock.error == timedelta(0)
    assert cuff.diary.entries.index("clock set") < cuff.diary.entries.index("subscribe 2A35")


async def test_a_right_clock_makes_an_exact_reading(radio: Air, station: Station) -> None:
    async with (
        BloodPressureMeter(radio=radio, address=ADDRESS, records=records(128), clock=right_clock()),
        station.listening(),
    ):
        (row,) = await station.until_rows(1)
    assert (row["clock"], row["measured_at"]) == ("exact", "2026-11-20T23:00:00.000Z")


async def test_two_meters_at_once_are_visited_one_after_the_other(radio: Air, station: Station) -> None:
    other = "F0:F1:F2:F3:F4:02"
    async with (
        BloodPressureMeter(radio=radio, address=ADDRESS, records=records(111, 112)),
        BloodPressureMeter(radio=radio, address=other, records=records(151, 152)),
        station.listening(),
    ):
        rows = await station.until_rows(4)
    assert {(row["device"], row["values"]["systolic"]) for row in rows} == {
        (ADDRESS, 111),
        (ADDRESS, 112),
        (other, 151),
        (other, 152),
    }


async def test_beurer_gets_its_pause_and_its_byte_order(radio: Air, station: Station) -> None:
    async with (
        BloodPressureMeter(radio=radio, address=ADDRESS, name="BM85", records=[RECORDED_BY_A_BM85], deaf_for=0.1),
        station.listening(),
    ):
        (row,) = await station.until_rows(1)
    assert row["values"] == {"systolic": 106, "diastolic": 71, "pulse": 63}
    assert row["user"] == 0


async def test_a_cuff_that_never_hangs_up_is_left_when_it_falls_silent(radio: Air, station: Station) -> None:
    async with (
        BloodPressureMeter(radio=radio, address=ADDRESS, records=records(128), hangs_up=False) as cuff,
        station.listening(),
    ):
        await cuff.diary.until("hang up")
        await station.until_rows(1)


async def test_what_a_cuff_still_held_when_its_clock_was_set_is_corrected_too(radio: Air, station: Station) -> None:
    ahead = timedelta(days=2)
    stored = [packets.blood_pressure(120 + n, 80, LOCAL + ahead - timedelta(hours=4 - n)) for n in range(4)]
    clock = EmulatedClock(now=lambda: LOCAL, error=ahead)
    async with (
        BloodPressureMeter(radio=radio, address=ADDRESS, records=stored, clock=clock, drop_after=2),
        station.listening(),
    ):
        rows = await station.until_rows(4)
    assert {row["clock"] for row in rows} == {"corrected"}
    assert [row["measured_at"][11:13] for row in rows] == ["20", "21", "22", "23"]


async def test_omron_is_set_only_after_it_told_its_own_time_and_only_when_far_off(radio: Air, station: Station) -> None:
    clock = EmulatedClock(now=lambda: LOCAL, error=timedelta(hours=3))
    async with (
        BloodPressureMeter(
            radio=radio,
            address=ADDRESS,
            name="BLESmart_0001",
            records=[packets.blood_pressure(128, 82, LOCAL + timedelta(hours=2))],
            clock=clock,
            tells_time=True,
            hangs_up=False,
        ) as cuff,
        station.listening(),
    ):
        (row,) = await station.until_rows(1)
        await cuff.diary.until("clock set")
    assert (row["clock"], row["measured_at"]) == ("corrected", "2026-11-20T23:00:00.000Z")
    assert cuff.diary.entries.index("time told") < cuff.diary.entries.index("clock set")


async def test_omron_a_few_minutes_off_is_left_alone(radio: Air, station: Station) -> None:
    clock = EmulatedClock(now=lambda: LOCAL, error=timedelta(minutes=5))
    async with (
        BloodPressureMeter(
            radio=radio,
            address=ADDRESS,
            name="BLESmart_0001",
            records=records(128),
            clock=clock,
            tells_time=True,
        ) as cuff,
        station.listening(),
    ):
        (row,) = await station.until_rows(1)
        await cuff.diary.until("hang up")
    assert cuff.diary.times("time told") == 1
    assert clock.written == []
    assert row["clock"] == "corrected"


async def test_bytes_nobody_understands_are_kept_for_a_person_to_look_at(radio: Air, station: Station) -> None:
    time_flag_without_time = bytes.fromhex("03020304050607")
    async with (
        BloodPressureMeter(radio=radio, address=ADDRESS, records=[time_flag_without_time, *records(128)]),
        station.listening(),
    ):
        rows = await station.until_rows(2)
    assert [row.get("unusable") for row in rows] == ["undecodable", None]
    assert rows[0]["raw"] == "2A35:03020304050607"


async def test_only_meters_are_visited_and_one_may_be_known_by_its_name(radio: Air, station: Station) -> None:
    battery_service = 0x180F
    async with (
        BloodPressureMeter(radio=radio, address=ADDRESS, service=battery_service, name="LAMP", records=[]) as lamp,
        BloodPressureMeter(
            radio=radio, address="F0:F1:F2:F3:F4:02", name="BM85", announces_service=False, records=[RECORDED_BY_A_BM85]
        ),
        station.listening(),
    ):
        await station.until_rows(1)
    assert lamp.diary.entries == []
