"""Scales: several people behind consent codes, and Xiaomi's, which only advertise."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from tests.gateway.ble.station import LOCAL, NOW, PATIENCE, Station
from tests.harness.radio import packets
from tests.harness.radio.adapter import VirtualRadio
from tests.harness.radio.advertising_scale import AdvertisingScale
from tests.harness.radio.air import Air
from tests.harness.radio.scale import Person, Scale

ADDRESS = "F0:F1:F2:F3:F4:06"
WEIGHT, COMPOSITION = 0x2A9D, 0x2A9C
AN_HOUR_AGO = LOCAL - timedelta(hours=1)


def person(user: int, code: int, kilograms: float) -> Person:
    """One weighing with its composition an hour ago."""
    return Person(
        code,
        [
            (WEIGHT, packets.weight(kilograms, AN_HOUR_AGO, user=user)),
            (COMPOSITION, packets.body_composition(20 + user, 500, AN_HOUR_AGO, user=user)),
        ],
    )


async def test_each_person_of_a_scale_is_asked_for_by_her_code(radio: Air, station: Station) -> None:
    people = {1: person(1, 1111, 61.5), 2: person(2, 2222, 80.0), 3: person(3, 3333, 70.0)}
    async with (
        Scale(radio=radio, address=ADDRESS, people=people) as scale,
        station.listening(consents={ADDRESS: {1: 1111, 2: 2222}}),
    ):
        rows = await station.until_rows(2)
        await scale.diary.until("hang up")
    assert [(row["user"], row["values"]["weight"], row["values"]["body_fat"]) for row in rows] == [
        (1, 61.5, 21),
        (2, 80.0, 22),
    ]
    assert people[3].records, "whose code nobody gave keeps her records"
    assert {entry for entry in scale.diary.entries if entry.startswith("user control")} == {"user control 02"}


async def test_a_wrong_code_is_tried_once_and_costs_nobody_else_anything(
    radio: Air, station: Station, caplog: pytest.LogCaptureFixture
) -> None:
    people = {1: person(1, 1111, 61.5), 2: person(2, 2222, 80.0)}
    async with (
        Scale(radio=radio, address=ADDRESS, people=people) as scale,
        station.listening(consents={ADDRESS: {1: 9999, 2: 2222}}),
    ):
        await station.until_rows(1)
        await scale.diary.until("hang up")
        await scale.advertise()
        await scale.diary.until("hang up", times=2)
    assert [row["user"] for row in station.rows()] == [2]
    assert scale.diary.times("refused 1") == 1
    assert "refuses the code of user 1" in caplog.text
    assert "9999" not in caplog.text


async def test_without_codes_only_what_it_says_to_everybody_comes(
    radio: Air, station: Station, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    live = [(WEIGHT, packets.weight(61.5, AN_HOUR_AGO, user=255))]
    async with (
        Scale(radio=radio, address=ADDRESS, live=live, people={1: person(1, 1111, 70.0)}) as scale,
        station.listening(),
    ):
        (row,) = await station.until_rows(1)
        await scale.diary.until("hang up")
    assert row["values"] == {"weight": 61.5}
    assert "user" not in row, "255 is nobody"
    assert "`consents` has none" in caplog.text
    assert not any(entry.startswith("user control") for entry in scale.diary.entries)


def visits(station: Station) -> int:
    count = station.outbox.disk.connection.execute("select count(*) from visit").fetchone()[0]
    return int(count)


def xiaomi(radio: Air, shown: bytes = b"", *, body: bool = False) -> AdvertisingScale:
    """Without a name: what it advertises is enough."""
    service = 0x181B if body else 0x181D
    return AdvertisingScale(radio=radio, address=ADDRESS, name="", service=service, shown=shown)


@pytest.mark.emulated_adapter
async def test_a_weighing_is_one_reading_however_often_it_is_advertised(radio: VirtualRadio, station: Station) -> None:
    async with xiaomi(radio) as scale, station.listening():
        await radio.diary.until("scan")
        for kilograms in (12.0, 48.5, 61.0):
            await scale.show(packets.xiaomi_weight(kilograms, LOCAL, stable=False))
            await radio.heard_of(ADDRESS, scale.shown)
        for removed in (False, True, False, True):
            await scale.show(packets.xiaomi_weight(61.5, LOCAL, removed=removed))
            await radio.heard_of(ADDRESS, scale.shown, times=5)
        (first,) = await station.until_rows(1)
        await scale.show(packets.xiaomi_weight(61.0, LOCAL + timedelta(seconds=40)))
        rows = await station.until_rows(2)
    assert first["values"] == {"weight": 61.5}
    assert rows[1]["values"] == {"weight": 61.0}
    assert visits(station) == 2
    assert scale.diary.entries == [], "nobody has connected to it"


@pytest.mark.emulated_adapter
async def test_a_weighing_that_is_seen_to_happen_is_of_now_whatever_the_scales_clock_says(
    radio: VirtualRadio, station: Station
) -> None:
    fast = LOCAL + timedelta(days=400)
    async with xiaomi(radio) as scale, station.listening():
        await radio.diary.until("scan")
        await scale.show(packets.xiaomi_weight(40.0, fast, stable=False))
        await radio.heard_of(ADDRESS, scale.shown)
        await scale.show(packets.xiaomi_weight(61.5, fast))
        (row,) = await station.until_rows(1)
    assert (row["clock"], row["measured_at"]) == ("corrected", "2026-11-21T00:00:00.000Z")
    assert station.meter(ADDRESS).clock_error == timedelta(days=400)
    assert station.meter(ADDRESS).last_visit == NOW


async def test_an_old_weighing_that_is_still_advertised_is_not_of_now(radio: Air, station: Station) -> None:
    async with xiaomi(radio, packets.xiaomi_weight(61.5, AN_HOUR_AGO)), station.listening():
        (row,) = await station.until_rows(1)
    assert (row["clock"], row["measured_at"]) == ("assumed", "2026-11-20T23:00:00.000Z")


async def test_through_socks_there_is_no_impedance_and_the_weight_does_not_wait_for_ever(
    radio: Air, station: Station
) -> None:
    patience = PATIENCE.model_copy(update={"completion": 0.05})
    async with xiaomi(radio, packets.xiaomi_body(61.5, LOCAL), body=True), station.listening(patience):
        (row,) = await station.until_rows(1)
    assert row["values"] == {"weight": 61.5}


@pytest.mark.emulated_adapter
async def test_a_stop_keeps_the_weighing_under_way(radio: VirtualRadio, station: Station) -> None:
    async with xiaomi(radio, packets.xiaomi_body(61.5, LOCAL), body=True) as scale, station.listening():
        await radio.heard_of(ADDRESS, scale.shown, times=10)
        assert station.rows() == []
    assert [row["values"] for row in station.rows()] == [{"weight": 61.5}]


@pytest.mark.emulated_adapter
async def test_what_is_not_of_this_kind_of_scale_is_left_alone(radio: VirtualRadio, station: Station) -> None:
    async with xiaomi(radio, b"\x01\x02") as scale, station.listening():
        await radio.diary.until("scan")
        await radio.heard_of(ADDRESS, scale.shown, times=3)
    assert station.rows() == []
    assert visits(station) == 0
    assert scale.diary.entries == []
