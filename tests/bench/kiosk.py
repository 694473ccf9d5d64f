"""A visit to the kiosk: how often the screen is touched, and how long the machine lets the person wait for a page.

The five minutes' rest and the measuring itself are left out: they belong to the protocol and to the instruments.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

from maixun.runtime.service import free_port
from tests.bench import memory
from tests.bench.figure import Figure
from tests.harness.visitor import Visitor, at_the_kiosk
from tests.kiosk.station import INSTRUMENTS, Station, serial_lines
from tests.kiosk.walk import walk

_NOBODY = "mqtt://127.0.0.1:9"  # a port where nothing listens: the kiosk works without
_REACTS = 0.1  # seconds within which an answer seems immediate
_ASKED = 40  # pages fetched to time one


class Visit(NamedTuple):
    """The visitor afterwards, the most memory of the process, and seconds a page on a kept and on fresh connections."""

    visitor: Visitor
    megabytes: float
    kept: float
    fresh: float


def figures() -> Iterator[Figure]:
    """From the card to the page of good-bye, with blood pressure, oxygen and glucose."""
    visitor, megabytes, kept, fresh = _visited()
    yield Figure(name=f"taps of a visit with {len(INSTRUMENTS)} instruments", value=visitor.taps, unit="taps",
                 baseline_name="pages that need an answer", baseline=len(visitor.waits))  # fmt: skip
    yield Figure(name="waiting for pages in such a visit, in all", value=sum(visitor.waits), unit="s",
                 baseline_name=f"{_REACTS} s a page", baseline=_REACTS * len(visitor.waits))  # fmt: skip
    yield Figure(name="gateway with kiosk, memory, peak with a visit", value=megabytes, unit="MB",
                 baseline_name="bare Python with asyncio", baseline=memory.bare_interpreter())  # fmt: skip

    yield Figure(name="a page over a connection that is kept, as a browser does, p50", value=1000 * kept, unit="ms",
                 baseline_name="over a fresh connection", baseline=1000 * fresh)  # fmt: skip


def _visited() -> Visit:
    with TemporaryDirectory(prefix="maixun-") as folder, serial_lines() as wires:
        station = Station(Path(folder), _NOBODY, wires, port=free_port())
        try:
            station.start()
            with at_the_kiosk(station.connect) as visitor:
                walk(visitor, station)
                visitor.act("finish")
                visitor.until("cleared")
                return Visit(visitor, memory.most(station.process_id), _kept(station), _fresh(station))
        finally:
            station.stop()


def _kept(station: Station) -> float:
    """Median seconds a page, all over one connection."""
    with closing(HTTPConnection("kiosk")) as connection:
        connection.sock = station.connect()
        return median(_page(connection) for _ in range(_ASKED))


def _fresh(station: Station) -> float:
    return median(_alone(station) for _ in range(_ASKED))


def _alone(station: Station) -> float:
    with closing(HTTPConnection("kiosk")) as connection:
        connection.sock = station.connect()
        return _page(connection)


def _page(connection: HTTPConnection) -> float:
    began = time.perf_counter()
    connection.request("GET", "/")
    connection.getresponse().read()
    return time.perf_counter() - began
