"""Meters that speak only over an encrypted link: bonding needs our agent, and lasts."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from bleak import BleakClient, BleakScanner
from bleak.exc import BleakDBusError

from gateway.pairing import pairing_agent
from tests.gateway.ble.station import LOCAL, Station
from tests.harness.radio import packets
from tests.harness.radio.adapter import VirtualRadio
from tests.harness.radio.glucose_meter import GlucoseMeter
from tests.harness.radio.indicating_meter import BloodPressureMeter

ADDRESS = "F0:F1:F2:F3:F4:03"


def record(systolic: int) -> bytes:
    return packets.blood_pressure(systolic, 80, LOCAL - timedelta(minutes=systolic))


async def test_without_an_agent_the_meter_refuses_to_bond(radio: VirtualRadio) -> None:
    async with BloodPressureMeter(radio=radio, address=ADDRESS, secure=True, records=[record(118)]) as cuff:
        device = await BleakScanner.find_device_by_address(ADDRESS, bluez={"adapter": "hci0"})
        assert device is not None
        async with BleakClient(device) as client:
            with pytest.raises(BleakDBusError, match="AuthenticationFailed"):
                await client.pair()
    assert cuff.diary.times("bonded") == 0


async def test_with_our_agent_it_bonds_once_and_is_encrypted_ever_after(radio: VirtualRadio, station: Station) -> None:
    async with (
        BloodPressureMeter(radio=radio, address=ADDRESS, secure=True, records=[record(118)]) as cuff,
        station.listening(),
    ):
        await station.until_rows(1)
        await cuff.diary.until("hang up")
        cuff.records.append(record(119))
        await cuff.advertise()
        await station.until_rows(2)
    assert station.systolics() == [118, 119]
    assert cuff.diary.times("bonded") == 1
    assert cuff.diary.times("encrypted") >= 2


async def test_the_agent_says_yes_to_nobody_but_the_meter_under_visit(radio: VirtualRadio) -> None:
    async with pairing_agent() as agent:
        stranger = f"{radio.adapter_path}/dev_F0_F1_F2_F3_F4_99"
        assert not await radio.agents.authorise(stranger)
        agent.visiting = "F0:F1:F2:F3:F4:99"
        assert await radio.agents.authorise(stranger)
    assert radio.agents.path is None, "the agent is unregistered at the end"


async def test_a_meter_that_shows_a_code_is_left_for_a_person_to_bond(
    radio: VirtualRadio, station: Station, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with (
        GlucoseMeter(radio=radio, address=ADDRESS, name="Contour7830", secure=True) as meter,
        station.listening(),
    ):
        await meter.diary.until("hang up")
    assert "bond it once by hand" in caplog.text
    assert meter.diary.times("bonded") == 0
