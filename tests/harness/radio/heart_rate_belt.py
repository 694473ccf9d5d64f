"""An emulated chest belt: it sends the heart rate for as long as it is subscribed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from bumble.core import UUID
from bumble.gatt import Service

from tests.harness.radio.meter import Meter, Properties

# Real belts send once a second; a test need not wait so long.
_PAUSE = 0.02


@dataclass(kw_only=True)
class HeartRateBelt(Meter):
    """`stream`: 2A37 packets; the last one goes on for ever."""

    service: int = 0x180D
    stream: list[bytes] = field(default_factory=list)

    def services(self) -> Sequence[Service]:
        """Heart Rate."""
        measured = self.characteristic(
            0x2A37, Properties.NOTIFY, subscribed=lambda: self.in_background(self._send_for_ever())
        )
        return [Service(UUID.from_16_bits(self.service), [measured])]

    async def _send_for_ever(self) -> None:
        for packet in self.stream:
            await self.send(0x2A37, packet)
            await asyncio.sleep(_PAUSE)
        while True:
            await self.send(0x2A37, self.stream[-1])
            await asyncio.sleep(_PAUSE)
