"""A standing kiosk in a thread of its own, so that a test may drive a browser in front of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.kiosk.standing import Standing, standing

PATIENCE = 20


class Hosted:
    """The kiosk as the test's thread sees it."""

    def __init__(self, kiosk: Standing, loop: asyncio.AbstractEventLoop) -> None:
        self._kiosk = kiosk
        self._loop = loop

    @property
    def address(self) -> str:
        return str(self._kiosk.page.base_url)

    def do(self, what: Callable[[Standing], Any]) -> Any:
        """Do something in the kiosk's own thread and wait for it."""

        async def done() -> Any:
            return what(self._kiosk)

        return asyncio.run_coroutine_threadsafe(done(), self._loop).result(PATIENCE)


@contextmanager
def hosted(folder: Path, **changed: Any) -> Iterator[Hosted]:
    """A kiosk in that folder, running until the end of the block."""
    ready: Future[tuple[Standing, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def host() -> None:
        over = asyncio.Event()
        async with standing(folder, **changed) as kiosk:
            ready.set_result((kiosk, asyncio.get_running_loop(), over))
            await over.wait()

    thread = threading.Thread(target=asyncio.run, args=(host(),))
    thread.start()
    kiosk, loop, over = ready.result(PATIENCE)
    try:
        yield Hosted(kiosk, loop)
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(PATIENCE)
