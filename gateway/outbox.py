"""Readings that wait for the server's receipt: one leaves only some time after a receipt said that it is stored.

States: waiting, sent (known in memory only: after a restart it is waiting again), stored, refused (the server could not
open the message it was in: kept and shown, sent again only when a person says so).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from devices.reading import Reading, Unusable
from gateway import journal, meters, wire
from gateway.disk import Disk, OutboxDamaged, OutboxFull, seal
from gateway.receipts import MessageReceipt, Receipt, Receipts

__all__ = ["Counts", "Limits", "Outbox", "OutboxDamaged", "OutboxFull", "Waiting"]

SCHEMA = """
create table if not exists reading (
    sequence    integer primary key autoincrement,   -- goes on after a restart, never starts again
    reading_id  blob not null unique,
    item        text not null,                       -- its JSON, see gateway.wire
    seal        integer not null,
    state       text not null default 'waiting' check (state in ('waiting', 'stored', 'refused')),
    outcome     text,
    reason      text,
    settled_at  text
);
create index if not exists reading_state on reading (state, settled_at);  -- and, within, by sequence
"""
_UNDER_WAY = """
create temp table under_way (sequence integer primary key, due real not null, attempts integer not null, digest text);
create index temp.under_way_due on under_way (due);
create index temp.under_way_digest on under_way (digest);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much is held and how it is sent again."""

    readings: int = 1_000_000  # unsettled; beyond it new ones are refused, the oldest are kept
    under_way: int = 5_000  # sent and without receipt: bounds what an outage of the server makes us send twice
    retry_seconds: float = 10.0  # a receipt takes well under a second, so ten mean that something was lost
    longest_retry_seconds: float = 300.0
    reserve_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """One reading to send: its id and its JSON."""

    reading_id: UUID
    item: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How many readings are in each state."""

    waiting: int
    sent: int
    stored: int
    refused: int

    @property
    def unsettled(self) -> int:
        """What the server has not yet confirmed."""
        return self.waiting + self.sent


class Outbox:
    """The outbox of one gateway, used from one thread. Every change is on disk when its method returns."""

    def __init__(self, path: Path, limits: Limits | None = None) -> None:
        """Opens or makes the file. Raises `OutboxFull`, `OutboxDamaged`, `OutboxInUse`."""
        self.limits = limits or Limits()
        self.disk = Disk(path, SCHEMA + journal.SCHEMA + meters.SCHEMA, reserve_bytes=self.limits.reserve_bytes)
        self.on_new: Callable[[], None] = lambda: None
        self._connection = self.disk.connection
        self._connection.executescript(_UNDER_WAY)
        try:
            self._verify()
        except OutboxDamaged:
            self.close()
            raise
        self._unsettled = self.counts().unsettled

    def close(self) -> None:
        """Closes the file."""
        self.disk.close()

    def need_room(self, readings: int = 1) -> None:
        """Raises `OutboxFull` when that many more may not come in."""
        self.disk.need_room()
        if self._unsettled + readings <= self.limits.readings:
            return
        self._unsettled = self.counts().unsettled  # the running number is only an upper bound
        if self._unsettled + readings > self.limits.readings:
            raise OutboxFull(
                f"{self.disk.path} holds {self._unsettled} readings without receipt of at most {self.limits.readings}: "
                "look why the server sends no receipts. Meters keep their records until there is room"
            )

    def has_room(self) -> bool:
        """Whether a reading may come in."""
        try:
            self.need_room()
        except OutboxFull:
            return False
        return True

    def put(self, entries: Iterable[Reading | Unusable]) -> int:
        """Keep readings, in one commit, and return how many are new: the first placing of a reading wins.

        Raises `OutboxFull`: then none of them is kept.
        """
        rows = [(e.reading_id.bytes, item, seal(e.reading_id.bytes, item)) for e in entries for item in (wire.item(e),)]
        self.need_room(len(rows))
        with self.disk.change() as connection:
            sql = "insert into reading (reading_id, item, seal) values (?, ?, ?) on conflict (reading_id) do nothing"
            new = max(0, connection.executemany(sql, rows).rowcount)
        self._unsettled += new
        if new:
            self.on_new()
        return new

    def waiting(self, limit: int, now: float) -> list[Waiting]:
        """What to send next: first what got no receipt in time, then what was never sent. `now`: monotonic seconds."""
        with self.disk.meaning():
            again = self._connection.execute(
                "select reading_id, item, seal from under_way join reading using (sequence) "
                "where due <= ? and state = 'waiting' order by due limit ?",
                (now, limit),
            ).fetchall()
            room = min(limit - len(again), self.limits.under_way - self._under_way())
            fresh = self._connection.execute(
                "select reading_id, item, seal from reading where state = 'waiting' and settled_at is null "
                "and not exists (select 1 from under_way u where u.sequence = reading.sequence) "
                "order by sequence limit ?",
                (max(0, room),),
            ).fetchall()
        return [self._verified(*row) for row in again + fresh]

    def sent(self, ids: Collection[UUID], now: float, digest: str | None = None) -> None:
        """Note that these go out, in the message with that digest; each goes again after a while without a receipt."""
        sql = """
            insert into under_way select sequence, :now + :first, 1, :digest from reading
                where reading_id = :id and state = 'waiting'
            on conflict do update set attempts = attempts + 1, digest = :digest,
                due = :now + min(:first * (1 << min(attempts, 20)), :longest)"""
        given = {
            "now": now,
            "digest": digest,
            "first": self.limits.retry_seconds,
            "longest": self.limits.longest_retry_seconds,
        }
        with self.disk.change() as connection:
            connection.executemany(sql, ({"id": reading_id.bytes} | given for reading_id in ids))

    def unsent(self, ids: Collection[UUID]) -> None:
        """The connection broke before the broker took these: they are waiting again."""
        with self.disk.change() as connection:
            connection.executemany(
                "delete from under_way where sequence = (select sequence from reading where reading_id = ?)",
                ((reading_id.bytes,) for reading_id in ids),
            )

    def settle(self, receipts: Receipts, at: datetime) -> int:
        """Note receipts in one commit; returns how many readings are settled by them that were not before."""
        with self.disk.change():
            stored = sum(self._store(receipt, at) for receipt in receipts.receipts)
            refused = sum(self._refuse(message, at) for message in receipts.messages)
        return stored + refused

    def retry_refused(self) -> int:
        """A person says that the server can open them now: refused readings wait again. Returns how many."""
        with self.disk.change() as connection:
            again = connection.execute(
                "update reading set state = 'waiting', outcome = null, reason = null, settled_at = null "
                "where state = 'refused'"
            ).rowcount
        self._unsettled += again
        return again

    def prune(self, before: datetime) -> int:
        """Forget readings that are stored on the server since before that time; returns how many."""
        with self.disk.change() as connection:
            return connection.execute(
                "delete from reading where sequence in "
                "(select sequence from reading where state = 'stored' and settled_at < ? limit 5000)",
                (before.isoformat(),),
            ).rowcount

    def counts(self) -> Counts:
        """How many readings are in each state."""
        with self.disk.meaning():
            states = dict(self._connection.execute("select state, count(*) from reading group by state").fetchall())
            sent = self._under_way()
        return Counts(states.get("waiting", 0) - sent, sent, states.get("stored", 0), states.get("refused", 0))

    def outcomes(self) -> dict[UUID, tuple[str, str | None]]:
        """What became of each reading that has a receipt: outcome and reason."""
        with self.disk.meaning():
            rows = self._connection.execute("select reading_id, outcome, reason from reading where state <> 'waiting'")
            return {UUID(bytes=row[0]): (row[1], row[2]) for row in rows}

    def newest(self) -> int:
        """The sequence number of the newest reading, 0 before the first."""
        with self.disk.meaning():
            row = self._connection.execute("select seq from sqlite_sequence where name = 'reading'").fetchone()
        return int(row[0]) if row else 0

    def _verify(self) -> None:
        """Whatever is still to be sent or interpreted is what was written. Raises `OutboxDamaged`."""
        with self.disk.meaning():
            for row in self._connection.execute("select reading_id, item, seal from reading where state <> 'stored'"):
                self._verified(*row)
        records = journal.Journal(self.disk)
        for visit_id in records.uninterpreted():
            records.verify(visit_id)

    def _under_way(self) -> int:
        return int(self._connection.execute("select count(*) from under_way").fetchone()[0])

    def _verified(self, reading_id: bytes, item: str, checksum: int) -> Waiting:
        if seal(reading_id, item) != checksum:
            raise OutboxDamaged(f"{self.disk.path} is damaged (a reading does not match its checksum)")
        return Waiting(UUID(bytes=reading_id), item)

    def _store(self, receipt: Receipt, at: datetime) -> int:
        changed = self._connection.execute(
            "update reading set state = 'stored', outcome = ?, reason = ?, settled_at = ? "
            "where reading_id = ? and state <> 'stored' returning sequence",
            (receipt.outcome, receipt.reason, at.isoformat(), receipt.id.bytes),
        ).fetchall()
        self._connection.executemany("delete from under_way where sequence = ?", changed)
        return len(changed)

    def _refuse(self, message: MessageReceipt, at: datetime) -> int:
        changed = self._connection.execute(
            "update reading set state = 'refused', outcome = ?, reason = ?, settled_at = ? where state = 'waiting' "
            "and sequence in (select sequence from under_way where digest = ?) returning sequence",
            (message.outcome, message.reason, at.isoformat(), message.digest),
        ).fetchall()
        self._connection.executemany("delete from under_way where sequence = ?", changed)
        return len(changed)
