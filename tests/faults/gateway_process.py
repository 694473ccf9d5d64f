"""A real gateway whose radio plays files of visits. Arguments: NAME BROKER FOLDER.

What is acknowledged to a meter is written down after `OpenVisit.close` returned: a line with file, number and ids.
Killed and started again it goes on after the last visit that it wrote down, as a meter sends again what nobody took.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from devices.visit import Visit
from gateway.collector import Collector
from gateway.edge import Edge
from gateway.outbox import OutboxFull
from gateway.settings import GatewaySettings
from maixun import configuration, county, logs
from tests.faults import feed

LOOK = 0.05  # seconds between looks for a new file, or for room


class FileRadio:
    """Plays `<folder>/feed/*.jsonl` in the order of their names, for ever."""

    def __init__(self, folder: Path) -> None:
        """Goes on where the list of acknowledged visits ends."""
        self._feed = folder / "feed"
        acknowledged = folder / "acknowledged"
        self._done = (
            {tuple(line.split()[:2]) for line in acknowledged.read_text().splitlines()}
            if acknowledged.exists()
            else set()
        )
        self._list = os.open(acknowledged, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    async def run(self, collector: Collector, stop: asyncio.Event) -> None:
        """Play until `stop`."""
        while not stop.is_set():
            for path in sorted(self._feed.glob("*.jsonl")):
                if (path.name, "end") not in self._done:
                    await self._play(path, collector, stop)
            await asyncio.sleep(LOOK)

    async def _play(self, path: Path, collector: Collector, stop: asyncio.Event) -> None:
        pause, visits = feed.read(path)
        for number, visit in enumerate(visits):
            if (path.name, str(number)) in self._done:
                continue
            while not self._take(path.name, number, visit, collector):
                await asyncio.sleep(LOOK)
                if stop.is_set():
                    return
            await asyncio.sleep(pause)
            if stop.is_set():
                return
        self._note(path.name, "end", [])

    def _take(self, name: str, number: int, visit: Visit, collector: Collector) -> bool:
        """Whether the gateway took it; what it did not take stays in the meter."""
        contact = collector.open(visit.device, quirks=visit.quirks, person=visit.person)
        try:
            if visit.meter_clock is not None:
                contact.clock(visit.meter_clock.meter_time, visit.meter_clock.read_at)
            for packet in visit.packets:
                contact.packet(packet.characteristic, packet.payload, packet.received_at)
            entries = contact.close()
        except OutboxFull:
            return False
        self._note(name, str(number), [str(entry.reading_id) for entry in entries])
        return True

    def _note(self, name: str, number: str, ids: list[str]) -> None:
        os.write(self._list, f"{' '.join([name, number, *ids])}\n".encode())
        self._done.add((name, number))


async def main(name: str, broker: str, folder: Path) -> None:
    """Serve until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    settings = configuration.settings(GatewaySettings, "gateway")
    edge = Edge(name, FileRadio(folder), broker, folder / "outbox.sqlite3", settings, county.clock_policy())
    await edge.run(stop)


if __name__ == "__main__":
    logs.start(sys.argv[1])
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
