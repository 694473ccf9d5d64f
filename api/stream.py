"""Live alerts: one listener a process hears of a change, renders it once a language, and hands it to the screens."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field

import psycopg
from psycopg.rows import DictRow, dict_row

from api import episodes
from api.access import Viewer, may_see
from api.episodes import Alert
from api.language import Language
from api.services import ROLE
from ingest.database import connect

log = logging.getLogger(__name__)

QUEUE = 200  # events a slow screen may lag behind; then its stream ends and it comes back to read the list afresh
LOOK_UP = 0.5  # seconds between looks at the stop event while nothing happens
RETRY = 1.0  # seconds before the database is tried again
COME_BACK_MS = 1000  # what a browser waits before it reconnects
SPREAD = 0.2  # streams end this share earlier or later, so that screens opened together do not all return together

Frames = Mapping[Language, bytes]
Render = Callable[[Language, Alert], str]


@dataclass(slots=True, eq=False)
class Subscriber:
    """One open stream: what its viewer may see, in which language. None in the queue ends it."""

    viewer: Viewer
    language: Language
    queue: asyncio.Queue[bytes | None] = field(default_factory=lambda: asyncio.Queue(QUEUE))

    def give(self, frame: bytes | None) -> None:
        """Hand over a frame; a screen that lags too far behind is cut off instead of holding memory."""
        if self.queue.full():
            self.queue.get_nowait()
            frame = None
        self.queue.put_nowait(frame)


class Feed:
    """The listener and its subscribers. Subscribers live on the event loop, the listener on a thread of its own."""

    def __init__(self, database: str, key: bytes, render: Render) -> None:
        """`database` is a connection string, `render` gives the table row of an alert in a language."""
        self._database, self._key, self._render = database, key, render
        self._subscribers: set[Subscriber] = set()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.listening = threading.Event()

    def start(self) -> None:
        """Begin to listen. Call on the event loop that serves the streams."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._listen, name="feed", daemon=True)
        self._thread.start()

    def close_streams(self) -> None:
        """End every stream, so that the server can stop. Safe from any thread, and more than once."""
        self._stopping.set()
        self._on_loop(lambda: self._dismiss(lambda _: True))

    async def stop(self) -> None:
        """End the streams and the listener."""
        self.close_streams()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)

    def dismiss(self, staff_id: int) -> None:
        """End the streams of one member of staff: the session is over."""
        self._on_loop(lambda: self._dismiss(lambda viewer: viewer.staff_id == staff_id))

    @property
    def subscribers(self) -> int:
        """How many streams are open."""
        return len(self._subscribers)

    async def stream(
        self, viewer: Viewer, language: Language, *, seconds: float, heartbeat: float
    ) -> AsyncIterator[bytes]:
        """The bytes of one stream. It ends after about `seconds`; a comment every `heartbeat` keeps the line open."""
        subscriber = Subscriber(viewer, language)
        self._subscribers.add(subscriber)
        clock = asyncio.get_running_loop().time
        ends = clock() + seconds * random.uniform(1 - SPREAD, 1 + SPREAD)  # noqa: S311 - spreads load, guards nothing
        try:
            yield f"retry: {COME_BACK_MS}\n\n".encode()
            while not self._stopping.is_set() and (left := ends - clock()) > 0:
                try:
                    frame = await asyncio.wait_for(subscriber.queue.get(), min(heartbeat, left))
                except TimeoutError:
                    yield b":\n\n"
                    continue
                if frame is None:
                    return
                yield frame
        finally:
            self._subscribers.discard(subscriber)

    def _listen(self) -> None:
        reported = False
        while not self._stopping.is_set():
            try:
                with connect(self._database, ROLE) as connection:
                    connection.row_factory = dict_row
                    connection.execute("listen episode")
                    reported = self._is_listening()
                    while not self._stopping.is_set():
                        self._hear(connection)
            except psycopg.Error as error:
                self.listening.clear()
                if not reported:
                    log.warning("waiting for the database: %s", str(error).strip())
                reported = True
                self._stopping.wait(RETRY)
        self.listening.clear()

    def _is_listening(self) -> bool:
        """What happened while nobody listened is unknown: every screen reads its list afresh."""
        log.info("listening for alerts")
        self.listening.set()
        self._on_loop(lambda: self._deliver(None, b"event: refresh\ndata:\n\n"))
        return False

    def _hear(self, connection: psycopg.Connection[DictRow]) -> None:
        heard = {notify.payload.split()[1] for notify in connection.notifies(timeout=LOOK_UP, stop_after=1)}
        if not heard:
            return
        for row in episodes.changed(connection, [int(episode_id) for episode_id in heard]):
            frames = {language: self._frame(language, episodes.from_row(row, self._key)) for language in Language}
            self._on_loop(lambda row=row, frames=frames: self._deliver(row, frames))  # type: ignore[misc]

    def _frame(self, language: Language, alert: Alert) -> bytes:
        data = {
            "episode_id": alert.episode_id,
            "resident_id": alert.resident_id,
            "revision": alert.revision,
            "state": alert.state,
            "tier": alert.tier,
            "row": self._render(language, alert),
        }
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        return f"event: alert\nid: {alert.episode_id}.{alert.revision}\ndata: {text}\n\n".encode()

    def _deliver(self, row: DictRow | None, frames: Frames | bytes) -> None:
        for subscriber in self._subscribers:
            if isinstance(frames, bytes):
                subscriber.give(frames)
            elif row and may_see(subscriber.viewer, doctor_id=row["doctor_id"], station_id=row["station_id"]):
                subscriber.give(frames[subscriber.language])

    def _dismiss(self, chosen: Callable[[Viewer], bool]) -> None:
        for subscriber in self._subscribers:
            if chosen(subscriber.viewer):
                subscriber.give(None)

    def _on_loop(self, action: Callable[[], None]) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(action)
