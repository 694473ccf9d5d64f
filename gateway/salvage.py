"""A damaged outbox is set aside, never deleted, and what can be read out of it goes into a new one.

SQLite stops at the first page it cannot follow, so rows are read around the holes by their numbers, and only those that
match their own checksum count. All journalled visits are interpreted again: they give back readings the outbox lost.
"""

from __future__ import annotations

import itertools
import logging
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.disk import PAGE, OutboxDamaged, OutboxFull, forgiving_text, seal
from gateway.outbox import Limits, Outbox

_log = logging.getLogger(__name__)
_GIVE_UP = 20_000  # numbers tried in vain in a row: one lost interior page spans about 10,000 packets
_FILES = ("-wal", "")  # the write-ahead log holds the newest commits; it goes first, it must never meet another file


@dataclass(frozen=True, slots=True)
class _Table:
    """How to read a table's rows by number, which columns its seal covers, and how to write them."""

    name: str
    read: str
    write: str
    sealed: slice


_TABLES = (
    _Table(
        "reading",
        "select sequence, seal, reading_id, item, state, outcome, reason, settled_at from reading "
        "where sequence > ? order by sequence",
        "insert or ignore into reading (sequence, seal, reading_id, item, state, outcome, reason, settled_at) "
        "values (?, ?, ?, ?, ?, ?, ?, ?)",
        slice(2, 4),
    ),
    _Table(
        "visit",
        "select visit_id, seal, about from visit where visit_id > ? order by visit_id",
        "insert or ignore into visit (visit_id, seal, about) values (?, ?, ?)",
        slice(2, 3),
    ),
    _Table(
        "packet",
        "select packet_id, seal, characteristic, payload, received_at, visit_id from packet "
        "where packet_id > ? order by packet_id",
        "insert or ignore into packet (packet_id, seal, characteristic, payload, received_at, visit_id) "
        "values (?, ?, ?, ?, ?, ?)",
        slice(2, 5),
    ),
)


def opened(path: Path, limits: Limits | None = None) -> Outbox:
    """The outbox at that path; a damaged one is recovered into a new one. Raises `OutboxFull`, `OutboxInUse`."""
    try:
        _swap_in(path)
        try:
            return Outbox(path, limits)
        except OutboxDamaged as damage:
            _log.error("%s", damage)
        _recover(path)
        _swap_in(path)
    except OSError as error:
        raise OutboxFull(f"{path} is damaged and cannot be recovered: {error}. Make room on that disk") from error
    return Outbox(path, limits)


def _recover(path: Path) -> None:
    """Builds `<path>.recovered`; its name says that it is complete, so a crash on the way only repeats the work."""
    unfinished = _beside(path, ".new")
    for suffix in ("", *_FILES, "-shm"):
        _beside(unfinished, suffix).unlink(missing_ok=True)
    with closing(Outbox(unfinished)) as outbox:
        counts = _salvage(path, outbox)
    unfinished.rename(_beside(path, ".recovered"))
    _beside(unfinished, ".lock").unlink()
    _log.warning(
        "recovered from %s: %d readings, and %d raw packets of %d visits, which are interpreted again",
        *(path, counts["reading"], counts["packet"], counts["visit"]),
    )


def _swap_in(path: Path) -> None:
    """Puts a recovered file in the damaged one's place, in steps that can be taken again after a crash."""
    recovered = _beside(path, ".recovered")
    if not recovered.exists():
        return
    aside = next(a for n in itertools.count(1) if not (a := _beside(path, f".damaged-{n}")).exists())
    for suffix in _FILES:
        if _beside(path, suffix).exists():
            _beside(path, suffix).rename(_beside(aside, suffix))
    _beside(path, "-shm").unlink(missing_ok=True)
    recovered.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)
    _log.warning("the damaged file is kept as %s", aside)


def _salvage(damaged: Path, outbox: Outbox) -> dict[str, int]:
    """Reads from a copy, since opening a file may change it. Returns how many rows came out of each table."""
    copy = _beside(damaged, ".copy")
    try:
        for suffix in _FILES:
            if _beside(damaged, suffix).exists():
                shutil.copyfile(_beside(damaged, suffix), _beside(copy, suffix))
        _mend_first_page(copy, outbox)
        with closing(sqlite3.connect(copy, isolation_level=None)) as source:
            source.text_factory = forgiving_text
            return _copied(source, outbox)
    finally:
        for suffix in (*_FILES, "-shm"):
            _beside(copy, suffix).unlink(missing_ok=True)


def _mend_first_page(copy: Path, outbox: Outbox) -> None:
    """Lays a new file's first page over one without a schema: every outbox's tables begin at the same pages."""
    with closing(sqlite3.connect(copy)) as connection:
        try:
            if connection.execute("select count(*) from sqlite_schema where name = 'packet'").fetchone()[0]:
                return
        except sqlite3.DatabaseError:
            _log.warning("its first page is lost and rebuilt")
    outbox.disk.connection.execute("pragma wal_checkpoint(truncate)")
    first = outbox.disk.path.read_bytes()[:PAGE]
    with copy.open("r+b") as file:
        file.write(first[:24] + bytes(8) + first[32:])  # without the page count: SQLite then asks the file's size


def _copied(source: sqlite3.Connection, outbox: Outbox) -> dict[str, int]:
    with outbox.disk.change() as target:
        counts = {
            table.name: sum(target.execute(table.write, row).rowcount for row in _rows(source, table))
            for table in _TABLES
        }
        target.execute("delete from packet where visit_id not in (select visit_id from visit)")
        target.execute("delete from visit where visit_id not in (select visit_id from packet)")
    return counts


def _rows(source: sqlite3.Connection, table: _Table) -> Iterator[tuple[Any, ...]]:
    """Every row that can be reached and is what was written."""
    number = vain = 0
    while vain < _GIVE_UP:
        try:
            for row in source.execute(table.read, (number,)):
                number, vain = row[0], 0
                if _intact(row, table):
                    yield row
            return
        except sqlite3.DatabaseError:
            number, vain = number + 1, vain + 1


def _intact(row: tuple[Any, ...], table: _Table) -> bool:
    parts = row[table.sealed]
    return all(isinstance(part, bytes | str) for part in parts) and seal(*parts) == row[1]


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)
