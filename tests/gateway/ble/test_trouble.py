"""What goes wrong around a visit: a full disk, a dead scan, a late bluetoothd, a link left open, a stop."""

from __future__ import annotations

from datetime import timedelta

import pytest
from bleak import BleakClient, BleakScanner

from gateway.outbox import Limits
from tests.gateway.ble.logged import until_logged
from tests.gateway.ble.station import LOCAL, PATIENCE, Station
from tests.harness.radio import packets
from tests.harness.radio.adapter import VirtualRadio
from tests.harness.radio.air import Air, Airs
from tests.harness.radio.indicating_meter import BloodPressureMeter
from tests.harness.radio.pace import PACE

ADDRESS, OTHER = "F0:F1:F2:F3:F4:01", "F0:F1:F2:F3:F4:02"


def records(count: int) -> list[bytes]:
    return [packets.blood_pressure(100 + n, 70, LOCAL - timedelta(minutes=count - n)) for n in range(count)]


@pytest.mark.emulated_adapter
async def test_a_disk_that_fills_up_in_mid_visit_loses_nothing(
    radio: Air, station: Station, caplog: pytest.LogCaptureFixture
) -> None:
    connection = station.outbox.disk.connection
    pages = connection.execute("pragma page_count").fetchone()[0]
    connection.execute(f"pragma max_page_count = {pages + 2}")
    async with BloodPressureMeter(radio=radio, address=ADDRESS, records=records(150)) as cuff, station.listening():
        await until_logged(caplog, "wait in memory")
        await cuff.diary.until("hang up")
        assert cuff.records, "the meter keeps what it was not asked for any more"
        connection.execute("pragma max_page_count = 100000")
        await station.until_rows(150)
    assert sorted(station.systolics()) == [100 + n for n in range(150)]


async def test_a_full_outbox_leaves_the_meter_alone(
    radio: Air, station: Station, caplog: pytest.LogCaptureFixture
) -> None:
    station.outbox.limits = Limits(readings=0)
    async with BloodPressureMeter(radio=radio, address=ADDRESS, records=records(3)) as cuff, station.listening():
        await until_logged(caplog, "keeps its records")
        assert cuff.diary.times("connect") == 0
        station.outbox.limits = Limits()
        await station.until_rows(3)


async def test_a_scan_that_died_is_begun_anew(radio: Air, station: Station) -> None:
    async with station.listening(PATIENCE.model_copy(update={"silence": 0.1})):
        await radio.diary.until("scan", times=3)
        async with BloodPressureMeter(radio=radio, address=ADDRESS, records=records(1)):
            await station.until_rows(1)


async def test_it_waits_for_bluetooth_and_says_so_once(
    airs: Airs,
    station: Station,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with station.listening(PATIENCE.model_copy(update={"adapter": 0.1 * PACE})):
        await until_logged(caplog, "no Bluetooth on hci0")
        async with (
            airs() as late,
            BloodPressureMeter(radio=late, address=ADDRESS, records=records(2)),
        ):
            await station.until_rows(2)
            lines = [record.getMessage() for record in caplog.records]
    said = [line for line in lines if "no Bluetooth on hci0" in line]
    assert len(said) == len(set(said)), "each reason once: without the service, without the adapter"


async def test_a_link_left_by_a_process_that_died_is_hung_up(radio: Air, station: Station) -> None:
    async with BloodPressureMeter(radio=radio, address=ADDRESS, records=records(2)) as cuff:
        device = await BleakScanner.find_device_by_address(ADDRESS, bluez={"adapter": "hci0"})
        assert device is not None
        forgotten = BleakClient(device)
        await forgotten.connect()
        async with station.listening():
            await cuff.diary.until("hang up")
            await station.until_rows(2)
        await forgotten.disconnect()  # lets go of its bus connection only: the link has ended


async def test_a_restarted_bluetoothd_is_found_again(airs: Airs, station: Station) -> None:
    async with station.listening(PATIENCE.model_copy(update={"silence": 0.2})):
        for visit in (1, 2):
            async with (
                airs() as air,
                BloodPressureMeter(radio=air, address=ADDRESS, records=records(visit)),
            ):
                await station.until_rows(visit)


async def test_a_meter_that_holds_the_link_does_not_keep_the_others_waiting(radio: Air, station: Station) -> None:
    patience = PATIENCE.model_copy(update={"idle": 30.0 * PACE, "visit": 0.5 * PACE})
    async with (
        BloodPressureMeter(radio=radio, address=ADDRESS, records=records(1), hangs_up=False) as holding,
        station.listening(patience),
    ):
        await holding.diary.until("connect")
        async with BloodPressureMeter(radio=radio, address=OTHER, records=records(2)):
            rows = await station.until_rows(3)
    assert {row["device"] for row in rows} == {ADDRESS, OTHER}


@pytest.mark.emulated_adapter
async def test_a_question_that_is_never_answered_ends_with_the_link(
    radio: VirtualRadio, station: Station, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    radio.mute = True
    patience = PATIENCE.model_copy(update={"visit": 300.0})
    async with (
        BloodPressureMeter(radio=radio, address=ADDRESS, secure=True, records=records(1)),
        station.listening(patience),
    ):
        await until_logged(caplog, "it hung up when it was asked something")
        async with BloodPressureMeter(radio=radio, address=OTHER, records=records(2)):
            await station.until_rows(2)


async def test_a_stop_in_mid_visit_keeps_what_came(radio: Air, station: Station) -> None:
    async with BloodPressureMeter(radio=radio, address=ADDRESS, records=records(2), hangs_up=False) as cuff:
        async with station.listening():
            await cuff.diary.until("records sent")
        await cuff.diary.until("hang up")
    assert station.systolics() == [100, 101]


async def test_a_disk_that_stays_full_does_not_hold_up_the_stop(
    radio: Air, station: Station, caplog: pytest.LogCaptureFixture
) -> None:
    connection = station.outbox.disk.connection
    pages = connection.execute("pragma page_count").fetchone()[0]
    connection.execute(f"pragma max_page_count = {pages + 2}")
    async with BloodPressureMeter(radio=radio, address=ADDRESS, records=records(150)), station.listening():
        await until_logged(caplog, "wait in memory")
    assert "are lost: the disk stayed full" in caplog.text
