"""Meters that are never connected to: what they advertise over and over becomes one visit for each measurement."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple

from devices.visit import Packet
from gateway.collector import Collector, OpenVisit
from gateway.disk import OutboxFull
from gateway.drivers import AdvertDriver, Overheard
from gateway.installed import DriverFailed, answerable
from gateway.meters import Meters, MeterState
from gateway.patience import Patience
from gateway.saying import Saying

_log = logging.getLogger(__name__)

# Somebody was seen on the scale so recently that the value which now stands is of now, whatever the scale's clock says.
_LIVE = timedelta(seconds=30)


class Source(NamedTuple):
    """A meter that advertises its measurements."""

    device: str
    model: str
    driver_name: str
    driver: AdvertDriver


@dataclass
class _Measurement:
    key: bytes
    visit: OpenVisit
    closes_at: float


class Broadcasts:
    """The measurements under way, by the meter's address."""

    def __init__(self, collector: Collector, *, zone: tzinfo, patience: Patience, now: Callable[[], datetime]) -> None:
        self._collector = collector
        self._meters = Meters(collector.outbox.disk)
        self._zone = zone
        self._patience = patience
        self._now = now
        self._queue: asyncio.Queue[tuple[Source, Packet]] = asyncio.Queue()
        self._last: dict[str, tuple[str, bytes]] = {}
        self._busy: dict[str, datetime] = {}
        self._under_way: dict[str, _Measurement] = {}
        self._taken: dict[str, bytes] = {}
        self._disk = Saying(_log, well=True)

    def heard(self, source: Source, advertised: Sequence[tuple[str, bytes]]) -> None:
        """What a meter advertises, as (characteristic, payload); the same as last time is nothing new."""
        for characteristic, payload in advertised:
            if self._last.get(source.device) != (characteristic, payload):
                self._last[source.device] = (characteristic, payload)
                self._queue.put_nowait((source, Packet(characteristic, payload, self._now())))

    async def run(self) -> None:
        """Keeps what is heard, for ever; what is under way is closed when it is cancelled. Raises `OutboxDamaged`."""
        try:
            while True:
                try:
                    async with asyncio.timeout_at(self._next_end()):
                        source, packet = await self._queue.get()
                except TimeoutError:
                    self._close_overdue()
                else:
                    self._take(source, packet)
        finally:
            for device in tuple(self._under_way):
                self._close(device)

    def _take(self, source: Source, packet: Packet) -> None:
        try:
            with answerable(source.driver_name):
                said = source.driver.overhear(packet)
            if said is not None:
                self._follow(source, packet, said)
                self._disk.well("advertised measurements are kept again")
        except DriverFailed as failure:
            _log.error("%s: %s", source.device, failure, exc_info=failure.__cause__)
        except OutboxFull as full:
            self._last.pop(source.device, None)  # it is advertised again: then there may be room
            self._disk.trouble("full", f"what {source.device} advertises waits: {full}")

    def _follow(self, source: Source, packet: Packet, said: Overheard) -> None:
        if said.key is None:
            self._busy[source.device] = packet.received_at
        elif said.key != self._taken.get(source.device):
            measurement = self._under_way.get(source.device)
            if measurement is None or measurement.key != said.key:
                self._close(source.device)
                measurement = self._begin(source, packet, said, said.key)
            measurement.visit.packets([packet])
            self._under_way[source.device] = measurement
            if said.complete:
                self._close(source.device)

    def _begin(self, source: Source, packet: Packet, said: Overheard, key: bytes) -> _Measurement:
        visit = self._collector.open(source.device)
        error = None
        seen = self._busy.get(source.device)
        if said.shows is not None and seen is not None and packet.received_at - seen < _LIVE:
            visit.clock(said.shows, packet.received_at)
            error = said.shows - packet.received_at.astimezone(self._zone).replace(tzinfo=None)
        self._meters.visited(
            MeterState(device=source.device, model=source.model, last_visit=packet.received_at, clock_error=error)
        )
        return _Measurement(key, visit, _monotonic() + self._patience.completion)

    def _close(self, device: str) -> None:
        measurement = self._under_way.pop(device, None)
        if measurement is None:
            return
        self._taken[device] = measurement.key
        try:
            measurement.visit.close()
        except OutboxFull as full:
            _log.error("the readings of %s wait in the journal: %s", device, full)

    def _next_end(self) -> float | None:
        return min((measurement.closes_at for measurement in self._under_way.values()), default=None)

    def _close_overdue(self) -> None:
        for device, measurement in tuple(self._under_way.items()):
            if measurement.closes_at <= _monotonic():
                self._close(device)


def _monotonic() -> float:
    return asyncio.get_running_loop().time()
