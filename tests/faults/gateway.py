"""One gateway under test: its process, its feed, and what it says it has acknowledged and keeps."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

from devices.visit import Visit
from tests.faults import feed
from tests.faults.process import Process


class Gateway:
    """A folder with `feed/` and the outbox, and a process that works on them."""

    def __init__(self, name: str, broker: str, folder: Path, logs: Path, environment: Mapping[str, str]) -> None:
        """Not started."""
        self.name = name
        self._folder = folder
        self._feed = folder / "feed"
        self._feed.mkdir(parents=True)
        words = ("tests.faults.gateway_process", name, broker, str(folder))
        self.process = Process(name, *words, logs=logs, environment=environment)
        self._given: list[Path] = []

    @property
    def outbox(self) -> Path:
        """The outbox's file."""
        return self._folder / "outbox.sqlite3"

    def give(self, visits: list[Visit], seconds: float) -> None:
        """Have it hear these visits within about so many seconds."""
        path = self._feed / f"{len(self._given):04}.jsonl"
        feed.write(path, visits, seconds)
        self._given.append(path)

    def acknowledged(self) -> set[UUID]:
        """Every id it has acknowledged to a meter."""
        return set().union(*(found for path in self._given for found in feed.acknowledged(path).values()))

    def visits_of_last(self) -> int:
        """How many visits of the last file are acknowledged."""
        return len(feed.acknowledged(self._given[-1]))

    def has_heard_all(self) -> bool:
        """Whether every file is played to its end."""
        return all(feed.END in feed.acknowledged(path) for path in self._given)

    def unsettled(self) -> int:
        """Readings for which no receipt has come."""
        connection = sqlite3.connect(f"file:{self.outbox}?mode=ro", uri=True)
        try:
            (count,) = connection.execute("select count(*) from reading where state = 'waiting'").fetchone()
        finally:
            connection.close()
        return int(count)
