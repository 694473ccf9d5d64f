"""The gateway's one SQLite file: how it is opened, how a change becomes durable, what its errors mean to a person.

All calls are short commits made on the event loop's own thread. A slow card delays the radio's callbacks by one
fsync, which BlueZ buffers easily; in return no lock is needed and the order of events is the order of commits.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_UNREADABLE = frozenset(
    {
        sqlite3.SQLITE_IOERR_READ,
        sqlite3.SQLITE_IOERR_SHORT_READ,
        sqlite3.SQLITE_IOERR_CORRUPTFS,
        sqlite3.SQLITE_IOERR_DATA,
    }
)
_NO_WRITE = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN})
PAGE = 4096  # fixed, because salvage lays a fresh file's first page over a destroyed one
_PRAGMAS = (
    f"page_size = {PAGE}",
    "journal_mode = wal",
    "synchronous = full",  # an fsync with every commit: what we acknowledge to a meter survives a power cut
    "temp_store = memory",
    "cell_size_check = on",
)


class OutboxFull(Exception):
    """Nothing can be stored now: leave the records in the meter and come back later."""


class OutboxDamaged(Exception):
    """The file cannot be trusted: `gateway.salvage.opened` sets it aside and recovers what can be read."""


class OutboxInUse(Exception):
    """Another gateway works with this file: stop it, or give this one an outbox of its own."""


class Disk:
    """One open file, held by this process alone."""

    def __init__(self, path: Path, schema: str, *, reserve_bytes: int = 0) -> None:
        """Opens or makes the file and checks it whole. Raises `OutboxFull`, `OutboxDamaged`, `OutboxInUse`."""
        self.path = path
        self._reserve_bytes = reserve_bytes
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = _locked(path)
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.connection.text_factory = forgiving_text
        try:
            with self.meaning():
                for pragma in _PRAGMAS:
                    self.connection.execute(f"pragma {pragma}")
                self.connection.executescript(schema)
                self._check()
        except BaseException:  # whatever ends it, a stop too, the file must not stay locked; it is raised on
            self.close()
            raise

    def close(self) -> None:
        """Closes the file and lets another process have it."""
        self.connection.close()
        os.close(self._lock)

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """One transaction: on disk when the block is left, no trace when it raises; inside another it joins that."""
        if self.connection.in_transaction:
            yield self.connection
            return
        with self.meaning():
            self.connection.execute("begin immediate")
            try:
                yield self.connection
                self.connection.execute("commit")
            except BaseException:  # a cancelled task too must leave no half of a change; it is raised on
                if self.connection.in_transaction:
                    self.connection.execute("rollback")
                raise

    @contextmanager
    def meaning(self) -> Iterator[None]:
        """Turns SQLite's errors into ours, each saying what to do."""
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0)
            if code & 0xFF in _DAMAGED or code in _UNREADABLE:
                raise OutboxDamaged(f"{self.path} is damaged ({error})") from error
            if code & 0xFF in _NO_WRITE:
                raise self._full(f"cannot be written ({error})") from error
            raise

    def need_room(self) -> None:
        """Refuses new records while less than the reserve is free, so that receipts can still be noted."""
        if self._free() < self._reserve_bytes and self._free() + self._reusable() < self._reserve_bytes:
            raise self._full(f"stands on a disk with less than {self._reserve_bytes >> 20} MB free")

    def _free(self) -> int:
        free = os.statvfs(self.path.parent)
        return free.f_bavail * free.f_frsize

    def _reusable(self) -> int:
        """Bytes that pruned rows left inside the file, which never shrinks."""
        with self.meaning():
            return int(self.connection.execute("pragma freelist_count").fetchone()[0]) * PAGE

    def _full(self, what: str) -> OutboxFull:
        return OutboxFull(
            f"{self.path} {what}; {self._free() >> 20} MB are free: make room on that disk. "
            "Until then nothing new is taken from meters; they keep their records"
        )

    def _check(self) -> None:
        verdict = str(self.connection.execute("pragma quick_check(1)").fetchone()[0])
        if verdict != "ok":
            raise OutboxDamaged(f"{self.path} is damaged ({verdict})")


def seal(*parts: bytes | str | None) -> int:
    """A checksum kept beside each record: SQLite itself would not notice an overwritten value."""
    return zlib.crc32(b"\0".join(part.encode() if isinstance(part, str) else part or b"" for part in parts))


def forgiving_text(stored: bytes) -> str:
    """Damaged text becomes text that fails its seal, instead of an error without a name."""
    return stored.decode(errors="replace")


def _locked(path: Path) -> int:
    lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise OutboxInUse(
            f"{path} is in use by another gateway: stop that one, or give this one its own outbox"
        ) from None
    return lock
