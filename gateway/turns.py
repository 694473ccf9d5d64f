"""Which meter is visited next: one at a time, in the order they were heard, none too often."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from bleak.backends.device import BLEDevice

from gateway.patience import Patience


@dataclass
class _Rest:
    until: float
    pause: float


class Turns:
    """The queue of meters that want to be visited. `clock` gives monotonic seconds."""

    def __init__(self, patience: Patience, clock: Callable[[], float]) -> None:
        self._patience = patience
        self._clock = clock
        self._waiting: dict[str, BLEDevice] = {}
        self._resting: dict[str, _Rest] = {}
        self._heard = asyncio.Event()

    def heard(self, device: BLEDevice) -> None:
        """A meter advertises: it waits for its turn, unless it was visited a moment ago."""
        rest = self._resting.get(device.address)
        if rest is None or self._clock() >= rest.until:
            self._waiting[device.address] = device
            self._heard.set()

    async def next(self) -> BLEDevice:
        """The meter whose turn it is."""
        while not self._waiting:
            self._heard.clear()
            await self._heard.wait()
        return self._waiting.pop(next(iter(self._waiting)))

    def visited(self, address: str, *, fruitful: bool, rest: float = 0.0) -> None:
        """After a visit: soon again where something came, for there may be more; ever later where nothing does.

        `rest`: seconds that its driver wants it left alone at least.
        """
        before = self._resting.get(address)
        pause = self._patience.revisit
        if not fruitful and before is not None:
            pause = min(before.pause * 2, self._patience.fruitless)
        self._resting[address] = _Rest(until=self._clock() + max(pause, rest), pause=pause)
        self._waiting.pop(address, None)
