"""What happened to an emulated meter, in words and in order; a test can wait for an entry."""

from __future__ import annotations

import asyncio

from tests.harness.radio.pace import PACE

# Everything in the virtual radio happens within milliseconds: a wait this long has failed.
_PATIENCE = 10.0 * PACE


class Diary:
    """Entries such as "connect", "subscribe 2A35", "clock set", "hang up"."""

    def __init__(self) -> None:
        self.entries: list[str] = []
        self._written = asyncio.Event()

    def note(self, entry: str) -> None:
        """Adds one."""
        self.entries.append(entry)
        self._written.set()

    def times(self, entry: str) -> int:
        """How often it is there."""
        return self.entries.count(entry)

    async def until(self, entry: str, times: int = 1) -> None:
        """Returns when it is there so often; fails with the whole diary when that does not come to pass."""
        try:
            async with asyncio.timeout(_PATIENCE):
                while self.times(entry) < times:
                    self._written.clear()
                    await self._written.wait()
        except TimeoutError:
            raise AssertionError(f"waited in vain for {entry!r} x{times} in {self.entries}") from None
