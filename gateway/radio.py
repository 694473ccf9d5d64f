"""The port behind which a radio stands: the real one, or one that plays meters for demos and tests."""

from __future__ import annotations

import asyncio
from typing import Protocol

from gateway.collector import Collector


class Radio(Protocol):
    """Finds meters and hands every packet they send to the collector."""

    async def run(self, collector: Collector, stop: asyncio.Event) -> None:
        """Serve until `stop` is set; returning earlier means there is nothing more to hear.

        One visit a meter: `collector.open`, `packet` for each packet as it comes, `clock` where the meter tells its
        time, `close` at the end, also after a broken connection: what came is kept. `OutboxFull` from any of them means
        that nothing was kept: do not acknowledge the packet, delete nothing in the meter, come back later.
        `OutboxDamaged` is not for the radio to catch: the gateway recovers the file and starts the radio again.
        """
