"""A radio for demonstrations: hands over the GATT bytes of one station's virtual meters, live at a chosen speed."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from datetime import datetime

from devices.simulator import live
from devices.simulator.simulation import ZONE, Simulation, duration
from devices.simulator.virtual_meter import Contact
from devices.visit import Packet
from gateway.collector import Collector
from gateway.meters import Meters, MeterState
from gateway.outbox import OutboxFull
from gateway.saying import Saying

_log = logging.getLogger(__name__)
RETRY = 5.0  # seconds until a meter that was turned away is tried again


class SimulatedRadio:
    """One station's meters. People go on measuring while nothing can be kept; their meters wait with what they hold."""

    def __init__(
        self,
        simulation: Simulation,
        station: int,
        *,
        speed: float | None = None,
        staged_for: str | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(ZONE),
    ) -> None:
        """The simulation must be warmed up; radios of several stations may share it within one thread.

        `speed`: how much faster than life, None as configured. `staged_for`: login of a doctor of this station whose
        residents fall into a crisis every now and then; a doctor of another station changes nothing.
        """
        self._simulation = simulation
        self._now = now
        self._began = now()
        pace = simulation.assumptions.live
        if speed is not None:
            pace = pace.model_copy(update={"speed": speed})
        begins = self._began.replace(tzinfo=None)
        self._plan = live.plan(simulation, station, begins, pace, staged_for=staged_for)
        self._next = next(self._plan)
        self._waiting: deque[Contact] = deque()
        self._saying = Saying(_log)

    async def run(self, collector: Collector, stop: asyncio.Event) -> None:
        """Play until `stop`; called again after a failure it goes on where it was."""
        while not stop.is_set():
            self.measure()
            self.hand_over(collector)
            await _pause(stop, self._seconds_to_wait())

    def _seconds(self) -> float:
        return (self._now() - self._began).total_seconds()

    def _seconds_to_wait(self) -> float:
        until_next = self._next.after - self._seconds()
        return max(0.0, min(until_next, RETRY) if self._waiting else until_next)

    def measure(self) -> None:
        """Let everything happen that is due; the last take of each ends now."""
        while self._next.after <= self._seconds():
            planned, self._next = self._next, next(self._plan)
            began = self._now().replace(tzinfo=None, microsecond=0) - duration(planned.occasion)
            contact = self._simulation.perform(planned.occasion, began, crisis=planned.crisis)
            if contact is not None:
                self._waiting.append(contact)

    def hand_over(self, collector: Collector) -> None:
        """Meters come in turn; one that is turned away keeps its records and is first next time."""
        while self._waiting:
            try:
                visit(collector, self._waiting[0])
            except OutboxFull as full:
                self._saying.trouble("full", f"meters wait: {full}")
                return
            self._waiting.popleft()
        self._saying.well("every meter so far has been heard")


def visit(collector: Collector, contact: Contact) -> None:
    """One meter's contact through the collector; its readings are kept when this returns. Raises `OutboxFull`."""
    at = contact.at.replace(tzinfo=ZONE)
    open_visit = collector.open(contact.meter.address, person=contact.person)
    if contact.clock is not None:
        open_visit.clock(contact.clock, at)
    open_visit.packets([Packet(characteristic, packet, at) for characteristic, packet in contact.packets])
    open_visit.close()
    error = None if contact.clock is None else contact.clock.replace(tzinfo=ZONE) - at
    state = MeterState(device=contact.meter.address, model=contact.meter.model, last_visit=at, clock_error=error)
    Meters(collector.outbox.disk).visited(state)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
