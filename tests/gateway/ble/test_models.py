"""Every model that the catalogue calls verified, visited as an emulated meter that behaves as its maker made it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from bleak import BleakClient, BleakScanner

from devices.catalogue import Verified
from gateway.pairing import pairing_agent
from tests.gateway.ble.station import LOCAL, MODELS, Station
from tests.harness.radio import packets
from tests.harness.radio.advertising_scale import AdvertisingScale
from tests.harness.radio.air import Air
from tests.harness.radio.glucose_meter import GlucoseMeter
from tests.harness.radio.indicating_meter import BloodPressureMeter
from tests.harness.radio.meter import Meter
from tests.harness.radio.meter_clock import EmulatedClock
from tests.harness.radio.record_keeper import StoredRecord
from tests.harness.radio.scale import Person, Scale

ADDRESS = "F0:F1:F2:F3:F4:01"
VECTORS = Path(__file__).parents[2] / "devices"
AN_HOUR_AGO = LOCAL - timedelta(hours=1)
AT_AN_HOUR_AGO = "2026-11-20T23:00:00.000Z"

Told = Callable[[Air, Station], Awaitable[list[dict[str, Any]]]]
STORIES: dict[str, Told] = {}


def story(model: str) -> Callable[[Told], Told]:
    """Registers what tells how a meter of that model is visited."""

    def register(told: Told) -> Told:
        STORIES[model] = told
        return told

    return register


def named(verified: Verified) -> set[str]:
    return {model.name for model in (*MODELS.models, MODELS.standard) if verified in model.verified}


def test_an_emulated_model_has_its_story() -> None:
    assert set(STORIES) == named(Verified.EMULATED)


def test_a_captured_model_has_real_packets_among_the_vectors() -> None:
    vectors = [
        v for name in ("ble_vectors", "more_vectors") for v in json.loads((VECTORS / f"{name}.json").read_text())
    ]
    sources = " ".join(vector["source"] for vector in vectors if vector.get("kind") == "real")
    for model in MODELS.models:
        project = model.source.replace(":", " ").replace("#", " ").split()[0]
        if Verified.CAPTURED in model.verified:
            assert project in sources, f"{model.name}: no real packet from {project}"


@pytest.mark.parametrize("model", STORIES)
async def test_it_is_visited_as_its_maker_made_it(model: str, radio: Air, station: Station) -> None:
    await STORIES[model](radio, station)
    assert station.meter(ADDRESS).model == model


def clock(error: timedelta = timedelta(0)) -> EmulatedClock:
    return EmulatedClock(now=lambda: LOCAL, error=error)


def pressure(at: datetime = AN_HOUR_AGO, systolic: int = 128) -> bytes:
    return packets.blood_pressure(systolic, 82, at)


async def bonded_by_hand(radio: Air) -> None:
    """What a person does once with a meter that shows a code."""
    async with pairing_agent(None, within=1) as agent:
        await agent.expect(ADDRESS, "by hand", shows_code=False)
        device = await BleakScanner.find_device_by_address(ADDRESS, bluez={"adapter": radio.adapter_name})
        assert device is not None
        async with BleakClient(device) as client:
            await client.pair()


def order(meter: Meter, *entries: str) -> None:
    """These entries stand in the diary in this order, from the meter's last connection on."""
    diary = meter.diary.entries
    places = [diary.index(entry) for entry in entries]
    assert places == sorted(places), diary


@story("standard")
async def a_cuff_of_nobody_in_particular(radio: Air, station: Station) -> list[dict[str, Any]]:
    async with BloodPressureMeter(radio=radio, address=ADDRESS, records=[pressure()]), station.listening():
        return await station.until_rows(1)


@story("A&D UA-651BLE")
async def and_is_silent_unless_it_is_set_and_left_a_moment(radio: Air, station: Station) -> list[dict[str, Any]]:
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
    return rows


@story("Omron with Blood Pressure Profile")
async def omron_is_set_after_it_told_its_time(radio: Air, station: Station) -> list[dict[str, Any]]:
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
    return rows


@story("Beurer BM85")
async def beurer_sends_its_own_byte_order_after_a_silence(radio: Air, station: Station) -> list[dict[str, Any]]:
    captured = bytes.fromhex("566a0047000000ea07080b121f00003f000000")
    async with (
        BloodPressureMeter(radio=radio, address=ADDRESS, name="BM85", records=[captured], deaf_for=0.1),
        station.listening(),
    ):
        rows = await station.until_rows(1)
    assert rows[0]["values"] == {"systolic": 106, "diastolic": 71, "pulse": 63}
    assert rows[0]["user"] == 0
    return rows


@story("Medisana and Transtek BU5xx")
async def medisana_sends_several_at_each_connection(radio: Air, station: Station) -> list[dict[str, Any]]:
    stored = [pressure(AN_HOUR_AGO - timedelta(days=day), 120 + day) for day in range(5)]
    cuff = BloodPressureMeter(radio=radio, address=ADDRESS, name="BU570", records=stored, keeps_records=True)
    async with cuff, station.listening():
        await station.until_rows(5)
        await cuff.diary.until("hang up")
        await cuff.advertise()
        await cuff.diary.until("hang up", times=2)
    assert station.systolics() == [120, 121, 122, 123, 124], "all of them, and none twice"
    return station.rows()


@story("Contour Next One")
async def contour_is_bonded_before_it_is_asked_anything(radio: Air, station: Station) -> list[dict[str, Any]]:
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
            rows = await station.until_rows(1)
            await meter.diary.until("clock set")
    order(meter, "bonded", "read 2A29", "racp 0101", "clock set")
    assert meter.clock is not None
    assert meter.clock.written == [bytes.fromhex("01ea070b15000000e001")], "1, UTC, and 480 minutes ahead of it"
    return rows


@story("Accu-Chek")
async def accu_chek_keeps_the_time_in_its_glucose_service(radio: Air, station: Station) -> list[dict[str, Any]]:
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
    return rows


@story("CareSens")
async def caresens_takes_a_command_for_its_clock_and_counts_thirteen_months(
    radio: Air, station: Station
) -> list[dict[str, Any]]:
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
    return rows


@story("TaiDoc and Fora")
async def taidoc_counts_from_the_newest_and_has_no_clock_for_us(radio: Air, station: Station) -> list[dict[str, Any]]:
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
    return station.rows()


def beurer_scale(radio: Air, name: str, records: list[tuple[int, bytes]], behind: timedelta) -> Scale:
    return Scale(
        radio=radio, address=ADDRESS, name=name, secure=True, people={2: Person(4711, records)}, clock=clock(behind)
    )


async def visited_scale(radio: Air, station: Station, scale: Scale, rows: int) -> list[dict[str, Any]]:
    async with scale:
        await bonded_by_hand(radio)
        await scale.advertise()
        async with station.listening(consents={ADDRESS: {2: 4711}}):
            await station.until_rows(rows)
            await scale.diary.until("hang up", times=2)
    order(scale, "bonded", "clock set", "subscribe 2A9D", "user control 02")
    return station.rows()


@story("Beurer BF720")
async def bf720_gives_a_persons_records_for_her_code(radio: Air, station: Station) -> list[dict[str, Any]]:
    behind = timedelta(minutes=-10)
    shown = AN_HOUR_AGO + behind
    measured = [
        (0x2A9D, packets.weight(61.5, shown, user=2)),
        (0x2A9C, packets.body_composition(28.4, 520, shown, user=2)),
    ]
    rows = await visited_scale(radio, station, beurer_scale(radio, "BF720", measured, behind), 1)
    assert rows[0]["values"] == {"weight": 61.5, "body_fat": 28.4, "impedance": 520}
    assert (rows[0]["user"], rows[0]["measured_at"]) == (2, AT_AN_HOUR_AGO)
    return rows


@story("Beurer BF788")
async def bf788_sends_stubs_before_the_real_composition(radio: Air, station: Station) -> list[dict[str, Any]]:
    stub = bytes.fromhex("9803000096230000000000000000")
    measured = [
        (0x2A9D, packets.weight(61.5, AN_HOUR_AGO, user=2)),
        *[(0x2A9C, stub)] * 35,
        (0x2A9C, packets.body_composition(28.4, 520, AN_HOUR_AGO, user=2)),
    ]
    rows = await visited_scale(radio, station, beurer_scale(radio, "BF788", measured, timedelta(0)), 2)
    assert sorted(str(row.get("unusable")) for row in rows) == ["None", "placeholder"]
    return rows


@story("Xiaomi Mi Smart Scale")
async def a_weighing_that_is_advertised(radio: Air, station: Station) -> list[dict[str, Any]]:
    scale = AdvertisingScale(radio=radio, address=ADDRESS, name="MI_SCALE", shown=packets.xiaomi_weight(61.5, LOCAL))
    async with scale, station.listening():
        rows = await station.until_rows(1)
    assert rows[0]["values"] == {"weight": 61.5}
    return rows


@story("Xiaomi Mi Body Composition Scale")
async def a_weighing_whose_impedance_follows(radio: Air, station: Station) -> list[dict[str, Any]]:
    scale = AdvertisingScale(
        radio=radio, address=ADDRESS, name="MIBFS", service=0x181B, shown=packets.xiaomi_body(61.5, LOCAL)
    )
    async with scale, station.listening():
        await radio.diary.until("scan")
        await scale.show(packets.xiaomi_body(61.5, LOCAL, impedance=503))
        rows = await station.until_rows(1)
    assert rows[0]["values"] == {"weight": 61.5, "impedance": 503}
    return rows


def test_the_time_that_contour_gets_is_utc_with_its_offset() -> None:
    assert bytes.fromhex("01ea070b15000000e001")[1:8] == packets.stamp(datetime(2026, 11, 21, tzinfo=UTC))
