"""Meters that speak only over an encrypted link: bonding needs our agent, and lasts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from bleak import BleakClient, BleakScanner
from bleak.exc import BleakDBusError

from gateway.pairing import pairing_agent
from gateway.turns import Failing
from tests.gateway.ble.logged import until_logged
from tests.gateway.ble.station import LOCAL, PATIENCE, Station
from tests.harness.radio import packets
from tests.harness.radio.adapter import VirtualRadio
from tests.harness.radio.air import Air
from tests.harness.radio.indicating_meter import BloodPressureMeter

ADDRESS, OTHER = "F0:F1:F2:F3:F4:03", "F0:F1:F2:F3:F4:04"


def record(systolic: int) -> bytes:
    return packets.blood_pressure(systolic, 80, LOCAL - timedelta(minutes=systolic))


async def test_without_an_agent_the_meter_refuses_to_bond(radio: Air) -> None:
    async with BloodPressureMeter(radio=radio, address=ADDRESS, secure=True, records=[record(118)]) as cuff:
        device = await BleakScanner.find_device_by_address(ADDRESS, bluez={"adapter": "hci0"})
        assert device is not None
        async with BleakClient(device) as client:
            with pytest.raises(BleakDBusError, match="AuthenticationFailed"):
                await client.pair()
    assert cuff.diary.times("bonded") == 0


async def test_with_our_agent_it_bonds_once_and_is_encrypted_ever_after(radio: Air, station: Station) -> None:
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


@pytest.mark.emulated_adapter
async def test_the_agent_says_yes_to_nobody_but_the_meter_under_visit(radio: VirtualRadio) -> None:
    async with pairing_agent(None, within=1) as agent:
        stranger = f"{radio.adapter_path}/dev_F0_F1_F2_F3_F4_99"
        await agent.expect("F0:F1:F2:F3:F4:98", "standard", shows_code=False)
        assert not await radio.agents.authorise(stranger)
        await agent.expect("F0:F1:F2:F3:F4:99", "standard", shows_code=False)
        assert await radio.agents.authorise(stranger)
        agent.dismiss()
        assert not await radio.agents.authorise(stranger)
    assert radio.agents.path is None, "the agent is unregistered at the end"


async def test_a_meter_that_bonds_with_nobody_is_tried_a_few_times_and_the_reason_is_kept(
    radio: Air, station: Station, caplog: pytest.LogCaptureFixture
) -> None:
    patience = PATIENCE.model_copy(update={"failures": 3})
    async with (
        BloodPressureMeter(
            radio=radio, address=ADDRESS, secure=True, refuses_to_bond=True, records=[record(1)]
        ) as cuff,
        BloodPressureMeter(radio=radio, address=OTHER, records=[record(119)]),
        station.listening(patience),
    ):
        await station.until_rows(1)
        await until_logged(caplog, f"{ADDRESS} is left alone: 3 visits failed")
        (failing,) = station.radio.failing
    # The kernel may try the bond by itself, at the first question; then only the meter's hanging up is seen.
    reasons = {"the meter refused to bond", "it hung up when it was asked something"}
    assert failing.reason in reasons
    assert failing == Failing(ADDRESS, 3, failing.reason, left_alone=True)
    assert cuff.diary.times("connect") == 3
    assert len(cuff.records) == 1, "what was not taken is still there"
