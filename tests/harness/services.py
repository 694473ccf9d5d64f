"""Real servers for the tests: one PostgreSQL and one Mosquitto a session, a fresh migrated database a test."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

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


@pytest.fixture(scope="session")
def postgres(binaries: Binaries, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A running server without fsync: for tests that do not kill it (those start a `Postgres` of their own)."""
    server = Postgres(binaries.postgresql, tmp_path_factory.mktemp("postgresql"), durable=False)
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
def mosquitto(binaries: Binaries, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    """A running broker, shared by all tests of the session: use gateway names of your own."""
    server = Mosquitto(binaries.mosquitto, tmp_path_factory.mktemp("mosquitto"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def broker(mosquitto: Mosquitto) -> str:
    """The broker's URL."""
    return mosquitto.url
