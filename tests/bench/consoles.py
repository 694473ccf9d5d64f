"""From a change of an alert to the bytes at a doctor's screen, with 200 consoles open beside one; and the work list.

The consoles are streams of one process that only notes when an event came; the pages run in their real process.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.bench import full_station
from tests.bench.figure import Figure
from tests.bench.full_station import OF_THE_DOCTOR, RESIDENTS
from tests.harness.line import running_line

CONSOLES = 200
_EVENTS = 100
_BETWEEN = 0.1  # seconds: ten changes a second in one station are far more than a station has
_LISTS = 20
_HEAD = b"GET /api/v1/alerts/stream?language=%s HTTP/1.1\r\nHost: x\r\nCookie: maixun_session=%s\r\n\r\n"


class Run(NamedTuple):
    """Milliseconds from the change to each console, and of the server's processor for one change."""

    latencies: list[float]
    processor: float


def figures() -> Iterator[Figure]:
    """The same station, first with one console, then with many."""
    with running_line() as line, pytest.MonkeyPatch.context() as environment:
        environment.setenv("MAIXUN_RUNTIME", str(line.folder))  # the pages' key, which seals the names
        staffed = full_station.fill(line.database)
        address = line.start_api()
        server = line.programs[-1].process_id or 0
        one = asyncio.run(_measured(address, staffed.lead, line.database, server, 1))
        many = asyncio.run(_measured(address, staffed.lead, line.database, server, CONSOLES))
        for name, share in (("p50", 0.5), ("p95", 0.95)):
            yield Figure(
                name=f"alert changed to screen, {CONSOLES} consoles, {name}",
                value=_share(many.latencies, share),
                unit="ms",
                baseline_name="1 console",
                baseline=_share(one.latencies, share),
            )
        yield Figure(
            name=f"processor of the pages for one change, {CONSOLES} consoles",
            value=many.processor,
            unit="ms",
            baseline_name="1 console",
            baseline=one.processor,
        )
        yield from _lists(address, staffed.doctor, f"work list of {OF_THE_DOCTOR:,} residents")
        yield from _lists(address, staffed.lead, f"work list of {RESIDENTS:,} residents")


async def _measured(address: str, token: str, database: str, server: int, consoles: int) -> Run:
    """Open the consoles, change alerts one after the other, and note when each console heard of each."""
    heard: dict[bytes, list[float]] = {}
    opened = [await _open(address, token, heard, language) for language in _languages(consoles)]
    await asyncio.sleep(1)
    spent, changed = _processor(server), {}
    connection = await psycopg.AsyncConnection.connect(database, autocommit=True)
    async with connection:
        rows = await (
            await connection.execute(
                "select episode_id, resident_id from care.episode where state = 'open' order by episode_id limit %s",
                (_EVENTS,),
            )
        ).fetchall()
        for episode_id, resident_id in rows:
            began = time.perf_counter()
            row = await (
                await connection.execute(
                    "update care.episode set revision = revision + 1, changed_at = %s"
                    " where resident_id = %s and episode_id = %s returning revision",
                    (datetime.now(UTC), resident_id, episode_id),
                )
            ).fetchone()
            changed[b"%d.%d" % (episode_id, row[0] if row else 0)] = began
            await asyncio.sleep(_BETWEEN)
    await asyncio.sleep(1)
    spent = _processor(server) - spent
    for reader in opened:
        reader.cancel()
    if any(len(heard.get(each, ())) != consoles for each in changed):
        raise AssertionError("not every console heard of every change")
    latencies = [1000 * (at - began) for each, began in changed.items() for at in heard[each]]
    return Run(latencies, 1000 * spent / len(changed))


async def _open(address: str, token: str, heard: dict[bytes, list[float]], language: bytes) -> asyncio.Task[None]:
    place = urlsplit(address)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    writer.write(_HEAD % (language, token.encode()))
    if b" 200 " not in await reader.readline():
        raise AssertionError("a stream was refused")

    async def listen() -> None:
        while line := await reader.readline():
            if line.startswith(b"id: "):
                heard.setdefault(line[4:].strip(), []).append(time.perf_counter())
        writer.close()  # named here, for a writer that nobody names closes the connection

    return asyncio.create_task(listen())


def _languages(consoles: int) -> list[bytes]:
    """One in four reads English, so that both languages are rendered when there are many."""
    return [b"en" if number % 4 == 3 else b"zh" for number in range(consoles)]


def _lists(address: str, token: str, name: str) -> Iterator[Figure]:
    bare, whole = _pages(address, token, "/api/v1/session"), _pages(address, token, "/work")
    yield Figure(
        name=f"{name}, from request to last byte",
        value=statistics.median(whole.milliseconds),
        unit="ms",
        baseline_name="who is signed in",
        baseline=statistics.median(bare.milliseconds),
    )
    yield Figure(name=f"{name}, size of the page", value=whole.size / 1000, unit="kB")


class _Pages(NamedTuple):
    milliseconds: list[float]
    size: int


def _pages(address: str, token: str, path: str) -> _Pages:
    connection = HTTPConnection(urlsplit(address).netloc)
    took, size = [], 0
    for _ in range(_LISTS):
        began = time.perf_counter()
        connection.request("GET", path, headers={"cookie": f"maixun_session={token}"})
        answer = connection.getresponse()
        size = len(answer.read())
        took.append(1000 * (time.perf_counter() - began))
        if answer.status != 200:
            raise AssertionError(f"{path}: {answer.status}")
    connection.close()
    return _Pages(took, size)


def _processor(process_id: int) -> float:
    """Seconds of processor a process has used."""
    words = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def _share(values: list[float], share: float) -> float:
    return sorted(values)[int(share * (len(values) - 1))]
