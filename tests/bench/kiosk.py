"""A visit to the kiosk: how often the screen is touched, and how long the machine lets the person wait for a page.

The five minutes' rest and the measuring itself are left out: they belong to the protocol and to the instruments.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from maixun.runtime.service import free_port
from tests.bench import memory
from tests.bench.figure import Figure
from tests.harness.visitor import Visitor, at_the_kiosk
from tests.kiosk.station import INSTRUMENTS, Station, serial_lines
from tests.kiosk.walk import walk

_NOBODY = "mqtt://127.0.0.1:9"  # a port where nothing listens: the kiosk works without
_REACTS = 0.1  # seconds within which an answer seems immediate


def figures() -> Iterator[Figure]:
    """From the card to the page of good-bye, with blood pressure, oxygen and glucose."""
    visitor, megabytes = _visited()
    yield Figure(name=f"taps of a visit with {len(INSTRUMENTS)} instruments", value=visitor.taps, unit="taps",
                 baseline_name="pages that need an answer", baseline=len(visitor.waits))  # fmt: skip
    yield Figure(name="waiting for pages in such a visit, in all", value=sum(visitor.waits), unit="s",
                 baseline_name=f"{_REACTS} s a page", baseline=_REACTS * len(visitor.waits))  # fmt: skip
    yield Figure(name="gateway with kiosk, memory, peak with a visit", value=megabytes, unit="MB",
                 baseline_name="bare Python with asyncio", baseline=memory.bare_interpreter())  # fmt: skip


def _visited() -> tuple[Visitor, float]:
    """The visitor afterwards, and the most memory that the process had."""
    with TemporaryDirectory(prefix="maixun-") as folder, serial_lines() as wires:
        station = Station(Path(folder), _NOBODY, wires, port=free_port())
        try:
            station.start()
            with at_the_kiosk(station.connect) as visitor:
                walk(visitor, station)
                visitor.act("finish")
                visitor.until("cleared")
                return visitor, memory.most(station.process_id)
        finally:
            station.stop()
