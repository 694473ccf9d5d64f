"""A PostgreSQL server of our own on 127.0.0.1, from a folder of binaries, with TimescaleDB when it is among them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from maixun.runtime.errors import ServiceFailed
from maixun.runtime.service import Service

_SUPERUSER = "postgres"
# Sized for a laptop beside a browser; a real installation has a server of its own.
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "max_connections": "100",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_error_statement": "panic",  # statements and details carry people's values; a log must not
    "log_error_verbosity": "terse",
}
_FROM_DEBIAN = {
    "wal_compression": "lz4",  # not built into every other PostgreSQL
    "shared_preload_libraries": "timescaledb",
    "timescaledb.telemetry_level": "off",
    "timescaledb.max_background_workers": "0",  # no jobs in the Apache edition; its scheduler only holds databases open
}
# Built into PostgreSQL, so that nothing is needed from the host.
_LOCALE = ("-E", "UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres(Service):
    """`durable=False` is for tests that never kill it: several times faster, but a crash loses everything."""

    name = "postgresql"

    def __init__(self, binaries: Path, folder: Path, *, durable: bool = True, port: int | None = None) -> None:
        """`binaries` is the folder with initdb and postgres; `folder` keeps data, log and the superuser's password."""
        super().__init__(folder, port)
        self.binaries = binaries
        self.durable = durable

    @property
    def data(self) -> Path:
        """The cluster's data folder."""
        return self.folder / "data"

    def dsn(self, database: str = "postgres") -> str:
        """Connection string of one database for the superuser."""
        return make_conninfo(
            host="127.0.0.1",
            port=self.port,
            user=_SUPERUSER,
            password=self._password(),
            dbname=database,
            connect_timeout=10,
        )

    def create(self, database: str, template: str = "template1") -> str:
        """Make an empty database, or a copy of `template`. Returns its connection string."""
        statement = sql.SQL("create database {} template {}").format(sql.Identifier(database), sql.Identifier(template))
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            connection.execute(statement)
        return self.dsn(database)

    def has(self, database: str) -> bool:
        """Whether a database of that name is there."""
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            return connection.execute("select from pg_database where datname = %s", [database]).rowcount == 1

    def drop(self, database: str) -> None:
        """Remove a database, whoever is connected to it."""
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(database)))

    def prepare(self) -> None:
        """initdb on the first start; the settings are written anew at every start."""
        if not (self.data / "PG_VERSION").is_file():
            self._initdb()
        settings = (
            _SETTINGS | (_FROM_DEBIAN if self._has_timescaledb() else {}) | ({} if self.durable else _NOT_DURABLE)
        )
        lines = [f"{name} = '{value}'\n" for name, value in settings.items()]
        (self.data / "postgresql.auto.conf").write_text("".join(lines))

    def command(self) -> Sequence[str]:
        """postgres in the foreground."""
        return [str(self.binaries / "postgres"), "-D", str(self.data), "-p", str(self.port)]

    def answers(self) -> bool:
        """True once a connection is accepted."""
        try:
            psycopg.connect(self.dsn(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _initdb(self) -> None:
        self._password_file.write_text(secrets.token_urlsafe(24))
        self._password_file.chmod(0o600)
        self.user.own(self.folder)
        owner = ("-U", _SUPERUSER, "-A", "scram-sha-256", f"--pwfile={self._password_file}")
        sync = () if self.durable else ("--no-sync",)
        done = self.user.run([str(self.binaries / "initdb"), "-D", str(self.data), *owner, *_LOCALE, *sync])
        if done.returncode:
            raise ServiceFailed(f"initdb failed in {self.data}: {done.stderr.strip()}")

    @property
    def _password_file(self) -> Path:
        return self.folder / "password"

    def _password(self) -> str:
        return self._password_file.read_text().strip()

    def _has_timescaledb(self) -> bool:
        return any((self.binaries.parent / "lib").rglob("timescaledb.so"))
