"""Raw packets as they came, grouped by visit: on disk before anybody interprets them or acknowledges them to a meter.

The journal is also a second copy: should the outbox lose rows to a damaged disk, its packets are interpreted again.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, tzinfo
from uuid import UUID

from devices.clock import MeterClock
from devices.progress import Progress, reached
from devices.visit import Packet, Visit
from gateway.disk import Disk, OutboxDamaged, seal

SCHEMA = """
create table if not exists visit (
    visit_id integer primary key autoincrement,
    about    text not null,   -- JSON: device, quirks, person, clock
    seal     integer not null,
    done_at  text             -- UTC, null until its readings are in the outbox
);
create index if not exists visit_done on visit (done_at);
create table if not exists packet (
    packet_id      integer primary key autoincrement,
    visit_id       integer not null,
    characteristic text not null,
    payload        blob not null,
    received_at    text not null,
    seal           integer not null
);
create index if not exists packet_of_visit on packet (visit_id);
create table if not exists progress (
    device text primary key,
    memory text not null,       -- which of the meter's memories, see devices.progress
    record integer not null
) without rowid;
"""


class Journal:
    """The journal's tables in the gateway's file."""

    def __init__(self, disk: Disk) -> None:
        """The tables are made by whoever opens the file."""
        self.disk = disk

    def begin(self, device: str, quirks: Collection[str], person: UUID | None, clock: MeterClock | None) -> int:
        """Note that a visit began; returns its number."""
        about = _about(device, quirks, person, clock)
        with self.disk.change() as connection:
            row = connection.execute(
                "insert into visit (about, seal) values (?, ?) returning visit_id", (about, seal(about))
            ).fetchone()
        return int(row[0])

    def append(self, visit_id: int, packets: Sequence[Packet]) -> None:
        """Keep packets, in the order they came."""
        rows = [
            (visit_id, p.characteristic, p.payload, at, seal(p.characteristic, p.payload, at))
            for p in packets
            for at in (p.received_at.isoformat(),)
        ]
        with self.disk.change() as connection:
            connection.executemany(
                "insert into packet (visit_id, characteristic, payload, received_at, seal) values (?, ?, ?, ?, ?)", rows
            )

    def note_clock(self, visit_id: int, clock: MeterClock) -> None:
        """Add what the meter's clock said to a visit that has begun."""
        with self.disk.change() as connection:
            about = json.loads(self._sealed_about(visit_id)) | {"clock": _clock_text(clock)}
            text = json.dumps(about)
            connection.execute("update visit set about = ?, seal = ? where visit_id = ?", (text, seal(text), visit_id))

    def uninterpreted(self) -> list[int]:
        """Visits whose readings are not in the outbox yet, oldest first."""
        with self.disk.meaning():
            rows = self.disk.connection.execute("select visit_id from visit where done_at is null order by visit_id")
            return [row[0] for row in rows]

    def visit(self, visit_id: int, zone: tzinfo) -> Visit:
        """A visit as it was journalled. Raises `OutboxDamaged` when it does not match its checksums."""
        with self.disk.meaning():
            about = json.loads(self._sealed_about(visit_id))
            packets = tuple(self._packets(visit_id))
        return Visit(
            device=about["device"],
            packets=packets,
            person=UUID(about["person"]) if about["person"] else None,
            meter_clock=MeterClock(*map(datetime.fromisoformat, about["clock"])) if about["clock"] else None,
            quirks=frozenset(about["quirks"]),
            zone=zone,
        )

    def verify(self, visit_id: int) -> None:
        """Raises `OutboxDamaged` when a visit does not match its checksums."""
        with self.disk.meaning():
            self._sealed_about(visit_id)
            self._packets(visit_id)

    def done(self, visit_id: int, visit: Visit) -> None:
        """The visit's readings are in the outbox; remember how far into the meter's memory it came."""
        with self.disk.change() as connection:
            last = visit.packets[-1].received_at.astimezone(UTC).isoformat()
            connection.execute("update visit set done_at = ? where visit_id = ?", (last, visit_id))
            if progress := reached(visit):
                self._note_progress(visit.device, progress)

    def last_record(self, device: str, memory: str) -> int | None:
        """The number of the last record seen from one memory of a meter (`devices.progress`)."""
        with self.disk.meaning():
            query = "select record from progress where device = ? and memory = ?"
            row = self.disk.connection.execute(query, (device, memory)).fetchone()
        return int(row[0]) if row else None

    def prune(self, before: datetime) -> int:
        """Forget interpreted visits whose last packet came before that time; returns how many."""
        with self.disk.change() as connection:
            query = "select visit_id from visit where done_at < ? limit 1000"
            old = connection.execute(query, (before.astimezone(UTC).isoformat(),)).fetchall()
            connection.executemany("delete from packet where visit_id = ?", old)
            connection.executemany("delete from visit where visit_id = ?", old)
        return len(old)

    def _sealed_about(self, visit_id: int) -> str:
        query = "select about, seal from visit where visit_id = ?"
        about, checksum = self.disk.connection.execute(query, (visit_id,)).fetchone()
        if seal(about) != checksum:
            raise OutboxDamaged(f"{self.disk.path} is damaged (visit {visit_id} does not match its checksum)")
        return str(about)

    def _packets(self, visit_id: int) -> list[Packet]:
        query = "select characteristic, payload, received_at, seal from packet where visit_id = ? order by packet_id"
        rows = self.disk.connection.execute(query, (visit_id,)).fetchall()
        if any(seal(*row[:3]) != row[3] for row in rows):
            raise OutboxDamaged(f"{self.disk.path} is damaged (a packet does not match its checksum)")
        return [Packet(characteristic, payload, datetime.fromisoformat(at)) for characteristic, payload, at, _ in rows]

    def _note_progress(self, device: str, progress: Progress) -> None:
        self.disk.connection.execute("insert or replace into progress values (?, ?, ?)", (device, *progress))


def _about(device: str, quirks: Collection[str], person: UUID | None, clock: MeterClock | None) -> str:
    return json.dumps(
        {
            "device": device,
            "quirks": sorted(quirks),
            "person": str(person) if person else None,
            "clock": _clock_text(clock) if clock else None,
        }
    )


def _clock_text(clock: MeterClock) -> tuple[str, str]:
    return clock.meter_time.isoformat(), clock.read_at.isoformat()
