"""What the alerting process does beside evaluating readings: slow rounds, each with its own thread and connection.

A round that is slow, or whose work fails, delays nobody but itself.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ingest.alerting.engine import ROLE
from ingest.alerting.store import Connection
from ingest.database import NOT_READY, connect

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """`look` does all there is to do at a moment and returns how much it changed; any number of processes may look."""

    name: str
    every_seconds: float
    look: Callable[[Connection, datetime], int]


def start(dsn: str, rounds: Sequence[Round], stop: threading.Event) -> list[threading.Thread]:
    """A running thread for each round. They end soon after `stop` is set; join them."""
    threads = [threading.Thread(target=_run, args=(dsn, each, stop), name=each.name) for each in rounds]
    for thread in threads:
        thread.start()
    return threads


def _run(dsn: str, round_: Round, stop: threading.Event) -> None:
    """Look again and again; waits for the database in silence, for the engine says that it is away."""
    while not stop.is_set():
        try:
            with connect(dsn, ROLE) as connection:
                while not stop.is_set():
                    _look(connection, round_)
                    stop.wait(round_.every_seconds)
        except NOT_READY as error:
            log.debug("%s waits for the database: %s", round_.name, error)
            stop.wait(min(round_.every_seconds, 1.0))
        except Exception:  # the one place where a fault of a round ends: it is said, and the round goes on
            log.exception("%s failed and is tried again in %.0f s", round_.name, round_.every_seconds)
            stop.wait(round_.every_seconds)


def _look(connection: Connection, round_: Round) -> None:
    changed = round_.look(connection, datetime.now(UTC))
    if changed:
        log.info("%s: %d changed", round_.name, changed)
