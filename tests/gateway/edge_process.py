"""A gateway process whose radio hears a scripted meter. Arguments: BROKER FOLDER NAME FIRST COUNT.

Prints the id of each reading once it may be acknowledged to the meter, then `heard`, then serves until SIGTERM.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from datetime import timedelta
from pathlib import Path

from gateway.collector import Collector
from gateway.edge import Edge
from tests.gateway.made import CUFF, POLICY, T0, blood_pressure, settings


class ScriptedRadio:
    """One visit a record, numbers `first` and on."""

    def __init__(self, first: int, count: int) -> None:
        """`count` records."""
        self.numbers = range(first, first + count)

    async def run(self, collector: Collector, _stop: asyncio.Event) -> None:
        """Hear them all, then return."""
        for number in self.numbers:
            visit = collector.open(CUFF)
            visit.packet("2A35", blood_pressure(number), T0 + timedelta(seconds=number))
            for entry in visit.close():
                print(entry.reading_id, flush=True)
            await asyncio.sleep(0)
        print("heard", flush=True)


async def main(broker: str, folder: str, name: str, first: str, count: str) -> None:
    """Serve until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    radio = ScriptedRadio(int(first), int(count))
    edge = Edge(
        name, radio, broker, Path(folder) / "outbox.sqlite3", settings(retry_seconds=0.5, will_delay_seconds=0), POLICY
    )
    await edge.run(stop)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
