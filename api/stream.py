"""Live work: one listener a process hears of a change, renders it once a language, and hands it to the screens."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import threading
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import psycopg
from psycopg import Connection
from psycopg.rows import DictRow, dict_row

from api import episodes, rings
from api.access import Viewer, may_see
from api.board import Row
from api.language import Language
from api.rings import Ring
from api.services import ROLE
from ingest.database import connect

log = logging.getLogger(__name__)

QUEUE = 200  # events a slow screen may lag behind; then its stream ends and it comes back to read the list afresh
LOOK_UP = 0.5  # seconds between looks at the stop event while nothing happens
RETRY = 1.0  # seconds before the database is tried again
HEARTBEAT = b":\n\n"
REFRESH = b"event: refresh\ndata:\n\n"
COME_BACK_MS = 1000  # what a browser waits before it reconnects
LISTEN = ("listen notice", "listen looking", "listen resident", "listen episode")  # see migrations 0003, 0017, 0014
BURST = 100  # residents changed at once; beyond that screens are told to read their list afresh
SPREAD = 0.2  # streams end this share earlier or later, so that screens opened together do not all return together

Frames = Mapping[Language, bytes]
Render = Callable[[Language, Row], str]
ReadRows = Callable[[Connection[DictRow], Collection[int]], list[Row]]


class Heard(NamedTuple):
    """What notifications named: changed episodes, and residents whose row may look different."""

    episodes: frozenset[int]
    residents: frozenset[int]
    looked_at: frozenset[int]


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

    def __init__(self, database: str, read: ReadRows, render: Render) -> None:
        """`database` is a connection string, `read` gives the rows of residents, `render` one in a language."""
        self._database, self._read, self._render = database, read, render
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
        later = (
            asyncio.get_running_loop().call_later
        )  # timers of the loop: a timeout around each frame costs a task each
        lasts = seconds * random.uniform(1 - SPREAD, 1 + SPREAD)  # noqa: S311 - spreads load, guards nothing
        ends = later(lasts, subscriber.give, None)
        beats: asyncio.TimerHandle

        def beat() -> None:
            nonlocal beats
            subscriber.give(HEARTBEAT)
            beats = later(heartbeat, beat)

        beats = later(heartbeat, beat)
        try:
            yield f"retry: {COME_BACK_MS}\n\n".encode()
            while not self._stopping.is_set() and (frame := await subscriber.queue.get()) is not None:
                yield frame
        finally:
            ends.cancel()
            beats.cancel()
            self._subscribers.discard(subscriber)

    def _listen(self) -> None:
        reported = False
        while not self._stopping.is_set():
            try:
                with connect(self._database, ROLE) as connection:
                    connection.row_factory = dict_row
                    for each in LISTEN:
                        connection.execute(each)
                    reported = self._is_listening()
                    while not self._stopping.is_set():
                        self._hear(connection)
            except psycopg.Error as error:
                self.listening.clear()
                if not reported:
                    log.warning("waiting for the database: %s", str(error).strip())
                reported = True
                self._stopping.wait(RETRY)
            except Exception:  # the loop must outlive a row that cannot be shown: the other rows are still needed
                log.exception("a change could not be shown; listening again")
                self._stopping.wait(RETRY)
        self.listening.clear()

    def _is_listening(self) -> bool:
        """What happened while nobody listened is unknown: every screen reads its list afresh."""
        log.info("listening for alerts")
        self.listening.set()
        self._on_loop(lambda: self._deliver(None, REFRESH))
        return False

    def _hear(self, connection: psycopg.Connection[DictRow]) -> None:
        notes = [(note.channel, note.payload) for note in connection.notifies(timeout=LOOK_UP, stop_after=1)]
        for channel, payload in notes:
            if channel == "notice":
                self._ring(connection, int(payload.split()[3]))
        heard = named(note for note in notes if note[0] != "notice")
        changed = heard.residents | heard.looked_at
        if len(changed) > BURST:
            self._on_loop(lambda: self._deliver(None, REFRESH))
        elif changed:
            self._tell(connection, heard)

    def _tell(self, connection: Connection[DictRow], heard: Heard) -> None:
        """One reading and one rendering a resident and language, however many screens look and alerts changed."""
        with connection.transaction():  # so that no row is older than the moment it says it was read at
            read = self._read(connection, heard.residents | heard.looked_at)
        rows = {row.about.resident_id: row for row in read}
        shown = {each: self._shown(row) for each, row in rows.items() if each in heard.residents}
        told = set()
        for alert in episodes.changed(connection, sorted(heard.episodes)):
            told.add(alert["resident_id"])
            row = rows[alert["resident_id"]]
            self._send(row, alert_frames(alert, row, shown[row.about.resident_id]))
        for resident_id in heard.residents - told:
            if resident_id in rows:
                self._send(rows[resident_id], resident_frames(rows[resident_id], shown[resident_id]))
        for resident_id in heard.looked_at & rows.keys():
            self._send(rows[resident_id], looking_frames(rows[resident_id]))

    def _ring(self, connection: Connection[DictRow], notice_id: int) -> None:
        """To the screens of the person told; what the person may now see because of it follows."""
        ring = rings.read(connection, notice_id)
        if ring is None:
            return
        self._on_loop(lambda: self._deliver_to(ring))
        if ring.resident_id is not None:
            self._tell(connection, Heard(frozenset({ring.number}), frozenset({ring.resident_id}), frozenset()))

    def _deliver_to(self, ring: Ring) -> None:
        for subscriber in self._subscribers:
            if subscriber.viewer.staff_id == ring.staff_id:
                if ring.resident_id is not None:
                    told = subscriber.viewer.told | {ring.resident_id}
                    subscriber.viewer = replace(subscriber.viewer, told=told)
                subscriber.give(ring.frames[subscriber.language])

    def _shown(self, row: Row) -> dict[Language, str]:
        return {language: self._render(language, row) if row.entry else "" for language in Language}

    def _send(self, row: Row, frames: Frames) -> None:
        self._on_loop(lambda: self._deliver(row, frames))

    def _deliver(self, row: Row | None, frames: Frames | bytes) -> None:
        for subscriber in self._subscribers:
            if isinstance(frames, bytes):
                subscriber.give(frames)
            elif row and _may_see(subscriber.viewer, row):
                subscriber.give(frames[subscriber.language])

    def _dismiss(self, chosen: Callable[[Viewer], bool]) -> None:
        for subscriber in self._subscribers:
            if chosen(subscriber.viewer):
                subscriber.give(None)

    def _on_loop(self, action: Callable[[], None]) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(action)


def _may_see(viewer: Viewer, row: Row) -> bool:
    about = row.about
    return may_see(viewer, doctor_id=about.doctor_id, station_id=about.station_id, resident_id=about.resident_id)


def named(notifications: Iterable[tuple[str, str]]) -> Heard:
    """Channels and payloads as sets: "<resident> <episode> <revision>" of `episode`, "<resident>" of the others."""
    heard: defaultdict[str, set[int]] = defaultdict(set)
    for channel, payload in notifications:
        words = payload.split()
        heard[channel].add(int(words[0]))
        if channel == "episode":
            heard["alert"].add(int(words[1]))
    return Heard(
        frozenset(heard["alert"]), frozenset(heard["episode"] | heard["resident"]), frozenset(heard["looking"])
    )


def alert_frames(alert: Mapping[str, Any], row: Row, shown: Mapping[Language, str]) -> Frames:
    """A changed alert, with the row of its resident as it is now."""
    data = {name: alert[name] for name in ("episode_id", "resident_id", "revision", "state", "tier")}
    data["read_ms"] = row.about.read_ms
    return _frames("alert", f"{alert['episode_id']}.{alert['revision']}", data, shown)


def resident_frames(row: Row, shown: Mapping[Language, str]) -> Frames:
    """A resident for whom something else changed: a task was done."""
    about = row.about
    return _frames("resident", "", {"resident_id": about.resident_id, "read_ms": about.read_ms}, shown)


def looking_frames(row: Row) -> Frames:
    """Who has a resident on the screen."""
    return _frames("looking", "", {"resident_id": row.about.resident_id, "by": row.looked_at}, None)


def _frames(event: str, number: str, data: Mapping[str, Any], shown: Mapping[Language, str] | None) -> Frames:
    head = f"event: {event}\n" + (f"id: {number}\n" if number else "")
    found = {}
    for language in Language:
        whole = {**data, **({"row": shown[language]} if shown is not None else {})}
        text = json.dumps(whole, ensure_ascii=False, separators=(",", ":"))
        found[language] = f"{head}data: {text}\n\n".encode()
    return found
