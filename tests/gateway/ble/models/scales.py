"""Scales, each visited as its maker made it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.gateway.ble.models.telling import ADDRESS, AN_HOUR_AGO, AT_AN_HOUR_AGO, bonded_by_hand, clock, order, story
from tests.gateway.ble.station import LOCAL, Station
from tests.harness.radio import packets
from tests.harness.radio.advertising_scale import AdvertisingScale
from tests.harness.radio.air import Air
from tests.harness.radio.scale import Person, Scale


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
async def bf720_gives_a_persons_records_for_her_code(radio: Air, station: Station) -> None:
    behind = timedelta(minutes=-10)
    shown = AN_HOUR_AGO + behind
    measured = [
        (0x2A9D, packets.weight(61.5, shown, user=2)),
        (0x2A9C, packets.body_composition(28.4, 520, shown, user=2)),
    ]
    rows = await visited_scale(radio, station, beurer_scale(radio, "BF720", measured, behind), 1)
    assert rows[0]["values"] == {"weight": 61.5, "body_fat": 28.4, "impedance": 520}
    assert (rows[0]["user"], rows[0]["measured_at"]) == (2, AT_AN_HOUR_AGO)


@story("Beurer BF788")
async def bf788_sends_stubs_before_the_real_composition(radio: Air, station: Station) -> None:
    stub = bytes.fromhex("9803000096230000000000000000")
    measured = [
        (0x2A9D, packets.weight(61.5, AN_HOUR_AGO, user=2)),
        *[(0x2A9C, stub)] * 35,
        (0x2A9C, packets.body_composition(28.4, 520, AN_HOUR_AGO, user=2)),
    ]
    rows = await visited_scale(radio, station, beurer_scale(radio, "BF788", measured, timedelta(0)), 2)
    assert sorted(str(row.get("unusable")) for row in rows) == ["None", "placeholder"]


@story("Xiaomi Mi Smart Scale")
async def a_weighing_that_is_advertised(radio: Air, station: Station) -> None:
    scale = AdvertisingScale(radio=radio, address=ADDRESS, name="MI_SCALE", shown=packets.xiaomi_weight(61.5, LOCAL))
    async with scale, station.listening():
        rows = await station.until_rows(1)
    assert rows[0]["values"] == {"weight": 61.5}


@story("Xiaomi Mi Body Composition Scale")
async def a_weighing_whose_impedance_follows(radio: Air, station: Station) -> None:
    scale = AdvertisingScale(
        radio=radio, address=ADDRESS, name="MIBFS", service=0x181B, shown=packets.xiaomi_body(61.5, LOCAL)
    )
    async with scale, station.listening():
        await radio.diary.until("scan")
        await scale.show(packets.xiaomi_body(61.5, LOCAL, impedance=503))
        rows = await station.until_rows(1)
    assert rows[0]["values"] == {"weight": 61.5, "impedance": 503}
