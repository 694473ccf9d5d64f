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
    """A folder with `feed/`, `acknowledged` and the outbox, and a process that works on them."""

    def __init__(self, name: str, broker: str, folder: Path, logs: Path, environment: Mapping[str, str]) -> None:
        """Not started."""
        self.name = name
        self._folder = folder
        self._feed = folder / "feed"
        self._feed.mkdir(parents=True)
        words = ("tests.faults.gateway_process", name, broker, str(folder))
        self.process = Process(name, *words, logs=logs, environment=environment)
        self._given: list[str] = []

    @property
    def outbox(self) -> Path:
        """The outbox's file."""
        return self._folder / "outbox.sqlite3"

    def give(self, visits: list[Visit], seconds: float) -> None:
        """Have it hear these visits within about so many seconds."""
        name = f"{len(self._given):04}.jsonl"
        feed.write(self._feed / name, visits, seconds)
        self._given.append(name)

    def acknowledged(self) -> set[UUID]:
        """Every id it has acknowledged to a meter."""
        return {UUID(word) for line in self._lines() for word in line[2:]}

    def visits_of_last(self) -> int:
        """How many visits of the last file are acknowledged."""
        return sum(line[0] == self._given[-1] and line[1] != "end" for line in self._lines())

    def has_heard_all(self) -> bool:
        """Whether every file is played to its end."""
        ended = {line[0] for line in self._lines() if line[1] == "end"}
        return ended >= set(self._given)

    def unsettled(self) -> int:
        """Readings for which no receipt has come."""
        connection = sqlite3.connect(f"file:{self.outbox}?mode=ro", uri=True)
        try:
            (count,) = connection.execute("select count(*) from reading where state = 'waiting'").fetchone()
        finally:
            connection.close()
        return int(count)

    def _lines(self) -> list[list[str]]:
        """Whole lines only: the last may be under way."""
        path = self._folder / "acknowledged"
        text = path.read_text() if path.exists() else ""
        return [line.split() for line in text.splitlines(keepends=True) if line.endswith("\n")]
