"""The synthetic county put to work: its history goes the real path, minus radio and broker, into the database."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from psycopg import Connection

from devices.clock import ClockPolicy, MeterClock, parse_policy
from devices.interpret import interpret
from devices.metrics import Catalogue
from devices.metrics import parse as parse_metrics
from devices.simulator.assumptions import parse as parse_assumptions
from devices.simulator.simulation import ZONE, Simulation
from devices.simulator.virtual_meter import Contact
from devices.visit import Packet, Visit
from gateway import wire
from ingest import store
from ingest.pipeline import Message, process
from ingest.reason import Settled
from ingest.roster import Roster
from maixun import configuration

CONTACTS_A_BATCH = 600  # about 1,300 readings: beyond that a commit's share of the time no longer shows


@dataclass(frozen=True, slots=True)
class Filled:
    """How far the history is, and what became of all readings so far."""

    until: datetime
    counts: Counter[Settled]


def simulation(seed: int, *, residents: int | None = None) -> Simulation:
    """The county of this seed with the configured assumptions."""
    return Simulation(seed, parse_assumptions(configuration.load("simulate.yaml")), residents=residents)


def clock_policy() -> ClockPolicy:
    """The configured policy on meters' clocks."""
    return parse_policy(configuration.load("devices/clock.yaml"))


def first_missing_day(connection: Connection[Any], until: date, days: int) -> date:
    """Where filling goes on: `days` before `until`, or the day of the newest reading the county has sent."""
    row = connection.execute(
        "select (max(received_at) at time zone %s)::date from telemetry.ledger", [ZONE.tzname(None)]
    )
    newest = (row.fetchone() or (None,))[0]
    earliest = until - timedelta(days=days)
    return earliest if newest is None else max(earliest, newest)


def fill(connection: Connection[Any], county: Simulation, first: date, until: datetime) -> Iterator[Filled]:
    """Fill the history from the morning of `first` to local time `until`; yields after each committed batch.

    Every batch is judged as of its own time, as it would have been then. What is there already is a duplicate.
    """
    policy, catalogue, roster = clock_policy(), parse_metrics(configuration.load("metrics.yaml")), Roster()
    store.prepare(connection)
    counts: Counter[Settled] = Counter()
    contacts = county.history(first, until)
    while batch := list(islice(contacts, CONTACTS_A_BATCH)):
        counts += _store(connection, county, batch, policy, catalogue, roster)
        yield Filled(batch[-1].at, counts)


def _store(
    connection: Connection[Any],
    county: Simulation,
    contacts: list[Contact],
    policy: ClockPolicy,
    catalogue: Catalogue,
    roster: Roster,
) -> Counter[Settled]:
    now = contacts[-1].at.replace(tzinfo=ZONE)
    messages = list(_messages(county, contacts, policy, now))
    return process(connection, messages, now=now, roster=roster, catalogue=catalogue).counts


def _messages(county: Simulation, contacts: Iterable[Contact], policy: ClockPolicy, now: datetime) -> Iterator[Message]:
    """What the gateways of these contacts publish: one message each."""
    items: dict[str, list[str]] = defaultdict(list)
    for contact in contacts:
        gateway = county.station_of(contact).gateway
        items[gateway] += map(wire.item, interpret(visit_of(contact), policy))
    for gateway, texts in items.items():
        yield Message(gateway, wire.message(gateway, texts, now))


def visit_of(contact: Contact) -> Visit:
    """The contact as a gateway sees it."""
    at = contact.at.replace(tzinfo=ZONE)
    return Visit(
        device=contact.meter.address,
        packets=tuple(Packet(characteristic, packet, at) for characteristic, packet in contact.packets),
        person=contact.person,
        meter_clock=None if contact.clock is None else MeterClock(contact.clock, at),
        quirks=frozenset(),
        zone=ZONE,
    )
