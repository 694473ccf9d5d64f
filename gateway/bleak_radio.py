"""The real radio: listens on one Bluetooth adapter and visits the meters it hears, one at a time.

One scanner runs all the time: cuffs advertise only for a minute after a measurement, BlueZ connects only to what it has
just heard, and a second scanner in the same process is refused.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, tzinfo

from bleak import BleakAdapter, BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import BleakError
from bleak.uuids import normalize_uuid_str
from bleak_retry_connector import close_stale_connections
from dbus_fast import DBusError

from devices.catalogue import Catalogue
from gateway.collector import Collector
from gateway.drivers import DRIVERS, Driver
from gateway.pairing import PairingAgent, pairing_agent
from gateway.patience import Patience
from gateway.saying import Saying
from gateway.turns import Turns
from gateway.visitor import Visitor

_log = logging.getLogger(__name__)

# No adapter, no bluetoothd, no bus: whatever is missing may come, so it is asked for again.
_NO_RADIO = (BleakError, DBusError, OSError, EOFError)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class BleakRadio:
    """One adapter, by its name ("hci0"): with two of them in a machine any other choice is left to chance.

    `zone`: the local time that meters show. `now`: aware; every packet is stamped with it once.
    """

    def __init__(
        self,
        adapter: str,
        *,
        models: Catalogue,
        zone: tzinfo,
        patience: Patience | None = None,
        drivers: Sequence[Driver] = DRIVERS,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._adapter = adapter
        self._models = models
        self._zone = zone
        self._patience = patience or Patience()
        self._drivers = drivers
        self._services = [normalize_uuid_str(driver.service) for driver in drivers]
        self._now = now

    async def run(self, collector: Collector, stop: asyncio.Event) -> None:
        """Visits meters until `stop` is set, waiting for an adapter where there is none. Raises `OutboxDamaged`."""
        visitor = Visitor(
            collector=collector,
            stop=stop,
            models=self._models,
            drivers=self._drivers,
            zone=self._zone,
            patience=self._patience,
            now=self._now,
        )
        stopping = asyncio.create_task(stop.wait())
        try:
            await self._keep_listening(visitor, stopping)
        finally:
            stopping.cancel()

    async def _keep_listening(self, visitor: Visitor, stopping: asyncio.Task[bool]) -> None:
        adapter = Saying(_log)
        while not stopping.done():
            try:
                async with pairing_agent() as agent:
                    await self._hang_up_leftovers()
                    await self._listen(visitor, agent, stopping)
            except _NO_RADIO as error:
                adapter.trouble(str(error), f"no Bluetooth on {self._adapter}, waiting for it: {error}")
                await asyncio.wait({stopping}, timeout=self._patience.adapter)

    async def _hang_up_leftovers(self) -> None:
        """BlueZ keeps the links of a process that died, and a connected meter does not advertise."""
        adapter = await BleakAdapter.get(bluez={"adapter": self._adapter})
        for device in await adapter.get_connected_devices(self._services):
            await close_stale_connections(device)

    async def _listen(self, visitor: Visitor, agent: PairingAgent, stopping: asyncio.Task[bool]) -> None:
        ears = _Ears(self._services, self._models, Turns(self._patience, _monotonic), self._patience)
        visiting = asyncio.create_task(_visit_in_turn(visitor, ears.turns, agent))
        try:
            while not (stopping.done() or visiting.done()):
                async with BleakScanner(ears.heard, bluez={"adapter": self._adapter}):
                    await ears.until_silence({stopping, visiting})
        finally:
            visiting.cancel()
            await asyncio.wait({visiting})
        if not visiting.cancelled():
            visiting.result()


class _Ears:
    """What the scanner's callback does, and how long ago it last did."""

    def __init__(self, services: Sequence[str], models: Catalogue, turns: Turns, patience: Patience) -> None:
        self.turns = turns
        self._services = frozenset(services)
        self._models = models
        self._patience = patience
        self._last_heard = _monotonic()

    def heard(self, device: BLEDevice, advertisement: AdvertisementData) -> None:
        """Anything heard proves that the scan lives; a meter is put in the queue."""
        self._last_heard = _monotonic()
        if not self._services.isdisjoint(self._offered(advertisement)):
            self.turns.heard(device)

    def _offered(self, advertisement: AdvertisementData) -> list[str]:
        """What it advertises; some models advertise only a name, and the catalogue knows the rest."""
        if self._models.knows(advertisement.local_name):
            model = self._models.find(name=advertisement.local_name)
            return [*advertisement.service_uuids, *map(normalize_uuid_str, model.services)]
        return advertisement.service_uuids

    async def until_silence(self, ends: set[asyncio.Task[bool] | asyncio.Task[None]]) -> None:
        """Returns when nothing at all was heard for too long, or when one of `ends` is over."""
        self._last_heard = _monotonic()
        while (left := self._last_heard + self._patience.silence - _monotonic()) > 0:
            done, _ = await asyncio.wait(ends, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            if done:
                return
        _log.warning("nothing heard for %s s: the scan is begun anew", self._patience.silence)


async def _visit_in_turn(visitor: Visitor, turns: Turns, agent: PairingAgent) -> None:
    while not visitor.stop.is_set():
        device = await turns.next()
        agent.visiting = device.address
        fruitful = await visitor.visit(device)
        agent.visiting = None
        turns.visited(device.address, fruitful=fruitful)


def _monotonic() -> float:
    return asyncio.get_running_loop().time()
