"""Glucose meters, each visited as its maker made it."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.gateway.ble.models.telling import (
    ADDRESS,
    AN_HOUR_AGO,
    AT_AN_HOUR_AGO,
    bonded_by_hand,
    clock,
    order,
    story,
)
from tests.gateway.ble.station import LOCAL, Station
from tests.harness.radio import packets
from tests.harness.radio.air import Air
from tests.harness.radio.glucose_meter import GlucoseMeter
from tests.harness.radio.record_keeper import StoredRecord


@story("Contour Next One")
async def contour_is_bonded_before_it_is_asked_anything(radio: Air, station: Station) -> None:
    meter = GlucoseMeter(
        radio=radio,
        address=ADDRESS,
        name="Contour7830H",
        manufacturer="Ascensia Diabetes Care",
        secure=True,
        records=[packets.glucose(1, 100, AN_HOUR_AGO)],
        clock=clock(),
        own_clock="00001026-0002-11E2-9E96-0800200C9A66",
    )
    async with meter:
        await bonded_by_hand(radio)
        async with station.listening():
            await station.until_rows(1)
            await meter.diary.until("clock set")
    order(meter, "bonded", "read 2A29", "racp 0101", "clock set")
    assert meter.clock is not None
    assert meter.clock.written == [bytes.fromhex("01ea070b15000000e001")], "1, UTC, and 480 minutes ahead of it"


@story("Accu-Chek")
async def accu_chek_keeps_the_time_in_its_glucose_service(radio: Air, station: Station) -> None:
    behind = timedelta(minutes=-30)
    meter = GlucoseMeter(
        radio=radio,
        address=ADDRESS,
        name="meter+01234567",
        secure=True,
        records=[packets.glucose(1, 100, AN_HOUR_AGO + behind)],
        clock=clock(behind),
        date_time=True,
    )
    async with meter:
        await bonded_by_hand(radio)
        async with station.listening():
            rows = await station.until_rows(1)
            await meter.diary.until("clock set")
    order(meter, "racp 0101", "clock set")
    assert (rows[0]["clock"], rows[0]["measured_at"]) == ("corrected", AT_AN_HOUR_AGO)


@story("CareSens")
async def caresens_takes_a_command_for_its_clock_and_counts_thirteen_months(radio: Air, station: Station) -> None:
    january = packets.glucose(1, 100, datetime(2026, 1, 15, 8))
    thirteenth = january.measurement[:5] + b"\x0d" + january.measurement[6:]
    ketone = packets.glucose(2, 20, AN_HOUR_AGO, meal=6)
    meter = GlucoseMeter(
        radio=radio,
        address=ADDRESS,
        name="CareSens 0042",
        secure=True,
        records=[StoredRecord(1, thirteenth), ketone],
        clock=clock(),
        own_clock=0xFFF1,
    )
    async with meter:
        await bonded_by_hand(radio)
        async with station.listening():
            rows = await station.until_rows(2)
            await meter.diary.until("clock set")
    assert rows[0]["measured_at"] == "2026-01-15T00:00:00.000Z"
    assert rows[1]["unusable"] == "unknown_metric", "a ketone result is no glucose"
    assert meter.clock is not None
    assert meter.clock.written == [bytes.fromhex("c0030100" + "ea070b15080000")]


@story("TaiDoc and Fora")
async def taidoc_counts_from_the_newest_and_has_no_clock_for_us(radio: Air, station: Station) -> None:
    times = [AN_HOUR_AGO, AN_HOUR_AGO - timedelta(days=1)]
    meter = GlucoseMeter(
        radio=radio,
        address=ADDRESS,
        name="TAIDOC TD4279",
        records=[packets.glucose(number, 100 + number, at) for number, at in enumerate(times)],
        clock=clock(),
    )
    async with meter, station.listening():
        await station.until_rows(2)
        times.insert(0, LOCAL - timedelta(minutes=1))
        values = [99, 100, 101]
        meter.records[:] = [packets.glucose(n, values[n], at) for n, at in enumerate(times)]
        await station.until_rows(3)
        await meter.diary.until("hang up", times=3)
    assert len(station.rows()) == 3, "records whose numbers moved are the same records"
    assert {entry for entry in meter.diary.entries if entry.startswith("racp")} == {"racp 0101"}
    assert meter.clock is not None
    assert meter.clock.written == []
