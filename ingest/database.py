"""How a process works with the database: it notices a dead server soon, takes its own least role, and waits for it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import errors, sql
from psycopg.conninfo import make_conninfo

from ingest.migrate import ADVISORY_LOCK

log = logging.getLogger(__name__)

# A server that vanishes without a word must not hold a writer for the system's default of two hours.
_PATIENCE = {
    "connect_timeout": 3,  # less than the five seconds in which a process stops
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}

# During a migration the tables are there before the role's rights to them.
NOT_READY = (
    psycopg.OperationalError,
    errors.UndefinedTable,
    errors.InvalidSchemaName,
    errors.UndefinedColumn,
    errors.UndefinedFunction,
    errors.InsufficientPrivilege,
)


def connect(dsn: str, role: str) -> psycopg.Connection[Any]:
    """Connect with autocommit, as `role` where the server has it. Raises `psycopg.OperationalError`."""
    connection = psycopg.connect(make_conninfo(dsn, application_name=role, **_PATIENCE), autocommit=True)
    take_role(connection, role)
    return connection


def take_role(connection: psycopg.Connection[Any], role: str) -> None:
    """Give up every right but the role's. `maixun migrate` makes the roles where its user may; else nothing changes.

    Raises `psycopg.OperationalError` before the first migration: a process that started first waits, instead of keeping
    rights it should not have.
    """
    if not _may_become(connection, role):
        _wait_for_schema(connection)
        if not _may_become(connection, role):
            log.warning("there is no role %s: running with the rights of the connection's own user", role)
            return
    connection.execute(sql.SQL("set role {}").format(sql.Identifier(role)))


def _may_become(connection: psycopg.Connection[Any], role: str) -> bool:
    query = "select 1 from pg_roles where rolname = %s and pg_has_role(current_user, oid, 'set')"
    return connection.execute(query, [role]).fetchone() is not None


def _wait_for_schema(connection: psycopg.Connection[Any]) -> None:
    """A migration under way holds the lock and makes the roles last."""
    connection.execute("select pg_advisory_xact_lock_shared(%s)", [ADVISORY_LOCK])
    row = connection.execute("select to_regclass('public.schema_migration')").fetchone()
    if row is None or row[0] is None:
        raise psycopg.OperationalError("the database has no schema yet: run `maixun migrate`")


def keep_looking(
    dsn: str,
    role: str,
    look: Callable[[psycopg.Connection[Any]], float],
    stop: threading.Event,
    *,
    retry_seconds: float,
) -> None:
    """Look again and again until told to stop; `look` returns the seconds until the next time.

    Waits for a database that is away or not migrated yet, and says so once.
    """
    waiting = False
    while not stop.is_set():
        try:
            with connect(dsn, role) as connection:
                pause = look(connection)  # shows that the schema is there too
                log.info("at work")
                waiting = False
                while not stop.wait(pause):
                    pause = look(connection)
        except NOT_READY as error:
            if not waiting:
                log.warning("waiting for the database: %s", str(error).strip().partition("\n")[0])
            waiting = True
            stop.wait(retry_seconds)
