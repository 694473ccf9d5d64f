"""The rig itself: what bleak finds on it is what a meter offers."""

from __future__ import annotations

import asyncio
from datetime import datetime

from bleak import BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.uuids import normalize_uuid_16

from tests.harness.radio import packets
from tests.harness.radio.air import Air
from tests.harness.radio.indicating_meter import BloodPressureMeter


async def test_a_meter_is_heard_with_name_and_service(radio: Air) -> None:
    heard: asyncio.Future[tuple[BLEDevice, AdvertisementData]] = asyncio.get_running_loop().create_future()

    def note(device: BLEDevice, advertisement: AdvertisementData) -> None:
        if not heard.done():
            heard.set_result((device, advertisement))

    record = packets.blood_pressure(128, 82, datetime(2026, 11, 21, 8))
    async with (
        BloodPressureMeter(radio=radio, address="F0:F1:F2:F3:F4:01", name="CUFF", records=[record]),
        BleakScanner(note, bluez={"adapter": radio.adapter_name}),
    ):
        device, advertisement = await asyncio.wait_for(heard, 5)
    assert device.address == "F0:F1:F2:F3:F4:01"
    assert advertisement.local_name == "CUFF"
    assert advertisement.service_uuids == [normalize_uuid_16(0x1810)]
