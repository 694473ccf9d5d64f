"""How a process connects: it notices a dead server soon, and takes its own least-privilege role where there is one."""

from __future__ import annotations

import logging
from typing import Any

import psycopg
from psycopg import sql
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
