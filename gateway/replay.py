"""Captured packets through the whole line: collector, outbox, broker, and the server's receipts back."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from devices.reading import Reading, Unusable
from gateway.captures import Capture
from gateway.collector import Collector
from gateway.outbox import Outbox
from gateway.settings import GatewaySettings
from gateway.uplink import Uplink

NO_READING = "no reading"  # a packet of the conversation with a meter, such as a clock or a control point's answer
NO_RECEIPT = "no receipt"


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one captured packet: an outcome of the server, `NO_READING` or `NO_RECEIPT`."""

    capture: Capture
    outcome: str
    reason: str | None = None


def collect(captures: Iterable[Capture], collector: Collector) -> dict[UUID, list[Capture]]:
    """Hand packets over, one visit a meter; returns which packets each reading was made of. Raises `OutboxFull`."""
    visits: defaultdict[tuple[object, ...], list[Capture]] = defaultdict(list)
    for capture in captures:
        visits[capture.device, capture.quirks, capture.person].append(capture)
    made: dict[UUID, list[Capture]] = {}
    for visit in visits.values():
        first = visit[0]
        contact = collector.open(first.device, quirks=first.quirks, person=first.person)
        contact.packets([capture.packet for capture in visit])
        made |= {entry.reading_id: _parts(entry, visit) for entry in contact.close()}
    return made


async def deliver(gateway: str, broker: str, outbox: Outbox, settings: GatewaySettings, *, seconds: float) -> bool:
    """Send what the outbox holds; returns whether all of it got receipts in that time."""
    stop = asyncio.Event()
    uplink = asyncio.create_task(Uplink(gateway, broker, outbox, settings).run(stop))
    try:
        async with asyncio.timeout(seconds):
            while outbox.counts().unsettled and not uplink.done():
                await asyncio.sleep(0.05)
    except TimeoutError:
        return False
    finally:
        stop.set()
        await uplink
    return True


def fates(captures: Sequence[Capture], made: dict[UUID, list[Capture]], outbox: Outbox) -> list[Fate]:
    """What became of each packet, in the order of the file."""
    outcomes = outbox.outcomes()
    told: dict[int, Fate] = {}
    for reading_id, parts in made.items():
        outcome, reason = outcomes.get(reading_id, (NO_RECEIPT, None))
        told |= {capture.number: Fate(capture, outcome, reason) for capture in parts}
    return [told.get(capture.number) or Fate(capture, NO_READING) for capture in captures]


def _parts(entry: Reading | Unusable, visit: Sequence[Capture]) -> list[Capture]:
    raw = set(entry.raw.split("+"))
    return [capture for capture in visit if f"{capture.packet.characteristic}:{capture.packet.payload.hex()}" in raw]
