"""The real radio: listens on one Bluetooth adapter and visits the meters it hears, one at a time.

One scanner runs all the time: cuffs advertise only for a minute after a measurement, BlueZ connects only to what it has
just heard, and a second scanner in the same process is refused.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo

from bleak import BleakAdapter, BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import BleakError
from bleak.uuids import normalize_uuid_str
from bleak_retry_connector import close_stale_connections
from dbus_fast import DBusError

from devices.catalogue import Catalogue
from devices.gatt import short_name
from gateway.broadcasts import Broadcasts, Source
from gateway.collector import Collector
from gateway.drivers import Advert, AdvertDriver
from gateway.installed import Drivers, installed
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

    `zone`: the local time that meters show. `now`: aware; every packet is stamped with it once. `consents`: by a
    scale's address, its users' codes by their slots. `drivers`: those installed, unless others are given.
    """

    def __init__(
        self,
        adapter: str,
        *,
        models: Catalogue,
        zone: tzinfo,
        consents: Mapping[str, Mapping[int, int]] | None = None,
        patience: Patience | None = None,
        drivers: Drivers | None = None,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._adapter = adapter
        self._models = models
        self._zone = zone
        self._patience = patience or Patience()
        self._consents = consents or {}
        self._drivers = drivers or installed()
        self._services = [normalize_uuid_str(service) for service in models.services()]
        self._now = now

    async def run(self, collector: Collector, stop: asyncio.Event) -> None:
        """Visits meters until `stop` is set, waiting for an adapter where there is none. Raises `OutboxDamaged`."""
        visitor = Visitor(
            collector=collector,
            stop=stop,
            models=self._models,
            drivers=self._drivers,
            consents=self._consents,
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
        broadcasts = Broadcasts(visitor.collector, zone=self._zone, patience=self._patience, now=self._now)
        ears = _Ears(self._models, self._drivers, Turns(self._patience, _monotonic), broadcasts, self._patience)
        working = {
            asyncio.create_task(_visit_in_turn(visitor, ears.turns, agent)),
            asyncio.create_task(broadcasts.run()),
        }
        try:
            while not any(task.done() for task in (stopping, *working)):
                async with BleakScanner(ears.heard, bluez={"adapter": self._adapter}):
                    await ears.until_silence({stopping, *working})
        finally:
            for task in working:
                task.cancel()
            await asyncio.wait(working)
        for task in working:
            if not task.cancelled():
                task.result()


class _Ears:
    """What the scanner's callback does, and how long ago it last did."""

    def __init__(
        self, models: Catalogue, drivers: Drivers, turns: Turns, broadcasts: Broadcasts, patience: Patience
    ) -> None:
        self.turns = turns
        self._models = models
        self._drivers = drivers
        self._broadcasts = broadcasts
        self._patience = patience
        self._last_heard = _monotonic()

    def heard(self, device: BLEDevice, advertisement: AdvertisementData) -> None:
        """Anything heard proves that the scan lives; a meter is put in the queue, or what it advertises is taken."""
        self._last_heard = _monotonic()
        data = {short_name(service): value for service, value in advertisement.service_data.items()}
        services = frozenset(map(short_name, advertisement.service_uuids))
        model = self._models.find(name=advertisement.local_name, data=data)
        if model is not self._models.standard:  # some advertise only a name, and the catalogue knows the rest
            services |= frozenset(model.services)
        choice = self._drivers.best(Advert(name=advertisement.local_name, services=services, data=data), model)
        if choice is None:
            return
        if isinstance(choice.driver, AdvertDriver):
            packets = [(name, data[service]) for service, name in model.adverts.items() if service in data]
            self._broadcasts.heard(Source(device.address, model.name, choice.name, choice.driver), packets)
        else:
            self.turns.heard(device)

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
        visited = await visitor.visit(device)
        agent.visiting = None
        turns.visited(device.address, fruitful=visited.fruitful, rest=visited.rest)


def _monotonic() -> float:
    return asyncio.get_running_loop().time()
