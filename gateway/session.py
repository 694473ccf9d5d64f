"""One visit to a meter, as a driver sees it: what is sent and received, and that every packet is kept before it is used."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from devices.catalogue import Model
from devices.visit import Packet
from gateway.collector import OpenVisit
from gateway.disk import OutboxFull
from gateway.link import Link
from gateway.patience import Patience

_log = logging.getLogger(__name__)


class Interrupted(Exception):
    """The transfer ended before its end: what came is kept, the next visit goes on from there."""


@dataclass(kw_only=True)
class Session:
    """`last_sequence`: of the last glucose record this meter gave us. `now` is aware, `zone` that of meters' displays."""

    link: Link
    visit: OpenVisit
    model: Model
    last_sequence: int | None
    zone: tzinfo
    now: Callable[[], datetime]
    patience: Patience
    _unkept: list[Packet] = field(default_factory=list)

    async def packets(self) -> list[Packet]:
        """The next packets, already kept; empty when the meter has hung up or has been silent too long.

        Raises `OutboxFull`: leave the meter, `end` sees to the packets that it may already have forgotten.
        """
        arrived = await self.link.arrivals(self.patience.idle)
        self._keep(arrived)
        return arrived

    async def read(self, characteristic: str) -> Packet:
        """A characteristic's value, kept like any packet. Raises `BleakError`, `OutboxFull`."""
        packet = Packet(characteristic, await self.link.read(characteristic), self.now())
        self._keep([packet])
        return packet

    async def settle(self) -> None:
        """The pause that some models need between the connection and a subscription, or they stay silent."""
        await asyncio.sleep(self.model.settle)

    async def end(self) -> None:
        """Once the link is down: keep what still lay in it, however long the disk is full, and interpret the visit.

        A confirmed indication is gone from the meter, so the last ones are held until there is room for them.
        """
        arrived = self.link.rest()
        while True:
            try:
                self._keep(arrived)
                break
            except OutboxFull as error:
                arrived = []
                _log.error("%s packets wait in memory: %s", len(self._unkept), error)
                await asyncio.sleep(self.patience.disk)
        self._close()

    def _keep(self, packets: list[Packet]) -> None:
        self._unkept += packets
        if self._unkept:
            self.visit.packets(self._unkept)
            self._unkept = []

    def _close(self) -> None:
        try:
            self.visit.close()
        except OutboxFull as error:
            _log.error("the visit's packets are kept and wait for room: %s", error)
