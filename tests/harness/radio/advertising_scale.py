"""An emulated scale that is never connected to: it says its weight in advertisements (Xiaomi)."""

from __future__ import annotations

from dataclasses import dataclass

from bumble import data_types
from bumble.core import UUID, AdvertisingData
from bumble.device import AdvertisingType

from tests.harness.radio.meter import Meter


@dataclass(kw_only=True)
class AdvertisingScale(Meter):
    """`shown` is the service data, advertised over and over until `show` changes it; empty: it sleeps."""

    service: int = 0x181D
    shown: bytes = b""

    async def show(self, shown: bytes) -> None:
        """The display changes."""
        await self.device.stop_advertising()
        self.shown = shown
        await self.advertise()

    async def advertise(self) -> None:
        """Name and data in one packet, to which nobody can connect."""
        if not self.shown:
            return
        service = UUID.from_16_bits(self.service)
        self.device.advertising_data = bytes(
            AdvertisingData(
                [
                    data_types.IncompleteListOf16BitServiceUUIDs([service]),
                    data_types.ServiceData16BitUUID(service, self.shown),
                    data_types.CompleteLocalName(self.name),
                ]
            )
        )
        await self.device.start_advertising(advertising_type=AdvertisingType.UNDIRECTED, auto_restart=False)
