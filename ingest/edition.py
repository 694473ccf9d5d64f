"""What differs between plain PostgreSQL, TimescaleDB Apache and Community: hypertable, columnstore, roles. Idempotent.

The SQL files hold only what every edition takes; nothing outside this file calls a function of TimescaleDB.
"""

from __future__ import annotations

import logging
from enum import StrEnum
from importlib.resources import files

import psycopg
from psycopg import errors, sql

log = logging.getLogger(__name__)

CHUNK = "30 days"  # measured: as fast to read as a plain table, half the planning time of 7-day chunks
COLUMNSTORE_AFTER = "60 days"  # by then most late readings are in
ROLES = ("maixun_ingest", "maixun_alerting", "maixun_notify", "maixun_api", "maixun_rollup", "maixun_figures")


class Timescale(StrEnum):
    """The setting: use TimescaleDB where it is there, insist on it, or leave it alone."""

    AUTO = "auto"
    REQUIRE = "require"
    NEVER = "never"


class TimescaleMissing(Exception):
    """`require` was set and the server cannot do it; the message says what to install."""


def create_extension(dsn: str, timescale: Timescale) -> None:
    """Create the extension where wanted and possible. Raises `TimescaleMissing` when it is required.

    On a connection of its own, because a server that has not preloaded the library ends the session that tries.
    """
    if timescale is Timescale.NEVER:
        return
    try:
        with psycopg.connect(dsn, autocommit=True) as connection:
            if _available(connection):
                connection.execute("create extension if not exists timescaledb")
                return
            problem = "it is not installed on the server"
    except (psycopg.OperationalError, errors.InsufficientPrivilege, errors.ObjectNotInPrerequisiteState) as error:
        problem = str(error).strip()
    if timescale is Timescale.REQUIRE:
        raise TimescaleMissing(
            f"timescale is set to require, but the extension cannot be created: {problem}."
            " Install it and add it to shared_preload_libraries, or set timescale to auto."
        )
    log.warning("without TimescaleDB: %s", problem)


def ensure(connection: psycopg.Connection, timescale: Timescale) -> None:
    """Make the hypertable, on Community the columnstore, and the roles with their grants; again changes nothing."""
    if timescale is not Timescale.NEVER and _installed(connection):
        _hypertable(connection, timescale)
        if _is_community(connection) and _is_hypertable(connection):
            _columnstore(connection)
    _roles(connection)


def _holds(connection: psycopg.Connection, query: sql.SQL) -> bool:
    row = connection.execute(query).fetchone()
    return row is not None and bool(row[0])


def _available(connection: psycopg.Connection) -> bool:
    return _holds(connection, sql.SQL("select count(*) from pg_available_extensions where name = 'timescaledb'"))


def _installed(connection: psycopg.Connection) -> bool:
    return _holds(connection, sql.SQL("select count(*) from pg_extension where extname = 'timescaledb'"))


def _is_community(connection: psycopg.Connection) -> bool:
    return _holds(connection, sql.SQL("select current_setting('timescaledb.license', true) = 'timescale'"))


def _is_hypertable(connection: psycopg.Connection) -> bool:
    query = "select count(*) from timescaledb_information.hypertables where hypertable_name = 'reading'"
    return _holds(connection, sql.SQL(query))


def _hypertable(connection: psycopg.Connection, timescale: Timescale) -> None:
    if _is_hypertable(connection):
        return
    if _holds(connection, sql.SQL("select exists (select from telemetry.reading)")) and timescale is Timescale.AUTO:
        log.warning("telemetry.reading stays an ordinary table: turning it into a hypertable locks it for about 5 s a")
        log.warning("million readings. Do it in a quiet hour with `maixun migrate --timescale require`.")
        return
    connection.execute(
        "select create_hypertable('telemetry.reading', by_range('measured_at', %s::interval),"
        " create_default_indexes => false, if_not_exists => true, migrate_data => true)",
        [CHUNK],
    )


def _columnstore(connection: psycopg.Connection) -> None:
    """Segmented by kind: by resident it grows the table instead of shrinking it (measured 0.64x against 6.5x)."""
    query = "select compression_enabled from timescaledb_information.hypertables where hypertable_name = 'reading'"
    if not _holds(connection, sql.SQL(query)):
        connection.execute(
            "alter table telemetry.reading set (timescaledb.compress, timescaledb.compress_segmentby = 'kind',"
            " timescaledb.compress_orderby = 'resident_id, measured_at, reading_id')"
        )
    connection.execute(
        "select add_compression_policy('telemetry.reading', %s::interval, if_not_exists => true)", [COLUMNSTORE_AFTER]
    )


def _roles(connection: psycopg.Connection) -> None:
    """Roles belong to the whole server, so another database's migration may be making them at the same moment."""
    if not _holds(connection, sql.SQL("select rolsuper or rolcreaterole from pg_roles where rolname = current_user")):
        log.warning("this user may not create roles: every process keeps the rights of the user it connects as")
        return
    for role in ROLES:
        try:
            connection.execute(sql.SQL("create role {} nologin").format(sql.Identifier(role)))
        except (errors.DuplicateObject, errors.UniqueViolation):
            log.debug("role %s is there", role)
        _let_me_become(connection, role)
    connection.execute(files("ingest").joinpath("migrations/grants.sql").read_bytes())


def _let_me_become(connection: psycopg.Connection, role: str) -> None:
    row = connection.execute("select pg_has_role(current_user, %s, 'set')", [role]).fetchone()
    if row is not None and not row[0]:
        connection.execute(sql.SQL("grant {} to current_user").format(sql.Identifier(role)))
