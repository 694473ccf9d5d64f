"""What meters do in the field that no profile foresees: nothing is lost, nothing comes twice, nothing is made up."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from devices import metrics
from gateway.drivers import MODEL, Advert
from gateway.installed import Choice, Drivers, installed
from gateway.session import Session
from ingest import checks
from ingest.envelope import Item
from ingest.reason import Reason
from ingest.settings import Limits
from maixun.configuration import load
from tests.gateway.ble.station import LOCAL, MODELS, NOW, Station
from tests.harness.radio import packets
from tests.harness.radio.adapter import VirtualRadio
from tests.harness.radio.air import Air
from tests.harness.radio.glucose_meter import GlucoseMeter
from tests.harness.radio.indicating_meter import BloodPressureMeter, Thermometer
from tests.harness.radio.meter_clock import EmulatedClock

ADDRESS, OTHER = "F0:F1:F2:F3:F4:01", "F0:F1:F2:F3:F4:02"


async def test_a_wrong_unit_flag_makes_an_implausible_reading_which_is_held_with_its_bytes(
    radio: Air, station: Station
) -> None:
    packet = packets.blood_pressure(128, 82, LOCAL - timedelta(hours=1), kpa=True)
    async with BloodPressureMeter(radio=radio, address=ADDRESS, records=[packet]), station.listening():
        (row,) = await station.until_rows(1)
    assert row["raw"] == f"2A35:{packet.hex()}"
    assert row["values"]["systolic"] == pytest.approx(960, abs=1)
    criteria = checks.Criteria.at(NOW, metrics.parse(load("metrics.yaml")), Limits())
    verdict = checks.judge(cast(Item, row), row["values"], criteria.latest, Reason.UNKNOWN_DEVICE, criteria)
    assert verdict is Reason.IMPLAUSIBLE


async def test_a_clock_that_was_reset_makes_old_stamps_unusable_and_new_ones_right(
    radio: Air, station: Station
) -> None:
    """The batteries were changed: the clock began anew in 2015, ten minutes ago."""
    clock = EmulatedClock(now=lambda: LOCAL, error=datetime(2015, 1, 1, 0, 10) - LOCAL)
    before = packets.blood_pressure(121, 80, LOCAL - timedelta(days=3))
    after = packets.blood_pressure(122, 80, clock.shows() - timedelta(minutes=5))
    async with (
        BloodPressureMeter(radio=radio, address=ADDRESS, records=[before, after], clock=clock),
        station.listening(),
    ):
        rows = await station.until_rows(2)
    assert [(row["clock"], row.get("measured_at")) for row in rows] == [
        ("unusable", None),
        ("corrected", "2026-11-20T23:55:00.000Z"),
    ]
    assert rows[0]["values"]["systolic"] == 121, "held, not lost"
    assert clock.error == timedelta(0)


@pytest.mark.emulated_adapter
async def test_an_indication_that_is_told_twice_is_one_reading(radio: VirtualRadio, station: Station) -> None:
    """Without a stamp its bytes alone tell nothing: two equal measurements of now would be two readings."""
    radio.echoes = True
    async with (
        BloodPressureMeter(
            radio=radio, address=ADDRESS, records=[packets.blood_pressure_of_now(128, 82)], hangs_up=False
        ) as cuff,
        Thermometer(radio=radio, address=OTHER, records=[packets.temperature(36.4)]),
        station.listening(now=lambda: datetime.now(UTC)),
    ):
        await station.until_rows(2)
        await cuff.diary.until("hang up")
    assert sorted(row["kind"] for row in station.rows()) == ["blood_pressure", "temperature"]


async def test_two_equal_measurements_one_after_the_other_are_two_readings(radio: Air, station: Station) -> None:
    cuff = BloodPressureMeter(radio=radio, address=ADDRESS, records=[], hangs_up=False, keeps_records=True)
    async with cuff, station.listening(now=lambda: datetime.now(UTC)):
        await cuff.diary.until("subscribe 2A35")
        for _ in range(2):
            await cuff.send(0x2A35, packets.blood_pressure_of_now(128, 82), indicate=True)
            await asyncio.sleep(0.12)  # no person measures faster
        await cuff.hang_up()
        await station.until_rows(2)


async def test_several_people_on_one_cuff_keep_their_slots(radio: Air, station: Station) -> None:
    stored = [
        packets.blood_pressure(120 + n, 80, LOCAL - timedelta(hours=9 - n), user=user)
        for n, user in enumerate((1, 2, 1, 255))
    ]
    async with BloodPressureMeter(radio=radio, address=ADDRESS, records=stored), station.listening():
        rows = await station.until_rows(4)
    assert [(row["values"]["systolic"], row.get("user")) for row in rows] == [(120, 1), (121, 2), (122, 1), (123, None)]


async def test_two_hundred_glucose_records_are_resumed_by_number_after_two_cuts(radio: Air, station: Station) -> None:
    start = LOCAL - timedelta(days=30)
    records = [packets.glucose(n, 80 + n % 90, start + timedelta(hours=n), fasting=n % 3 == 0) for n in range(1, 201)]
    meter = GlucoseMeter(radio=radio, address=ADDRESS, records=records, drop_after=80)
    async with meter, station.listening():
        await meter.diary.until("drop")
        meter.drop_after = 70
        await station.until_rows(200)
        await meter.diary.until("hang up", times=3)
    numbers = [int.from_bytes(bytes.fromhex(row["raw"][5:25])[1:3], "little") for row in station.rows()]
    assert sorted(numbers) == list(range(1, 201)), "no gap, none twice"
    assert meter.diary.times("racp 0101") == 1
    assert meter.diary.times("drop") == 2
    assert len(meter.records) == 200


async def test_a_driver_that_fails_in_mid_visit_is_named_and_the_other_meters_are_visited(
    radio: Air, station: Station, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        def match(self, advert: Advert, model: object) -> int:  # noqa: ARG002 -- a driver's signature
            return MODEL if "1810" in advert.services else 0

        async def run(self, session: Session) -> None:
            await session.link.subscribe("2A35")
            await session.packets()
            raise ValueError("a bug")

    thermometer = installed().best(Advert(name=None, services=frozenset({"1809"}), data={}), MODELS.standard)
    assert thermometer is not None
    drivers = Drivers([Choice("somebody's", Broken()), thermometer])
    async with (
        BloodPressureMeter(radio=radio, address=ADDRESS, records=[packets.blood_pressure(128, 82, LOCAL)]),
        station.listening(drivers=drivers),
    ):
        await station.until_rows(1)
        async with Thermometer(radio=radio, address=OTHER, records=[packets.temperature(36.4)]):
            rows = await station.until_rows(2)
    assert rows[0]["values"]["systolic"] == 128, "what came before is kept"
    assert f"visit to {ADDRESS}: driver \"somebody's\" failed: ValueError('a bug')" in caplog.text
