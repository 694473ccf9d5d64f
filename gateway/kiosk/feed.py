"""The open streams of the page: everybody gets the same bytes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from pydantic import BaseModel

_LAG = 100  # events a page may lag behind; then its stream ends and it comes back for the present state
_HEARTBEAT = 15.0  # seconds between two signs of life on a silent stream


class Feed:
    """Used on the event loop's thread alone."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[bytes | None]] = set()

    def tell(self, event: str, about: BaseModel) -> None:
        """Send one event to every open stream."""
        frame = frame_of(event, about)
        for queue in self._queues:
            if queue.full():
                queue.get_nowait()
                queue.put_nowait(None)
            else:
                queue.put_nowait(frame)

    def close(self) -> None:
        """End every stream, so that the server can stop."""
        for queue in self._queues:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(None)

    async def stream(self, present: Callable[[], bytes]) -> AsyncIterator[bytes]:
        """The bytes of one stream: the present state as it is once nothing more can be missed, then every event."""
        queue: asyncio.Queue[bytes | None] = asyncio.Queue(_LAG)
        self._queues.add(queue)
        try:
            yield present()
            while True:
                try:
                    frame = await asyncio.wait_for(queue.get(), _HEARTBEAT)
                except TimeoutError:
                    yield b":\n\n"
                    continue
                if frame is None:
                    return
                yield frame
        finally:
            self._queues.discard(queue)


def frame_of(event: str, about: BaseModel) -> bytes:
    """One event as it goes over the line."""
    return f"event: {event}\ndata: {about.model_dump_json()}\n\n".encode()
