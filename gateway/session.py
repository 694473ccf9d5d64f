"""One visit to a meter as a driver sees it: what is sent and received, every packet kept before it is used."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from devices.catalogue import Model
from devices.clock import MeterClock
from devices.visit import Packet
from gateway.collector import OpenVisit
from gateway.disk import OutboxFull
from gateway.link import Link
from gateway.patience import Patience
from gateway.recent_clocks import RecentClocks

_log = logging.getLogger(__name__)


@dataclass(kw_only=True)
class Session:
    """`last_sequence`: of the last glucose record this meter gave us. `now` is aware, `zone` what meters show."""

    device: str
    link: Link
    visit: OpenVisit
    model: Model
    last_sequence: int | None
    recent_clocks: RecentClocks
    zone: tzinfo
    now: Callable[[], datetime]
    patience: Patience
    _clock: MeterClock | None = None
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
        """The pause that some models need before a subscription, or they stay silent."""
        await asyncio.sleep(self.model.settle_ms / 1000)

    def note_clock(self, clock: MeterClock) -> None:
        """What the meter's clock shows, by which its stamps are placed, unless we set it a moment ago."""
        self._clock = self.recent_clocks.before(self.device, self.now()) or clock
        self.visit.clock(self._clock.meter_time, self._clock.read_at)

    def clock_was_set(self) -> None:
        """What the meter still holds was stamped by the clock it had before."""
        if self._clock is not None:
            self.recent_clocks.set(self.device, self._clock)

    async def end(self, stop: asyncio.Event) -> None:
        """Once the link is down: keep what still lay in it, and interpret the visit.

        A confirmed indication is gone from the meter, so on a full disk the last ones are held until there is room for
        them, or until `stop`.
        """
        self._unkept += self.link.rest()
        try:
            while not self._kept_all() and not stop.is_set():
                await _pause(stop, self.patience.disk)
            self.visit.close()
        except OutboxFull as full:
            _log.error("the readings of %s wait in the journal: %s", self.device, full)
        if self._unkept:
            _log.error("%d packets of %s are lost: the disk stayed full", len(self._unkept), self.device)

    def _kept_all(self) -> bool:
        try:
            self._keep([])
        except OutboxFull as full:
            _log.error("%d packets of %s wait in memory: %s", len(self._unkept), self.device, full)
            return False
        return True

    def _keep(self, packets: list[Packet]) -> None:
        self._unkept += packets
        if self._unkept:
            self.visit.packets(self._unkept)
            self._unkept = []


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
