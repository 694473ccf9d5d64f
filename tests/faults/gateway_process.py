"""A real gateway whose radio plays files of visits. Arguments: NAME BROKER FOLDER.

What is acknowledged to a meter is written down after `OpenVisit.close` returned. Killed and started again, the radio
goes on after the last visit that it wrote down, as a meter sends again what nobody took.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from pathlib import Path

from devices.visit import Visit
from gateway.collector import Collector
from gateway.edge import Edge
from gateway.outbox import OutboxFull
from gateway.saying import Saying
from gateway.settings import GatewaySettings
from maixun import configuration, county, logs
from tests.faults import feed

_log = logging.getLogger(__name__)
TURNED_AWAY = "a meter is turned away"
LOOK = 0.05  # seconds between looks for a new file, or for room


class FileRadio:
    """Plays `<folder>/*.jsonl` in the order of their names, for ever, and lists beside each what it acknowledged."""

    def __init__(self, folder: Path) -> None:
        """Goes on where the lists end."""
        self._folder = folder
        self._saying = Saying(_log)

    async def run(self, collector: Collector, stop: asyncio.Event) -> None:
        """Play until `stop`."""
        while not stop.is_set():
            for path in sorted(self._folder.glob("*.jsonl")):
                await self._play(path, collector, stop)
            await asyncio.sleep(LOOK)

    async def _play(self, path: Path, collector: Collector, stop: asyncio.Event) -> None:
        done = feed.acknowledged(path)
        if feed.END in done:
            return
        pause, visits = feed.read(path)
        for number, visit in enumerate(visits):
            while str(number) not in done and not self._take(path, number, visit, collector):
                await asyncio.sleep(LOOK)
                if stop.is_set():
                    return
            await asyncio.sleep(pause)
            if stop.is_set():
                return
        feed.acknowledge(path, feed.END, [])

    def _take(self, path: Path, number: int, visit: Visit, collector: Collector) -> bool:
        """Whether the gateway took it; what it did not take stays in the meter."""
        contact = collector.open(visit.device, quirks=visit.quirks, person=visit.person)
        try:
            if visit.meter_clock is not None:
                contact.clock(visit.meter_clock.meter_time, visit.meter_clock.read_at)
            for packet in visit.packets:
                contact.packet(packet.characteristic, packet.payload, packet.received_at)
            entries = contact.close()
        except OutboxFull as full:
            self._saying.trouble("full", f"{TURNED_AWAY}: {full}")
            return False
        self._saying.well("meters are heard")
        feed.acknowledge(path, str(number), [entry.reading_id for entry in entries])
        return True


async def main(name: str, broker: str, folder: Path) -> None:
    """Serve until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    settings = configuration.settings(GatewaySettings, "gateway")
    edge = Edge(name, FileRadio(folder / "feed"), broker, folder / "outbox.sqlite3", settings, county.clock_policy())
    await edge.run(stop)


if __name__ == "__main__":
    logs.start(sys.argv[1])
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
