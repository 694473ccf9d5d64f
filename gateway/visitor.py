"""One visit from the first word to the last: connect, find out the model, let its driver work, keep what came."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from bleak.backends.device import BLEDevice
from bleak.exc import BleakError

from devices.catalogue import Catalogue, Model, Pairing
from gateway.collector import Collector
from gateway.disk import OutboxFull
from gateway.drivers import Driver
from gateway.link import Interrupted, Link, connected
from gateway.patience import Patience
from gateway.recent_clocks import RecentClocks
from gateway.session import Session

_log = logging.getLogger(__name__)

_MANUFACTURER, _MODEL = "2A29", "2A24"  # Device Information Service
# What ends one visit and concerns no other; TimeoutError comes from the limit on a whole visit, EOFError from the bus.
_ENDED = (Interrupted, BleakError, TimeoutError, EOFError)


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Visits meters for one collector until `stop`. `zone`: the local time that meters show. `now` is aware."""

    collector: Collector
    stop: asyncio.Event
    models: Catalogue
    drivers: Sequence[Driver]
    zone: tzinfo
    patience: Patience
    now: Callable[[], datetime]
    _recent_clocks: RecentClocks = field(default_factory=RecentClocks)

    async def visit(self, device: BLEDevice) -> bool:
        """Takes what the meter has; says whether anything of it was new. Raises `OutboxDamaged`."""
        before = self.collector.outbox.newest()
        try:
            self.collector.outbox.need_room()
            async with asyncio.timeout(self.patience.visit):
                await self._connect(device)
        except _ENDED as error:
            _log.info("visit to %s ended early: %s", device.address, error or type(error).__name__)
        except OutboxFull as error:
            _log.error("%s keeps its records: %s", device.address, error)
        return self.collector.outbox.newest() > before

    async def _connect(self, device: BLEDevice) -> None:
        session: Session | None = None
        try:
            async with connected(device, attempts=self.patience.connect_attempts, now=self.now) as link:
                driver = next((d for d in self.drivers if link.offers(d.measurement)), None)
                if driver is None:
                    raise Interrupted("no driver for what it offers")
                session = self._session(device, link, await self._model(device, link))
                await driver.run(session)
        finally:
            if session is not None:
                await session.end(self.stop)

    def _session(self, device: BLEDevice, link: Link, model: Model) -> Session:
        link.may_bond = model.pairing is not Pairing.PASSKEY
        return Session(
            device=device.address,
            link=link,
            visit=self.collector.open(device.address, quirks=model.quirks),
            model=model,
            last_sequence=self.collector.last_sequence(device.address),
            recent_clocks=self._recent_clocks,
            zone=self.zone,
            now=self.now,
            patience=self.patience,
        )

    async def _model(self, device: BLEDevice, link: Link) -> Model:
        told = [await _text(link, characteristic) for characteristic in (_MANUFACTURER, _MODEL)]
        return self.models.find(name=device.name, manufacturer=told[0], model=told[1])


async def _text(link: Link, characteristic: str) -> str | None:
    """What the meter says of itself, where it says it."""
    if not link.offers(characteristic, "read"):
        return None
    return (await link.read(characteristic)).rstrip(b"\0").decode("utf-8", errors="replace").strip()
