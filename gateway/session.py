"""One visit to a meter as a driver sees it: what is sent and received, every packet kept before it is used."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

from devices.catalogue import Model
from devices.clock import MeterClock
from devices.visit import Packet
from gateway.collector import OpenVisit
from gateway.disk import OutboxFull
from gateway.link import Link
from gateway.meters import Meters, MeterState
from gateway.patience import Patience
from gateway.recent_clocks import RecentClocks

_log = logging.getLogger(__name__)

# BlueZ sometimes tells one indication twice (bleak #374, #1885). Nobody measures twice in so short a time.
_ECHO = timedelta(milliseconds=100)


@dataclass(kw_only=True)
class Session:
    """`last_record`: number of the last record of a memory of this meter that we have. `now` is aware, `zone` what
    meters show. `consents`: the codes of a scale's users by their slots. A driver may set `rest`: seconds for which the
    meter is left alone after this visit, beyond the radio's own pause.
    """

    device: str
    link: Link
    visit: OpenVisit
    model: Model
    last_record: Callable[[str], int | None]
    recent_clocks: RecentClocks
    meters: Meters
    consents: Mapping[int, int]
    zone: tzinfo
    now: Callable[[], datetime]
    patience: Patience
    rest: float = 0.0
    battery: int | None = None
    _clock: MeterClock | None = None
    _clock_error: timedelta | None = None
    _clock_left: timedelta | None = None
    _last: Packet | None = None
    _unkept: list[Packet] = field(default_factory=list)

    async def packets(self, within: float | None = None) -> list[Packet]:
        """The next packets, already kept; empty when the meter has hung up or has been silent too long (`within` s).

        Raises `OutboxFull`: leave the meter, `end` sees to the packets that it may already have forgotten.
        """
        arrived = await self.link.arrivals(self.patience.idle if within is None else within)
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

    def error(self, clock: MeterClock) -> timedelta:
        """How far a meter's clock is ahead of the true local time."""
        return clock.meter_time - clock.read_at.astimezone(self.zone).replace(tzinfo=None)

    def note_clock(self, clock: MeterClock) -> None:
        """What the meter's clock shows, by which its stamps are placed, unless we set it a moment ago."""
        if self._clock_error is None:
            self._clock_error = self.error(clock)
        self._clock = self.recent_clocks.before(self.device, self.now()) or clock
        self.visit.clock(self._clock.meter_time, self._clock.read_at)

    def clock_was_set(self, shows: MeterClock | None) -> None:
        """What the meter still holds was stamped by the clock it had before. `shows`: read back, where it can be."""
        if self._clock is not None:
            self.recent_clocks.set(self.device, self._clock)
        if shows is not None:
            self._clock_left = self.error(shows)

    async def end(self, stop: asyncio.Event) -> None:
        """Once the link is down: keep what still lay in it, and interpret the visit.

        A confirmed indication is gone from the meter, so on a full disk the last ones are held until there is room for
        them, or until `stop`.
        """
        self._unkept += [packet for packet in self.link.rest() if not self._is_echo(packet)]
        try:
            while not self._kept_all() and not stop.is_set():
                await _pause(stop, self.patience.disk)
            self.visit.close()
            self.meters.visited(self._state())
        except OutboxFull as full:
            _log.error("the readings of %s wait in the journal: %s", self.device, full)
        if self._unkept:
            _log.error("%d packets of %s are lost: the disk stayed full", len(self._unkept), self.device)

    def _state(self) -> MeterState:
        return MeterState(
            device=self.device,
            model=self.model.name,
            last_visit=self.now(),
            battery=self.battery,
            clock_error=self._clock_error,
            clock_left=self._clock_left,
        )

    def _kept_all(self) -> bool:
        try:
            self._keep([])
        except OutboxFull as full:
            _log.error("%d packets of %s wait in memory: %s", len(self._unkept), self.device, full)
            return False
        return True

    def _keep(self, packets: list[Packet]) -> None:
        self._unkept += [packet for packet in packets if not self._is_echo(packet)]
        if self._unkept:
            self.visit.packets(self._unkept)
            self._unkept = []

    def _is_echo(self, packet: Packet) -> bool:
        last, self._last = self._last, packet
        same = last is not None and (last.characteristic, last.payload) == (packet.characteristic, packet.payload)
        return same and last is not None and packet.received_at - last.received_at < _ECHO


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
