"""One writer: takes a batch, commits it, then answers; with the database away it waits and acknowledges nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from typing import Any, TypeAlias

import psycopg

from devices.metrics import Catalogue
from ingest import commands, database, metrics, status, store
from ingest.client import Publish
from ingest.inbox import Delivery, Inbox
from ingest.known_people import KnownPeople
from ingest.outage import Outage
from ingest.pipeline import Message, Processed, process
from ingest.receipts import receipts
from ingest.roster import Roster
from ingest.settings import IngestSettings

ROLE = "maixun_ingest"
FIRST_PAUSE = 0.2  # seconds before the database is tried again
LONGEST_PAUSE = 5.0

Saved: TypeAlias = tuple[Processed, list[Publish]]  # what became of readings, and commands to gateways that spoke
Answer = Callable[[Iterable[Publish], Iterable[Delivery]], None]


class Writer(threading.Thread):
    """A thread with a database connection of its own."""

    def __init__(
        self,
        dsn: str,
        inbox: Inbox,
        answer: Answer,
        catalogue: Catalogue,
        settings: IngestSettings,
        stop: threading.Event,
        outage: Outage,
    ) -> None:
        super().__init__(daemon=True)  # one that hangs in a dead connection must not keep the process
        self._dsn = dsn
        self._inbox = inbox
        self._answer = answer
        self._catalogue = catalogue
        self._settings = settings
        self._stop_asked = stop
        self._outage = outage
        self._connection: psycopg.Connection[Any] | None = None
        self._roster = Roster()
        self._people = KnownPeople()

    def run(self) -> None:
        """Until the inbox is closed. Whatever ends it otherwise ends the process: see `ingest.service`."""
        while not self._stop_asked.is_set():
            batch = self._inbox.take(self._settings.batch_readings, self._settings.batch_milliseconds / 1000)
            if batch:
                self._settle(batch)
        if self._connection is not None:
            self._connection.close()

    def _settle(self, batch: Sequence[Delivery]) -> None:
        saved = self._saved(batch)
        if saved is None:
            return
        processed, orders = saved
        self._answer(chain(_publishes(processed), orders), batch)
        metrics.settled(processed.counts)
        metrics.MESSAGES.inc(len(batch))
        metrics.UNKNOWN_FIELDS.inc(processed.unknown_fields)

    def _saved(self, batch: Sequence[Delivery]) -> Saved | None:
        """Save the batch, however long that takes; None when the process is asked to stop before."""
        pause = FIRST_PAUSE
        while True:
            try:
                saved = self._save(batch)
            except psycopg.Error as error:
                self._outage.met(_first_line(error))
                metrics.DATABASE_FAILURES.inc()
                self._disconnect()
            else:
                if pause > FIRST_PAUSE:
                    self._outage.over()
                return saved
            if self._stop_asked.wait(pause):
                return None
            pause = min(2 * pause, LONGEST_PAUSE)

    def _save(self, batch: Sequence[Delivery]) -> Saved:
        if self._connection is None:
            self._connection = database.connect(self._dsn, ROLE)
            store.prepare(self._connection)
        now = datetime.now(UTC)
        messages: list[Message] = []
        orders: list[Publish] = []
        for delivery in batch:
            gateway, leaf = _addressed(delivery.topic)
            if leaf == "readings":
                messages.append(Message(gateway, delivery.payload))
            elif delivery.payload:
                orders += _heard(self._connection, gateway, delivery, now, self._people)
        with metrics.BATCH_SECONDS.time():
            processed = process(
                self._connection,
                messages,
                now=now,
                roster=self._roster,
                catalogue=self._catalogue,
                limits=self._settings.limits,
            )
        return processed, orders

    def _disconnect(self) -> None:
        """A connection after an error is not to be trusted: the next try makes a new one."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def _heard(
    connection: psycopg.Connection[Any], gateway: str, delivery: Delivery, now: datetime, people: KnownPeople
) -> list[Publish]:
    """Note a status, and answer one that was not only kept for us by the broker."""
    said = status.read(delivery.payload)
    if said is None:
        metrics.UNREADABLE_STATUS.inc()
        return []
    status.note(connection, gateway, said, now, live=not delivery.retained)
    return [] if delivery.retained else commands.answers(connection, gateway, said, now, people)


@lru_cache(maxsize=10_000)
def _addressed(topic: bytes) -> tuple[str, str]:
    """Gateway and leaf of `maixun/1/<gateway>/<leaf>`, the only topics a worker subscribes to."""
    _, _, gateway, leaf = topic.decode(errors="replace").split("/", 3)
    return gateway, leaf


def _publishes(processed: Processed) -> Iterable[Publish]:
    for gateway, answer in processed.answers.items():
        for payload in receipts(answer):
            yield f"maixun/1/{gateway}/receipts", payload


def _first_line(error: psycopg.Error) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
