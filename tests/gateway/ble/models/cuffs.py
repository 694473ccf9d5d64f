"""Cuffs, each visited as its maker made it."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.gateway.ble.models.telling import ADDRESS, AN_HOUR_AGO, AT_AN_HOUR_AGO, clock, order, story
from tests.gateway.ble.station import Station
from tests.harness.radio import packets
from tests.harness.radio.air import Air
from tests.harness.radio.indicating_meter import BloodPressureMeter


def pressure(at: datetime = AN_HOUR_AGO, systolic: int = 128) -> bytes:
    return packets.blood_pressure(systolic, 82, at)


@story("standard")
async def a_cuff_of_nobody_in_particular(radio: Air, station: Station) -> None:
    async with BloodPressureMeter(radio=radio, address=ADDRESS, records=[pressure()]), station.listening():
        await station.until_rows(1)


@story("A&D UA-651BLE")
async def and_is_silent_unless_it_is_set_and_left_a_moment(radio: Air, station: Station) -> None:
    cuff = BloodPressureMeter(
        radio=radio,
        address=ADDRESS,
        name="A&D_UA-651BLE_0001",
        secure=True,
        records=[pressure(AN_HOUR_AGO + timedelta(days=1))],
        clock=clock(timedelta(days=1)),
        wants_time=True,
        deaf_for=0.09,
    )
    async with cuff, station.listening():
        rows = await station.until_rows(1)
        await cuff.diary.until("hang up")
    order(cuff, "bonded", "clock set", "subscribe 2A35")
    assert (rows[0]["clock"], rows[0]["measured_at"]) == ("corrected", AT_AN_HOUR_AGO)


@story("Omron with Blood Pressure Profile")
async def omron_is_set_after_it_told_its_time(radio: Air, station: Station) -> None:
    cuff = BloodPressureMeter(
        radio=radio,
        address=ADDRESS,
        name="BLEsmart_0000048000DC",
        secure=True,
        records=[pressure(AN_HOUR_AGO - timedelta(days=1))],
        clock=clock(timedelta(days=-1)),
        tells_time=True,
        hangs_up=False,
    )
    async with cuff, station.listening():
        rows = await station.until_rows(1)
        await cuff.diary.until("clock set")
        await cuff.diary.until("hang up")
    order(cuff, "subscribe 2A2B", "time told", "clock set")
    assert "clock set too early" not in cuff.diary.entries
    assert (rows[0]["clock"], rows[0]["measured_at"]) == ("corrected", AT_AN_HOUR_AGO)


@story("Beurer BM85")
async def beurer_sends_its_own_byte_order_after_a_silence(radio: Air, station: Station) -> None:
    captured = bytes.fromhex("566a0047000000ea07080b121f00003f000000")
    async with (
        BloodPressureMeter(radio=radio, address=ADDRESS, name="BM85", records=[captured], deaf_for=0.1),
        station.listening(),
    ):
        rows = await station.until_rows(1)
    assert rows[0]["values"] == {"systolic": 106, "diastolic": 71, "pulse": 63}
    assert rows[0]["user"] == 0


@story("Medisana and Transtek BU5xx")
async def medisana_sends_several_at_each_connection(radio: Air, station: Station) -> None:
    stored = [pressure(AN_HOUR_AGO - timedelta(days=day), 120 + day) for day in range(5)]
    cuff = BloodPressureMeter(radio=radio, address=ADDRESS, name="BU570", records=stored, keeps_records=True)
    async with cuff, station.listening():
        await station.until_rows(5)
        await cuff.diary.until("hang up")
        await cuff.advertise()
        await cuff.diary.until("hang up", times=2)
    assert station.systolics() == [120, 121, 122, 123, 124], "all of them, and none twice"
