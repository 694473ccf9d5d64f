"""An adapter that fails: the gateway mends what it can, says the rest in words, and goes on when it is well."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from dbus_fast import Variant

from gateway import bluez
from gateway.adapter import AdapterState
from tests.gateway.ble.logged import until_logged
from tests.gateway.ble.station import LOCAL, NOW, PATIENCE, Station
from tests.harness.radio import packets
from tests.harness.radio.adapter import VirtualRadio
from tests.harness.radio.air import Air
from tests.harness.radio.indicating_meter import BloodPressureMeter

ADDRESS = "F0:F1:F2:F3:F4:01"
SOON_SILENT = PATIENCE.model_copy(update={"silence": 0.3, "adapter": 0.05})


def cuff(radio: Air) -> BloodPressureMeter:
    record = packets.blood_pressure(128, 80, LOCAL - timedelta(hours=1))
    return BloodPressureMeter(radio=radio, address=ADDRESS, records=[record])


async def test_how_the_adapter_is_can_be_read(radio: Air, station: Station) -> None:
    async with cuff(radio), station.listening():
        await station.until_rows(1)
        state = station.radio.adapter
    assert state == AdapterState(name="hci0", present=True, powered=True, scanning=True, last_heard=NOW, trouble=None)


async def test_a_silent_adapter_is_scanned_with_anew_then_switched_off_and_on(
    radio: Air, station: Station, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with station.listening(SOON_SILENT):
        await until_logged(caplog, "the adapter is switched off and on")
        async with cuff(radio):
            await station.until_rows(1)
    lines = [record.getMessage() for record in caplog.records if record.name == "gateway.adapter"]
    assert "the scan is begun anew" in lines[0]
    assert "the adapter is switched off and on" in lines[1]


@pytest.mark.emulated_adapter
async def test_a_stuck_controller_hears_again_once_it_was_off(radio: VirtualRadio, station: Station) -> None:
    radio.deaf_until = "off"
    async with cuff(radio), station.listening(SOON_SILENT):
        await station.until_rows(1)
    assert radio.diary.entries[:4] == ["scan", "scan", "off", "on"]


@pytest.mark.emulated_adapter
async def test_when_nothing_helps_a_person_is_told_once_what_to_do(
    radio: VirtualRadio, station: Station, caplog: pytest.LogCaptureFixture
) -> None:
    radio.deaf_until = "pulled out"
    async with cuff(radio), station.listening(SOON_SILENT):
        await radio.diary.until("off", times=3)
        assert station.radio.adapter.condition == "silent"
        assert "pull the adapter out and plug it in again" in str(station.radio.adapter.trouble)
        radio.diary.note("pulled out")
        await station.until_rows(1)
        assert station.radio.adapter.trouble is None
    assert caplog.text.count("pull the adapter out and plug it in again") == 1


async def test_an_adapter_that_somebody_switched_off_is_switched_on(
    radio: Air, station: Station, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with station.listening():
        async with cuff(radio):
            await station.until_rows(1)
        async with bluez.system_bus() as bus:
            await bluez.put(bus, radio.adapter_path, "org.bluez.Adapter1", "Powered", Variant("b", False))
        await until_logged(caplog, "was switched off")
        await until_logged(caplog, "well again")
        assert station.radio.adapter.powered
        async with cuff(radio) as again:
            await again.diary.until("hang up")


@pytest.mark.emulated_adapter
async def test_an_adapter_that_is_blocked_needs_a_person(
    radio: VirtualRadio, station: Station, caplog: pytest.LogCaptureFixture
) -> None:
    radio.adapter.is_powered, radio.adapter.is_blocked = False, True
    async with cuff(radio), station.listening():
        await until_logged(caplog, "rfkill")
        assert station.radio.adapter.condition == "off"
        assert "Blocked through rfkill" in str(station.radio.adapter.trouble)
        assert not station.radio.adapter.powered
        radio.adapter.is_blocked = False
        await station.until_rows(1)
    assert caplog.text.count("rfkill list") == 1


@pytest.mark.emulated_adapter
async def test_an_adapter_that_is_pulled_out_is_missed_and_found_again(
    radio: VirtualRadio, station: Station, caplog: pytest.LogCaptureFixture
) -> None:
    async with station.listening():
        async with cuff(radio):
            await station.until_rows(1)
        radio.bus.unexport(radio.adapter_path, radio.adapter)
        await until_logged(caplog, "there is no adapter hci0")
        assert not station.radio.adapter.present
        radio.adapter.is_discovering = False
        radio.bus.export(radio.adapter_path, radio.adapter)
        async with cuff(radio) as again:
            await again.diary.until("hang up")
    assert "plug it in" in caplog.text
