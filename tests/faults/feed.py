"""What the meters of a scenario hold: visits written to a file each gateway plays, and the ids they must become."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from devices.clock import MeterClock
from devices.interpret import interpret
from devices.simulator.simulation import ZONE, Simulation
from devices.simulator.virtual_meter import Contact
from devices.visit import Packet, Visit
from maixun import county

FASTER = 30  # so that three months of measuring fit into three days, which the rules still call fresh
END = "end"
BEGAN = timedelta(days=2, hours=20)  # ago


def contacts(simulation: Simulation) -> Iterator[Contact]:
    """The county's contacts of the last days, as fast as the county lives here; it must not be warmed up."""
    now = datetime.now(ZONE).replace(tzinfo=None, microsecond=0)
    first = now.date() - timedelta(days=int(FASTER * BEGAN.days))
    begins = datetime.combine(first, datetime.min.time())
    day = first
    while True:
        for occasion in simulation.schedule.day(day):
            at = now - BEGAN + (occasion.at - begins) / FASTER
            contact = simulation.perform(occasion, at.replace(microsecond=0))
            if contact is not None:
                yield contact
        day += timedelta(days=1)


def take(source: Iterator[Contact], readings: int) -> list[Visit]:
    """As many visits as hold so many packets."""
    visits, packets = [], 0
    for contact in source:
        visits.append(county.visit_of(contact))
        packets += len(contact.packets)
        if packets >= readings:
            break
    return visits


def ids(visits: Iterable[Visit]) -> set[UUID]:
    """The ids of everything the visits hold, worked out here and not by a gateway."""
    policy = county.clock_policy()
    return {item.reading_id for visit in visits for item in interpret(visit, policy)}


def write(path: Path, visits: Iterable[Visit], seconds: float) -> None:
    """A file for a gateway to play within about so many seconds; it appears whole."""
    lines = [_line(visit) for visit in visits]
    draft = path.with_suffix(".draft")
    draft.write_text("\n".join([json.dumps({"pause": seconds / max(1, len(lines))}), *lines]))
    draft.rename(path)


def read(path: Path) -> tuple[float, list[Visit]]:
    """The pause after each visit in seconds, and the visits."""
    head, *lines = path.read_text().splitlines()
    return float(json.loads(head)["pause"]), [_visit(json.loads(line)) for line in lines]


def acknowledge(path: Path, number: str, found: Iterable[UUID]) -> None:
    """Note beside the file that a gateway took its visit of this number, and the ids it made of it."""
    line = " ".join([number, *map(str, found)])
    with _list_of(path).open("ab", buffering=0) as file:
        file.write(f"{line}\n".encode())


def acknowledged(path: Path) -> dict[str, set[UUID]]:
    """The ids of every acknowledged visit by its number; `END` is there when all were heard."""
    listed = _list_of(path)
    lines = listed.read_text().splitlines(keepends=True) if listed.exists() else []
    whole = [line.split() for line in lines if line.endswith("\n")]  # the last may be under way
    return {number: {UUID(word) for word in words} for number, *words in whole}


def _list_of(path: Path) -> Path:
    return path.with_suffix(".acknowledged")


def spread(visits: list[Visit], gateways: int) -> list[list[Visit]]:
    """Each meter's visits to one gateway, in their order."""
    devices = {device: number for number, device in enumerate(sorted({visit.device for visit in visits}))}
    return [[visit for visit in visits if devices[visit.device] % gateways == n] for n in range(gateways)]


def _line(visit: Visit) -> str:
    return json.dumps(
        {
            "device": visit.device,
            "person": str(visit.person) if visit.person else None,
            "clock": visit.meter_clock.meter_time.isoformat() if visit.meter_clock else None,
            "at": visit.packets[0].received_at.isoformat(),
            "packets": [[packet.characteristic, packet.payload.hex()] for packet in visit.packets],
        }
    )


def _visit(line: dict[str, object]) -> Visit:
    at = datetime.fromisoformat(str(line["at"]))
    packets = line["packets"]
    assert isinstance(packets, list)
    return Visit(
        device=str(line["device"]),
        packets=tuple(Packet(characteristic, bytes.fromhex(payload), at) for characteristic, payload in packets),
        person=UUID(str(line["person"])) if line["person"] else None,
        meter_clock=MeterClock(datetime.fromisoformat(str(line["clock"])), at) if line["clock"] else None,
        quirks=frozenset(),
        zone=ZONE,
    )
