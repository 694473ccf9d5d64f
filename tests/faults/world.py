"""Everything a fault can hit: real servers with real fsync, gateways, ingest workers, alerting engines, under load."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import psycopg

from devices.simulator.virtual_meter import Contact
from devices.visit import Visit
from ingest import seed
from ingest.migrate import migrate
from maixun import county
from maixun.runtime.binaries import services
from maixun.runtime.mosquitto import Mosquitto
from maixun.runtime.postgres import Postgres
from tests.faults import feed
from tests.faults.gateway import Gateway
from tests.faults.process import Process

GATEWAYS, WORKERS, ENGINES = 3, 2, 2
SEED, RESIDENTS = 7, 2000
PATIENCE = 120.0  # seconds; a fault that has not healed by then is a failure
SETTINGS = {"MAIXUN_GATEWAY_RETRY_SECONDS": "2", "MAIXUN_LOG": "INFO"}


class NotHealed(Exception):
    """Something did not come about in time; the message says what."""


class World:
    """The parts, and what has been given to meters so far."""

    def __init__(self, folder: Path) -> None:
        """Starts everything; use `running_world`."""
        found = services(print)
        self.folder = folder
        self.postgres = Postgres(found.postgresql, folder / "postgres")
        self.mosquitto = Mosquitto(found.mosquitto, folder / "mosquitto")
        self.postgres.start()
        self.mosquitto.start()
        self.database = self.postgres.create("maixun")
        migrate(self.database)
        self.contacts = self._county()
        self.expected: set[UUID] = set()
        self.published: set[UUID] = set()  # by no gateway of ours, and answered by receipts
        self.gateways = [self._gateway(number) for number in range(GATEWAYS)]
        self.workers = [self._program("ingest", number, "--worker", f"ingest-{number}") for number in range(WORKERS)]
        self.engines = [self._program("alerting", number) for number in range(ENGINES)]
        for process in self.processes():
            process.start()

    def processes(self) -> list[Process]:
        """Ours, in the order in which they are started."""
        return [*self.workers, *self.engines, *(gateway.process for gateway in self.gateways)]

    def take(self, readings: int) -> list[Visit]:
        """The next visits of the county's meters, with about so many readings."""
        return feed.take(self.contacts, readings)

    def give(self, visits: list[Visit], seconds: float) -> None:
        """Spread the visits over the gateways, to be heard within about so many seconds."""
        self.expect(visits)
        for gateway, share in zip(self.gateways, feed.spread(visits, GATEWAYS), strict=True):
            gateway.give(share, seconds)

    def expect(self, visits: list[Visit]) -> None:
        """From now on what these visits hold must be in the ledger once all has settled."""
        self.expected |= feed.ids(visits)

    def connect(self) -> psycopg.Connection[Any]:
        """A connection of the test's own."""
        return psycopg.connect(self.database, autocommit=True)

    def stored(self) -> int:
        """How many ids the ledger has."""
        with self.connect() as connection:
            row = connection.execute("select count(*) from telemetry.ledger").fetchone()
        return int(row[0]) if row else 0

    def is_settled(self) -> bool:
        """Whether all that was given is heard, stored, receipted and evaluated."""
        if not all(gateway.has_heard_all() and gateway.unsettled() == 0 for gateway in self.gateways):
            return False
        with self.connect() as connection:
            return connection.execute("select 1 from telemetry.work limit 1").fetchone() is None

    def stop(self) -> list[str]:
        """Stop everything; returns who did not stop cleanly."""
        codes = {process.name: process.stop() for process in reversed(self.processes())}
        self.mosquitto.stop()
        self.postgres.stop()
        return [name for name, code in codes.items() if code]

    def _county(self) -> Iterator[Contact]:
        simulation = county.simulation(SEED, residents=RESIDENTS)
        with self.connect() as connection:
            key = secrets.token_bytes(32)
            seed.register(connection, simulation.county, simulation.meters, key=key, passwords={})
        return feed.contacts(simulation)

    def _gateway(self, number: int) -> Gateway:
        name = f"gw-{number + 1:04}"
        return Gateway(name, self.mosquitto.url, self.folder / name, self.folder / "logs", SETTINGS)

    def _program(self, kind: str, number: int, *options: str) -> Process:
        addresses = {
            "MAIXUN_DATABASE": self.database,
            "MAIXUN_BROKER": self.mosquitto.url,
            "MAIXUN_RUNTIME": str(self.folder),
        }
        logs = self.folder / "logs"
        return Process(f"{kind}-{number}", "maixun", kind, *options, logs=logs, environment=SETTINGS | addresses)


@contextmanager
def running_world() -> Iterator[World]:
    """A world in a temporary folder, stopped at the end."""
    with TemporaryDirectory(prefix="maixun-faults-") as folder:
        Path(folder).chmod(0o755)  # the servers may run as another user
        world = World(Path(folder))
        try:
            yield world
        finally:
            world.stop()


def wait_until(true: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    """Look often until it holds. Raises `NotHealed`."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise NotHealed(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.05)
