"""The way of a packet from the radio to the outbox: journalled raw, interpreted when the visit ends, stored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Protocol
from uuid import UUID

from devices.clock import ClockPolicy, MeterClock
from devices.interpret import interpret
from devices.progress import GLUCOSE_MEMORY
from devices.reading import Reading, Unusable
from devices.visit import Packet
from gateway.journal import Journal
from gateway.outbox import Outbox


class Audience(Protocol):
    """Who stands by while meters are heard: a kiosk, whose own meters measure for whoever is there."""

    def heard(self, device: str, packets: Sequence[Packet]) -> None:
        """These packets came and are on disk."""

    def attribute(self, device: str, items: Sequence[Reading | Unusable]) -> Sequence[Reading | Unusable]:
        """The items of one visit as they shall be kept: the same ones, with a person where one is known."""
        ...

    def kept(self, device: str, items: Sequence[Reading | Unusable]) -> None:
        """The items are durable."""


class Nobody:
    """No kiosk."""

    def heard(self, device: str, packets: Sequence[Packet]) -> None:
        """Nobody listens."""

    def attribute(self, _device: str, items: Sequence[Reading | Unusable]) -> Sequence[Reading | Unusable]:
        """Nobody is there: as they are."""
        return items

    def kept(self, device: str, items: Sequence[Reading | Unusable]) -> None:
        """Nobody waits for it."""


class Collector:
    """Takes packets from any radio; every one is on disk before the radio may acknowledge it to the meter."""

    def __init__(self, outbox: Outbox, *, policy: ClockPolicy, zone: tzinfo) -> None:
        """`zone` is the wall clock the meters around here are set to, `policy` how far their clocks are believed."""
        self.outbox = outbox
        self.journal = Journal(outbox.disk)
        self.audience: Audience = Nobody()
        self._policy = policy
        self._zone = zone
        self._open: set[int] = set()

    def open(self, device: str, *, quirks: frozenset[str] = frozenset(), person: UUID | None = None) -> OpenVisit:
        """Begin one radio contact with a meter; `person` is the token of whoever identified at it."""
        return OpenVisit(self, device, quirks, person)

    def last_record(self, device: str, memory: str = GLUCOSE_MEMORY) -> int | None:
        """The number of the last record one memory of the meter gave us: ask it for those after."""
        return self.journal.last_record(device, memory)

    def interpret_leftovers(self) -> int:
        """Interpret visits that a crash or a full disk cut short; returns how many readings were new."""
        before = self.outbox.newest()
        for visit_id in self.journal.uninterpreted():
            if visit_id not in self._open:
                self.interpret(visit_id)
        return self.outbox.newest() - before

    def interpret(self, visit_id: int, audience: Audience | None = None) -> Sequence[Reading | Unusable]:
        """Journal to outbox, in one commit: the visit is done exactly when its readings are kept.

        `audience`: who is there now; nobody when a visit of before a crash is interpreted.
        """
        visit = self.journal.visit(visit_id, self._zone)
        entries: Sequence[Reading | Unusable] = interpret(visit, self._policy)
        if audience is not None:
            entries = audience.attribute(visit.device, entries)
        with self.outbox.disk.change():
            self.outbox.put(entries)
            self.journal.done(visit_id, visit)
        if audience is not None:
            audience.kept(visit.device, entries)
        return entries


class OpenVisit:
    """One radio contact under way."""

    def __init__(self, collector: Collector, device: str, quirks: frozenset[str], person: UUID | None) -> None:
        """Use `Collector.open`."""
        self._collector = collector
        self._device = device
        self._quirks = quirks
        self._person = person
        self._clock: MeterClock | None = None
        self._visit_id: int | None = None

    def packet(self, characteristic: str, payload: bytes, at: datetime) -> None:
        """Keep one packet: on disk when this returns. Raises `OutboxFull`: then do not acknowledge it to the meter."""
        self.packets([Packet(characteristic, payload, at)])

    def packets(self, packets: Sequence[Packet]) -> None:
        """Keep several packets in one commit, for a radio that has them at once."""
        self._collector.outbox.need_room()
        journal = self._collector.journal
        with journal.disk.change():
            visit_id = self._visit_id or journal.begin(self._device, self._quirks, self._person, self._clock)
            journal.append(visit_id, packets)
        self._visit_id = visit_id
        self._collector._open.add(visit_id)
        self._collector.audience.heard(self._device, packets)

    def clock(self, meter_time: datetime, read_at: datetime) -> None:
        """Note what the meter's own clock (naive `meter_time`) said at `read_at` (aware)."""
        self._clock = MeterClock(meter_time, read_at)
        if self._visit_id is not None:
            self._collector.journal.note_clock(self._visit_id, self._clock)

    def close(self) -> Sequence[Reading | Unusable]:
        """Interpret what came; the readings are durable when this returns, and are returned for showing.

        Raises `OutboxFull`: the packets stay journalled and are interpreted when there is room again.
        """
        if self._visit_id is None:
            return []
        visit_id, self._visit_id = self._visit_id, None
        self._collector._open.discard(visit_id)
        return self._collector.interpret(visit_id, self._collector.audience)
