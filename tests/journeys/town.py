"""A small town on a running line: its people and their meters, and desks where its staff sit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from tests.api.world import PASSWORD, Clock, World, settle
from tests.harness.line import Line, running_line
from tests.ingest.line import Gateway, ready
from tests.journeys.desk import Desk, desk

STOPPED_WITHIN = 5.0  # seconds: what every process of ours promises


@dataclass(frozen=True, slots=True)
class Town:
    """`world` registers people and meters; `address` is where the pages are."""

    line: Line
    world: World
    address: str

    def desk(self, login: str) -> AbstractContextManager[Desk]:
        """A member of staff, signed in."""
        return desk(self.address, login, PASSWORD)

    @contextmanager
    def gateway(self, name: str, **environment: str) -> Iterator[None]:
        """A gateway with the real radio, for the length of the block; it stops cleanly."""
        program = self.line.start(name, "gateway", "--id", name, **environment)
        try:
            yield
        finally:
            code = program.stop(STOPPED_WITHIN)
        assert code == 0, program.log.read_text()

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the database holds."""
        return self.world.connection.execute(query.encode(), values).fetchall()


@contextmanager
def running_town() -> Iterator[Town]:
    """Every process of the server side at work, people of two stations registered."""
    with running_line() as line, psycopg.connect(line.database, autocommit=True) as connection:
        with the_key_of(line):
            world = settle(connection, _present())
        line.start("alerting", "alerting")
        line.start_ingest()
        with Gateway(line.mosquitto.url, "gw-first") as gateway:
            ready(line.database, gateway)
        yield Town(line, world, line.start_api())


@contextmanager
def the_key_of(line: Line) -> Iterator[None]:
    """Names are sealed, for the length of the block, with the key that the line's processes open them with."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MAIXUN_RUNTIME", str(line.folder))
        yield


def _present() -> Clock:
    clock = Clock()
    clock.time = datetime.now(UTC)
    return clock
