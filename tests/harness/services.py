"""Real servers for the tests: one PostgreSQL and one Mosquitto a session, a fresh migrated database a test."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from ingest.migrate import migrate
from maixun.runtime.binaries import Binaries, services
from maixun.runtime.mosquitto import Mosquitto
from maixun.runtime.postgres import Postgres

_TEMPLATE = "maixun_template"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def binaries() -> Binaries:
    """The servers' programs, fetched at the first run."""
    return services(print)


@contextmanager
def _open_folder() -> Iterator[Path]:
    """Unlike pytest's own, a folder that user nobody can enter: as which servers run for root in some containers."""
    with TemporaryDirectory(prefix="maixun-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def server_folder() -> Iterator[Path]:
    """Where a test's own servers may keep their data."""
    with _open_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def postgres(binaries: Binaries) -> Iterator[Postgres]:
    """A running server without fsync: for tests that do not kill it (those start a `Postgres` of their own)."""
    with _open_folder() as folder:
        server = Postgres(binaries.postgresql, folder / "postgresql", durable=False)
        server.start()
        yield server
        server.stop()


@pytest.fixture(scope="session")
def migrated_template(postgres: Postgres) -> str:
    """The name of a migrated, empty database to copy: migrated once, copied in milliseconds."""
    migrate(postgres.create(_TEMPLATE))
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        connection.execute(f"alter database {_TEMPLATE} allow_connections false")
    return _TEMPLATE


@pytest.fixture
def database(postgres: Postgres, migrated_template: str) -> Iterator[str]:
    """Connection string of a fresh, migrated, empty database."""
    name = f"test_{next(_numbers)}"
    yield postgres.create(name, migrated_template)
    postgres.drop(name)


@pytest.fixture(scope="session")
def mosquitto(binaries: Binaries) -> Iterator[Mosquitto]:
    """A running broker, shared by all tests of the session: use gateway names of your own."""
    with _open_folder() as folder:
        server = Mosquitto(binaries.mosquitto, folder / "mosquitto")
        server.start()
        yield server
        server.stop()


@pytest.fixture
def broker(mosquitto: Mosquitto) -> str:
    """The broker's URL."""
    return mosquitto.url
