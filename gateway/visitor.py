"""One visit from the first word to the last: connect, find out the model, let its driver work, keep what came."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import NamedTuple

from bleak.backends.device import BLEDevice
from bleak.exc import BleakError

from devices.catalogue import Catalogue, Model, Pairing
from gateway.collector import Collector
from gateway.disk import OutboxFull
from gateway.drivers import Advert, AdvertDriver
from gateway.installed import DriverFailed, Drivers, answerable
from gateway.link import Interrupted, Link, connected
from gateway.meters import Meters
from gateway.pairing import PairingAgent
from gateway.patience import Patience
from gateway.recent_clocks import RecentClocks
from gateway.session import Session

_log = logging.getLogger(__name__)

_MANUFACTURER, _MODEL = "2A29", "2A24"  # Device Information Service
_BATTERY = "2A19"
# What ends one visit and concerns no other; TimeoutError comes from the limit on a whole visit, EOFError from the bus.
_ENDED = (Interrupted, BleakError, TimeoutError, EOFError)


class Visited(NamedTuple):
    """How a visit went. `fruitful`: it brought something new. `rest`: seconds to leave the meter alone, if any.

    `failure`: why it ended before its end, if it did.
    """

    fruitful: bool
    rest: float
    failure: str | None


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Visits meters for one collector until `stop`. `zone`: the local time that meters show. `now` is aware.

    `consents`: by a scale's address, its users' codes by their slots.
    """

    collector: Collector
    stop: asyncio.Event
    models: Catalogue
    drivers: Drivers
    consents: Mapping[str, Mapping[int, int]]
    zone: tzinfo
    patience: Patience
    now: Callable[[], datetime]
    _recent_clocks: RecentClocks = field(default_factory=RecentClocks)

    async def visit(self, device: BLEDevice, agent: PairingAgent) -> Visited:
        """Takes what the meter has; `agent` lets it bond meanwhile. Raises `OutboxDamaged` and `DBusError`."""
        before = self.collector.outbox.newest()
        rest, failure = 0.0, None
        try:
            self.collector.outbox.need_room()
            async with asyncio.timeout(self.patience.visit):
                rest = await self._connect(device, agent)
        except DriverFailed as error:
            failure = str(error)
            _log.error("visit to %s: %s", device.address, failure, exc_info=error.__cause__)
        except _ENDED as error:
            failure = agent.reason(error)
            _log.info("visit to %s ended early: %s", device.address, failure)
        except OutboxFull as error:
            _log.error("%s keeps its records: %s", device.address, error)
        finally:
            agent.dismiss()
        return Visited(self.collector.outbox.newest() > before, rest, failure)

    async def _connect(self, device: BLEDevice, agent: PairingAgent) -> float:
        session: Session | None = None
        known = self.models.find(name=device.name)
        await _expect(agent, device, known)  # some ask for a bond as soon as the link is up
        try:
            async with connected(device, attempts=self.patience.connect_attempts, now=self.now) as link:
                model = await self._model(device, link, known)
                await _expect(agent, device, model)
                fitting = self.drivers.all_fitting(Advert(name=device.name, services=link.services(), data={}), model)
                if not fitting:
                    raise Interrupted("no driver for what it offers")
                session = self._session(device, link, model)
                session.battery = await _battery(link)
                for name, driver in fitting:
                    if not isinstance(driver, AdvertDriver):
                        with answerable(name):
                            await driver.run(session)
            return session.rest
        finally:
            if session is not None:
                await session.end(self.stop)

    def _session(self, device: BLEDevice, link: Link, model: Model) -> Session:
        return Session(
            device=device.address,
            link=link,
            visit=self.collector.open(device.address, quirks=model.quirks),
            model=model,
            last_record=lambda memory: self.collector.last_record(device.address, memory),
            recent_clocks=self._recent_clocks,
            meters=Meters(self.collector.outbox.disk),
            consents=self.consents.get(device.address, {}),
            zone=self.zone,
            now=self.now,
            patience=self.patience,
        )

    async def _model(self, device: BLEDevice, link: Link, known: Model) -> Model:
        """By what it says of itself; `known` by its name, because some must be bonded before they say anything."""
        if known.bond_first:
            await link.bond()
        told = [await _text(link, characteristic) for characteristic in (_MANUFACTURER, _MODEL)]
        return self.models.find(name=device.name, manufacturer=told[0], model=told[1])


async def _expect(agent: PairingAgent, device: BLEDevice, model: Model) -> None:
    await agent.expect(device.address, model.name, shows_code=model.pairing is Pairing.PASSKEY)


async def _text(link: Link, characteristic: str) -> str | None:
    """What the meter says of itself, where it says it."""
    if not link.offers(characteristic, "read"):
        return None
    return (await link.read(characteristic)).rstrip(b"\0").decode("utf-8", errors="replace").strip()


async def _battery(link: Link) -> int | None:
    """Per cent, where the meter tells; its records matter more than a refusal."""
    if link.offers(_BATTERY, "read"):
        with suppress(BleakError):
            return next(iter(await link.read(_BATTERY)), None)
    return None
