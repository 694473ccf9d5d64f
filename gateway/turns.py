"""Which meter is visited next: one at a time, in the order they were heard, none too often."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from bleak.backends.device import BLEDevice

from gateway.patience import Patience

_log = logging.getLogger(__name__)


class Failing(NamedTuple):
    """A meter whose last visits all failed. `left_alone`: too often to try again soon."""

    device: str
    failures: int
    reason: str
    left_alone: bool


@dataclass
class _Rest:
    until: float
    pause: float
    heard: float
    failures: int = 0
    reason: str = ""


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
        if rest is None or self._is_over(rest):
            self._waiting[device.address] = device
            self._heard.set()

    def begin_anew(self) -> None:
        """Whoever waits was heard by a scan that is over, and may not be there any more."""
        self._waiting.clear()

    async def next(self) -> BLEDevice:
        """The meter whose turn it is."""
        while not self._waiting:
            self._heard.clear()
            await self._heard.wait()
        return self._waiting.pop(next(iter(self._waiting)))

    def visited(self, address: str, *, fruitful: bool, rest: float = 0.0, failure: str | None = None) -> None:
        """After a visit: soon again where something came, for there may be more; ever later where nothing does.

        `rest`: seconds that its driver wants it left alone at least. `failure`: why the visit ended before its end.
        """
        now, before = self._clock(), self._resting.get(address)
        pause = self._patience.revisit
        if not fruitful and before is not None:
            pause = min(before.pause * 2, self._patience.fruitless)
        after = self._resting[address] = _Rest(until=now + max(pause, rest), pause=pause, heard=now)
        if failure is not None and not fruitful:
            after.failures = 1 + (before.failures if before is not None else 0)
            after.reason = failure
        if self._is_left_alone(after):
            after.until = now + self._patience.left_alone
            _log.warning(
                "%s is left alone: %d visits failed, the last one because %s", address, after.failures, failure
            )
        self._waiting.pop(address, None)

    def failing(self) -> list[Failing]:
        """The meters whose last visit failed, by address."""
        return [
            Failing(address, rest.failures, rest.reason, self._is_left_alone(rest))
            for address, rest in sorted(self._resting.items())
            if rest.failures
        ]

    def _is_over(self, rest: _Rest) -> bool:
        now = self._clock()
        was_gone = self._is_left_alone(rest) and now >= rest.heard + self._patience.gone
        rest.heard = now
        if was_gone:
            rest.failures, rest.until = 0, now
        return now >= rest.until

    def _is_left_alone(self, rest: _Rest) -> bool:
        return rest.failures >= self._patience.failures
