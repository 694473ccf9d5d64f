"""From the meter's packet to the event in a doctor's stream, under load, beside the same line at rest.

The load is made of real messages of one reading each, sent by a cheap publisher; the probes go through a real gateway,
a journal and an outbox of their own, so that each pays for every commit on its way.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

from devices import clock
from gateway.collector import Collector
from gateway.edge import Edge
from gateway.settings import GatewaySettings
from maixun import configuration
from maixun.runtime.service import free_port
from tests.bench import people, readings
from tests.bench.figure import Figure
from tests.bench.ingestion import made
from tests.harness.flood import Flood
from tests.harness.line import Line, running_line, wait_until

RATES = (100, 1111)
_PROBES = 200
_PROBES_A_SECOND = 10
_AT_REST = 0


def figures() -> Iterator[Figure]:
    """p50 and p99 at each rate, beside the same at rest."""
    with running_line() as line:
        residents = people.register(line.database)
        stream = _screen(line, residents)
        line.start_ingest(2)
        line.start("alerting", "alerting")
        found = {}
        for turn, rate in enumerate((_AT_REST, *RATES)):
            found[rate] = _probed(line, stream, residents[turn * _PROBES : (turn + 1) * _PROBES], turn, rate)
    for rate in RATES:
        for name, part in (("p50", 0.50), ("p99", 0.99)):
            yield Figure(name=f"packet to doctor's screen, {rate} messages/s, {name}", unit="ms",
                         value=_share(found[rate], part), baseline_name="at rest",
                         baseline=_share(found[_AT_REST], part))  # fmt: skip


class Stream:
    """A doctor's live stream: when each resident's alert was first heard of as open."""

    def __init__(self, response: HTTPResponse) -> None:
        """Reads on a thread of its own until the connection ends."""
        self.heard: dict[int, float] = {}
        self._response = response
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        while line := self._response.readline():
            if line.startswith(b"data: {"):
                event = json.loads(line[6:])
                if event["state"] == "open":
                    self.heard.setdefault(event["resident_id"], time.perf_counter())


class Probe:
    """A radio that hears one dangerous reading after another, each from another person's meter."""

    def __init__(self, first: int, count: int) -> None:
        """`first` is the index of the first person."""
        self._people = range(first, first + count)
        self.sent: list[float] = []

    async def run(self, collector: Collector, stop: asyncio.Event) -> None:
        """One visit each tenth of a second, then nothing more."""
        for person in self._people:
            at = datetime.now(UTC)
            packet = readings.packet(1, at - timedelta(seconds=5), readings.DANGEROUS)
            self.sent.append(time.perf_counter())
            visit = collector.open(readings.meter(person))
            visit.packet("2A18", packet, at)
            visit.close()
            await asyncio.sleep(1 / _PROBES_A_SECOND)
        await stop.wait()


def _probed(line: Line, stream: Stream, residents: list[int], turn: int, rate: int) -> list[float]:
    """Milliseconds from packet to event, one a probe, while `rate` messages a second arrive."""
    seconds = _PROBES / _PROBES_A_SECOND + 3
    first = int(seconds * RATES[-1]) * turn
    frames = made(int(rate * seconds), 1, first=first, people=range(len(RATES) * _PROBES + _PROBES, readings.PEOPLE))
    load = multiprocessing.get_context("fork").Process(target=_pace, args=(line.mosquitto.url, frames, rate))
    load.start()
    time.sleep(1.0)
    probe = Probe(turn * _PROBES, _PROBES)
    asyncio.run(_serve(line, probe, turn, lambda: set(residents) <= stream.heard.keys()))
    load.join()
    return [1000 * (stream.heard[resident] - sent) for resident, sent in zip(residents, probe.sent, strict=True)]


async def _serve(line: Line, probe: Probe, turn: int, done: Callable[[], bool]) -> None:
    settings = configuration.settings(GatewaySettings, "gateway")
    policy = clock.parse_policy(configuration.load("devices/clock.yaml"))
    edge = Edge(f"gw-probe-{turn}", probe, line.mosquitto.url, line.folder / f"probe-{turn}.db", settings, policy)
    stop = asyncio.Event()
    serving = asyncio.create_task(edge.run(stop))
    await asyncio.to_thread(wait_until, done, 120.0)
    stop.set()
    await serving


def _pace(broker: str, frames: list[bytes], rate: int) -> None:
    if frames:
        flood = Flood(broker, "load")
        flood.publish_paced(frames, rate)
        flood.close()


def _screen(line: Line, residents: list[int]) -> Stream:
    """A doctor signed in through the real API, with the stream open."""
    password = people.contract(line.database, residents)
    port = free_port()
    api = line.start("api", "api", "--port", str(port))
    wait_until(lambda: b"listening for alerts" in Path(api.log).read_bytes())
    connection = HTTPConnection("127.0.0.1", port)
    origin = {"Origin": f"http://127.0.0.1:{port}", "Content-Type": "application/json"}
    connection.request("POST", "/api/v1/session", json.dumps({"login": "doctor", "password": password}), origin)
    response = connection.getresponse()
    cookie = (response.getheader("Set-Cookie") or "").split(";")[0]
    response.read()
    stream = HTTPConnection("127.0.0.1", port)
    stream.request("GET", "/api/v1/alerts/stream", headers={"Cookie": cookie})
    return Stream(stream.getresponse())


def _share(milliseconds: list[float], part: float) -> float:
    return statistics.quantiles(milliseconds, n=1000, method="inclusive")[int(part * 1000) - 1]
