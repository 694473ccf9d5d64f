"""The other end of a serial port: a pseudo-terminal that the kiosk opens by its name."""

from __future__ import annotations

import asyncio
import os
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wire:
    """`path`: what the kiosk opens. We hold the instrument's end."""

    path: str
    end: int

    def says(self, data: bytes) -> None:
        """The instrument sends."""
        os.write(self.end, data)

    async def hears(self) -> bytes:
        """What the kiosk sends next, within a bounded time."""
        loop, ready = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self.end, ready.set)
        try:
            await asyncio.wait_for(ready.wait(), 10)
        finally:
            loop.remove_reader(self.end)
        return os.read(self.end, 4096)


@contextmanager
def wire() -> Iterator[Wire]:
    """A line between the kiosk and an instrument of ours."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    try:
        yield Wire(os.ttyname(theirs), ours)
    finally:
        os.close(ours)
        os.close(theirs)
