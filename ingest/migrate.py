"""Brings a database up to this version's schema: numbered SQL files, forward only, then `ingest.edition.ensure`."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

import psycopg

from ingest import edition
from ingest.edition import Timescale

log = logging.getLogger(__name__)

ADVISORY_LOCK = 0x6D61_6978_756E  # "maixun": two runners on one database wait for each other
LOCK_TIMEOUT = "5s"  # a migration that cannot get its table lock gives up instead of queueing everybody behind it


class MigrationRefused(Exception):
    """The database and the files disagree; the message says which file and what to do."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file."""

    version: int
    name: str
    sql: bytes

    @property
    def sha256(self) -> str:
        """Fingerprint by which a file changed after the fact is recognised."""
        return hashlib.sha256(self.sql).hexdigest()


def shipped() -> list[Migration]:
    """The files that travel with the package, in order."""
    folder = files("ingest").joinpath("migrations")
    numbered = [entry for entry in folder.iterdir() if entry.name.endswith(".sql") and entry.name[:4].isdigit()]
    return sorted((Migration(int(e.name[:4]), e.name, e.read_bytes()) for e in numbered), key=lambda m: m.version)


def migrate(
    dsn: str, *, timescale: Timescale = Timescale.AUTO, migrations: Sequence[Migration] | None = None
) -> list[str]:
    """Apply what is missing and return its names; running it again changes nothing.

    `migrations` defaults to the shipped files. Raises `MigrationRefused`, `edition.TimescaleMissing`.
    """
    edition.create_extension(dsn, timescale)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s)", [ADVISORY_LOCK])
        applied = _apply(connection, shipped() if migrations is None else migrations)
        edition.ensure(connection, timescale)
    return applied


def _apply(connection: psycopg.Connection, migrations: Sequence[Migration]) -> list[str]:
    connection.execute(
        "create table if not exists public.schema_migration"
        " (version integer primary key, name text not null, sha256 text not null, applied_at timestamptz default now())"
    )
    rows = connection.execute("select version, sha256 from public.schema_migration").fetchall()
    known: dict[int, str] = dict(rows)
    _refuse_newer(known.keys() - {m.version for m in migrations})
    applied = []
    for migration in migrations:
        if migration.version not in known:
            _run(connection, migration)
            applied.append(migration.name)
        elif known[migration.version] != migration.sha256:
            raise MigrationRefused(
                f"{migration.name} was changed after it had been applied: restore it and put the change into a new file"
            )
    return applied


def _refuse_newer(unknown: set[int]) -> None:
    if unknown:
        raise MigrationRefused(
            f"the database has migrations {sorted(unknown)} that this version does not know: install the newer version"
        )


def _run(connection: psycopg.Connection, migration: Migration) -> None:
    with connection.transaction():
        connection.execute(f"set local lock_timeout = '{LOCK_TIMEOUT}'")
        connection.execute(migration.sql)
        connection.execute(
            "insert into public.schema_migration (version, name, sha256) values (%s, %s, %s)",
            [migration.version, migration.name, migration.sha256],
        )
    log.info("applied %s", migration.name)
