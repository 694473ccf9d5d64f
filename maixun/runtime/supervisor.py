"""Keeps a set of processes alive: what dies is started again, soon at first, then more patiently; said once."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, Protocol

from maixun.runtime.errors import ServiceFailed

LOOK_EVERY = 0.2  # seconds
FIRST_PAUSE = 0.5  # seconds before the first restart; doubled each time …
LONGEST_PAUSE = 15.0  # … up to this
STEADY = 30.0  # seconds of life after which a process counts as healthy again


class Supervised(Protocol):
    """A process or a server that can be started again."""

    name: str

    @property
    def log(self) -> Path:
        """Where it says what happened."""

    @property
    def running(self) -> bool:
        """Whether it is alive."""

    def start(self) -> None:
        """Start it. May raise `ServiceFailed`."""


@dataclass(slots=True)
class _Ward:
    """One supervised process: since when it lives, and when it may be started again after a death."""

    process: Supervised
    started: float
    pause: float = FIRST_PAUSE
    again_at: float | None = None
    said: bool = False


class Supervisor:
    """Call `run` with everything already started; servers first, so that they come back before their clients."""

    def __init__(
        self,
        processes: Sequence[Supervised],
        report: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`clock` gives seconds that only grow."""
        self._clock = clock
        self._report = report
        self._wards = [_Ward(process, clock()) for process in processes]

    def run(self) -> NoReturn:
        """Look after them until an exception (a signal's) ends it."""
        while True:
            self.look()
            time.sleep(LOOK_EVERY)

    def look(self) -> None:
        """Notice deaths and start what is due."""
        for ward in self._wards:
            if ward.process.running:
                self._notice_health(ward)
            elif ward.again_at is None:
                self._notice_death(ward)
            elif self._clock() >= ward.again_at:
                self._start(ward)

    def _notice_health(self, ward: _Ward) -> None:
        if self._clock() - ward.started >= STEADY:
            ward.pause, ward.said = FIRST_PAUSE, False

    def _notice_death(self, ward: _Ward) -> None:
        if not ward.said:
            self._report(f"{ward.process.name} ended and is started again; see {ward.process.log}")
            ward.said = True
        ward.again_at = self._clock() + ward.pause
        ward.pause = min(2 * ward.pause, LONGEST_PAUSE)

    def _start(self, ward: _Ward) -> None:
        ward.again_at, ward.started = None, self._clock()
        try:
            ward.process.start()
        except ServiceFailed as why:
            self._report(str(why))
