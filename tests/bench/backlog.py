"""How long a county-week held by gateways that come back together takes until every gateway has its receipts."""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from gateway.outbox import Outbox
from gateway.settings import GatewaySettings
from gateway.uplink import Uplink
from maixun import configuration
from tests.bench import people
from tests.bench.figure import Figure
from tests.bench.ingestion import copied
from tests.bench.readings import glucose
from tests.harness.line import Line, running_line, wait_until

GATEWAYS = 200
TOTAL = 175_000
_PROCESSES = 2  # of 100 gateways each: real outboxes and uplinks, sharing the machine with the server they talk to
_PATIENCE = 120.0


def figures() -> Iterator[Figure]:
    """Seconds until the last receipt, and until the last row; beside a plain COPY of the same rows."""
    with running_line() as line:
        people.register(line.database)
        paths = [line.folder / f"gateway-{number}.db" for number in range(GATEWAYS)]
        _fill(paths)
        line.start_ingest(2)
        stored, settled = _drained(line, paths)
        if line.count("telemetry.ledger") != TOTAL:
            raise AssertionError("the ledger does not hold each reading once")
        rows_a_second = copied(line.database, TOTAL)
    for what, seconds in (("last row in the database", stored), ("last receipt in its outbox", settled)):
        yield Figure(name=f"{TOTAL:,} readings of {GATEWAYS} gateways, {what}", value=seconds, unit="s",
                     baseline_name="plain COPY", baseline=TOTAL / rows_a_second)  # fmt: skip


def _fill(paths: Sequence[Path]) -> None:
    numbers = itertools.count()
    for path in paths:
        outbox = Outbox(path)
        outbox.put(glucose(next(numbers)) for _ in range(TOTAL // len(paths)))
        outbox.close()


def _drained(line: Line, paths: Sequence[Path]) -> tuple[float, float]:
    context = multiprocessing.get_context("fork")
    ready = context.Barrier(_PROCESSES + 1)
    processes = [
        context.Process(target=_serve, args=(paths[part::_PROCESSES], line.mosquitto.url, ready.wait))
        for part in range(_PROCESSES)
    ]
    for process in processes:
        process.start()
    ready.wait(_PATIENCE)
    began = time.perf_counter()
    wait_until(lambda: line.count("telemetry.reading") >= TOTAL, _PATIENCE)
    stored = time.perf_counter() - began
    for process in processes:
        process.join(_PATIENCE)
        if process.exitcode != 0:
            raise AssertionError("a gateway's receipts did not all come")
    return stored, time.perf_counter() - began


def _serve(paths: Sequence[Path], broker: str, wait_for_start: Callable[[], int]) -> None:
    outboxes = {path.stem: Outbox(path) for path in paths}
    wait_for_start()
    asyncio.run(_uplinks(outboxes, broker))


async def _uplinks(outboxes: dict[str, Outbox], broker: str) -> None:
    settings = configuration.settings(GatewaySettings, "gateway")
    stop = asyncio.Event()
    async with asyncio.timeout(_PATIENCE), asyncio.TaskGroup() as group:
        for gateway, outbox in outboxes.items():
            group.create_task(Uplink(gateway, broker, outbox, settings).run(stop))
        while any(outbox.counts().unsettled for outbox in outboxes.values()):
            await asyncio.sleep(0.2)
        stop.set()
