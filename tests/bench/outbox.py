"""How many readings a second the outbox makes durable, beside a bare insert and a bare write on the same disk."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from gateway import wire
from gateway.outbox import Outbox
from tests.bench.figure import Figure
from tests.bench.readings import glucose

_PUTS = 1500
_AT_ONCE = 50


def figures() -> Iterator[Figure]:
    """Puts one by one with their p99, and fifty a commit."""
    with tempfile.TemporaryDirectory() as folder:
        one = timed(_outbox(Path(folder) / "one.db", 1), _PUTS)
        bare = timed(bare_insert(Path(folder) / "bare.db"), _PUTS)
        sync = timed(_fdatasync(Path(folder) / "file"), _PUTS)
        many = timed(_outbox(Path(folder) / "many.db", _AT_ONCE), _PUTS // 10)
    rates = [len(times) / sum(times) for times in (one, bare, sync)]
    yield Figure(name="outbox, durable puts one by one", value=rates[0], unit="puts/s",
                 baseline_name="bare SQLite insert, same durability", baseline=rates[1])  # fmt: skip
    yield Figure(name="outbox, the same", value=rates[0], unit="puts/s",
                 baseline_name="200 bytes written and fdatasync", baseline=rates[2])  # fmt: skip
    yield Figure(name="outbox, one put, p99", value=1000 * _p99(one), unit="ms",
                 baseline_name="bare SQLite insert, p99", baseline=1000 * _p99(bare))  # fmt: skip
    yield Figure(name=f"outbox, {_AT_ONCE} readings a put", value=_AT_ONCE * len(many) / sum(many), unit="readings/s",
                 baseline_name="the same one by one", baseline=rates[0])  # fmt: skip


def timed(work: Callable[[int], None], rounds: int) -> list[float]:
    """Seconds of each round; `work` is given its number."""
    times = []
    for number in range(rounds):
        began = time.perf_counter()
        work(number)
        times.append(time.perf_counter() - began)
    return times


def _p99(times: list[float]) -> float:
    return sorted(times)[int(0.99 * len(times))]


def _outbox(path: Path, at_once: int) -> Callable[[int], None]:
    outbox = Outbox(path)
    batches = [
        [glucose(n * at_once + k) for k in range(at_once)] for n in range(_PUTS if at_once == 1 else _PUTS // 10)
    ]

    def put(number: int) -> None:
        outbox.put(batches[number])

    return put


def bare_insert(path: Path) -> Callable[[int], None]:
    """One row a call, committed as durably as the outbox commits."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript("pragma journal_mode=wal; pragma synchronous=full; create table reading (item text)")
    item = wire.item(glucose(0))

    def insert(_number: int) -> None:
        connection.execute("begin immediate")
        connection.execute("insert into reading values (?)", (item,))
        connection.execute("commit")

    return insert


def _fdatasync(path: Path) -> Callable[[int], None]:
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY)

    def write(_number: int) -> None:
        os.write(descriptor, b"x" * 200)
        os.fdatasync(descriptor)

    return write
