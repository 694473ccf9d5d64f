"""Readings a second made durable, exactly once and checked, beside a plain COPY of the same rows without an index."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from io import BytesIO

import psycopg

from gateway import wire
from tests.bench import memory, people
from tests.bench.figure import Figure
from tests.bench.readings import PEOPLE, glucose
from tests.harness.flood import Flood, publish_frame
from tests.harness.line import Line, running_line, wait_until

GATEWAYS = 50
_READINGS = {1: 150_000, 50: 400_000}
_COPY_OUT = "copy (select * from telemetry.reading) to stdout (format binary)"  # a hypertable itself gives nothing
_COPY_IN = "copy copied from stdin (format binary)"


def figures() -> Iterator[Figure]:
    """For 1 and 50 readings a message, 1 and 2 workers."""
    for a_message, total in _READINGS.items():
        frames = made(total, a_message)
        for workers in (1, 2):
            with running_line() as line:
                people.register(line.database)
                rate, most = _ingested(line, frames, total, workers)
                baseline = copied(line.database, total)
            what = f"ingest, {a_message} a message, {workers} worker{'s' * (workers > 1)}"
            yield Figure(name=what, value=rate, unit="readings/s", baseline_name="plain COPY", baseline=baseline)
            yield Figure(name=f"{what}, memory of one", value=most, unit="MB")


def made(total: int, a_message: int, *, first: int = 0, people: Sequence[int] = range(PEOPLE)) -> list[bytes]:
    """Frames of messages from many gateways; the readings are numbers `first` and following, of these people."""
    items = [wire.item(glucose(number, people)) for number in range(first, first + total)]
    now = datetime.now(UTC)
    frames = []
    for start in range(0, total, a_message):
        gateway = f"gw-{start // a_message % GATEWAYS}"
        payload = wire.message(gateway, items[start : start + a_message], now)
        frames.append(publish_frame(wire.topic(gateway, "readings"), payload))
    return frames


def publish(broker: str, frames: Sequence[bytes]) -> None:
    """In a process of its own, so that publishing and measuring do not share an interpreter."""
    flood = Flood(broker, "flood")
    flood.publish(frames)
    flood.close()


def copied(database: str, total: int) -> float:
    """Rows a second of a binary COPY of all readings into a table without any index, committed."""
    rows = BytesIO()
    with psycopg.connect(database) as connection:
        with connection.cursor().copy(_COPY_OUT) as out:
            for block in out:
                rows.write(block)
        connection.execute("create table copied (like telemetry.reading)")
        connection.commit()
        began = time.perf_counter()
        with connection.cursor().copy(_COPY_IN) as copy:
            copy.write(rows.getbuffer())
        connection.commit()
        return total / (time.perf_counter() - began)


def _ingested(line: Line, frames: Sequence[bytes], total: int, workers: int) -> tuple[float, float]:
    programs = line.start_ingest(workers)
    context = multiprocessing.get_context("fork")
    publisher = context.Process(target=publish, args=(line.mosquitto.url, frames))
    began = time.perf_counter()
    publisher.start()
    wait_until(lambda: line.count("telemetry.reading") >= total, seconds=180)
    rate = total / (time.perf_counter() - began)
    publisher.join()
    most = max(memory.most(program.process_id) for program in programs)
    if line.count("telemetry.ledger") != total:
        raise AssertionError("the ledger does not hold each reading once")
    return rate, most
