"""The real radio: listens on one Bluetooth adapter and visits the meters it hears, one at a time.

One scanner runs all the time: cuffs advertise only for a minute after a measurement, BlueZ connects only to what it has
just heard, and a second scanner in the same process is refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, tzinfo
from typing import TypeAlias

from bleak import BleakAdapter, BleakScanner
from bleak.args.bluez import BlueZDiscoveryFilters
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import BleakError
from bleak.uuids import normalize_uuid_str
from bleak_retry_connector import close_stale_connections
from dbus_fast import DBusError

from devices.catalogue import Catalogue
from devices.gatt import short_name
from gateway.adapter import Adapter, AdapterNotReady, AdapterState
from gateway.broadcasts import Broadcasts, Source
from gateway.collector import Collector
from gateway.drivers import Advert, AdvertDriver
from gateway.installed import Drivers, installed
from gateway.pairing import PairingAgent, pairing_agent
from gateway.passkey_desk import PasskeyDesk
from gateway.patience import Patience
from gateway.turns import Failing, Turns
from gateway.visitor import Visitor

# No adapter, no bluetoothd, no bus: whatever is missing may come, so it is asked for again.
_NO_RADIO = (AdapterNotReady, BleakError, DBusError, OSError, EOFError)

# Nothing is weaker than that. Without such a filter BlueZ tells of a device again only when its strength has changed by
# 8 dBm: a cuff that lies still and lost the link would not be noticed when it comes back.
_HEAR_ALL: BlueZDiscoveryFilters = {"RSSI": -127}

_Task: TypeAlias = asyncio.Task[bool] | asyncio.Task[None]


def _utc_now() -> datetime:
    return datetime.now(UTC)


class BleakRadio:
    """One adapter, by its name ("hci0"): with two of them in a machine any other choice is left to chance.

    `zone`: the local time that meters show. `now`: aware; every packet is stamped with it once. `consents`: by a
    scale's address, its users' codes by their slots. `drivers`: those installed, unless others are given. `passkeys`:
    where a meter's code is asked for; without it a meter that shows one is not bonded.
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
        passkeys: PasskeyDesk | None = None,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._models = models
        self._zone = zone
        self._patience = patience or Patience()
        self._consents = consents or {}
        self._drivers = drivers or installed()
        self._passkeys = passkeys
        self._services = [normalize_uuid_str(service) for service in models.services()]
        self._now = now
        self._adapter = Adapter(adapter, self._patience, now)
        self._turns = Turns(self._patience, _monotonic)

    @property
    def adapter(self) -> AdapterState:
        """How the adapter is."""
        return self._adapter.state

    @property
    def failing(self) -> list[Failing]:
        """Meters that are heard and cannot be read, and why."""
        return self._turns.failing()

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
        while not stopping.done():
            try:
                async with pairing_agent(self._passkeys, within=self._patience.passkey) as agent:
                    await self._adapter.make_ready(agent.bus)
                    await self._hang_up_leftovers()
                    await self._listen(visitor, agent, stopping)
            except _NO_RADIO as error:
                self._adapter.lost(error)
                await asyncio.wait({stopping}, timeout=self._patience.adapter)

    async def _hang_up_leftovers(self) -> None:
        """BlueZ keeps the links of a process that died, and a connected meter does not advertise."""
        adapter = await BleakAdapter.get(bluez={"adapter": self.adapter.name})
        for device in await adapter.get_connected_devices(self._services):
            await close_stale_connections(device)

    async def _listen(self, visitor: Visitor, agent: PairingAgent, stopping: asyncio.Task[bool]) -> None:
        self._turns.begin_anew()
        broadcasts = Broadcasts(visitor.collector, zone=self._zone, patience=self._patience, now=self._now)
        ears = _Ears(self._models, self._drivers, self._turns, broadcasts, self._adapter)
        working = {
            asyncio.create_task(_visit_in_turn(visitor, ears, agent)),
            asyncio.create_task(broadcasts.run()),
        }
        try:
            await self._scan(ears, agent, {stopping, *working})
        finally:
            for task in working:
                task.cancel()
            await asyncio.wait(working)
        for task in working:
            if not task.cancelled():
                task.result()

    async def _scan(self, ears: _Ears, agent: PairingAgent, ends: set[_Task]) -> None:
        """Until one of `ends` is over; scan after scan, with the remedies for silence between them."""
        while True:
            async with self._scanner(ears):
                self._adapter.found()
                if await self._until_silence(ears, agent, ends):
                    return
            await self._adapter.after_silence(agent.bus)

    @asynccontextmanager
    async def _scanner(self, ears: _Ears) -> AsyncIterator[None]:
        scanner = BleakScanner(ears.heard, bluez={"adapter": self.adapter.name, "filters": _HEAR_ALL})
        await scanner.start()
        try:
            yield
        finally:
            with suppress(*_NO_RADIO):  # a scan that cannot be ended in order has ended all the same
                await scanner.stop()

    async def _until_silence(self, ears: _Ears, agent: PairingAgent, ends: set[_Task]) -> bool:
        """Returns when one of `ends` is over (True), or when nothing at all was heard for too long."""
        ears.last_heard = _monotonic()
        while (left := ears.last_heard + self._patience.silence - _monotonic()) > 0 or ears.visiting:
            wait = min(max(left, 0), self._patience.adapter) if left > 0 else self._patience.adapter
            done, _ = await asyncio.wait(ends, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
            if done:
                return True
            await self._adapter.must_be_ready(agent.bus)
        return False


class _Ears:
    """What the scanner's callback does, and when it last did."""

    def __init__(
        self, models: Catalogue, drivers: Drivers, turns: Turns, broadcasts: Broadcasts, adapter: Adapter
    ) -> None:
        self.turns = turns
        self.last_heard = _monotonic()
        self.visiting = False  # many adapters hear nothing while they connect
        self._models = models
        self._drivers = drivers
        self._broadcasts = broadcasts
        self._adapter = adapter

    def heard(self, device: BLEDevice, advertisement: AdvertisementData) -> None:
        """Anything heard proves that the scan lives; a meter is put in the queue, or what it advertises is taken."""
        self.last_heard = _monotonic()
        self._adapter.heard()
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


async def _visit_in_turn(visitor: Visitor, ears: _Ears, agent: PairingAgent) -> None:
    while not visitor.stop.is_set():
        device = await ears.turns.next()
        ears.visiting = True
        visited = await visitor.visit(device, agent)
        ears.visiting = False
        ears.last_heard = _monotonic()
        ears.turns.visited(device.address, **visited._asdict())


def _monotonic() -> float:
    return asyncio.get_running_loop().time()
