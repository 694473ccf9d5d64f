"""How a process connects: it notices a dead server soon, and takes its own least-privilege role where there is one."""

from __future__ import annotations

import logging
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

log = logging.getLogger(__name__)

# A server that vanishes without a word must not hold a writer for the system's default of two hours.
_PATIENCE = {
    "connect_timeout": 5,
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
    """Give up every right but the role's. `maixun migrate` makes the roles where its user may; else nothing changes."""
    query = "select 1 from pg_roles where rolname = %s and pg_has_role(current_user, oid, 'set')"
    if connection.execute(query, [role]).fetchone() is None:
        log.warning("there is no role %s: running with the rights of the connection's own user", role)
        return
    connection.execute(sql.SQL("set role {}").format(sql.Identifier(role)))
