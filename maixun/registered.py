"""What a person names on a command line, looked up in the database: stations, accounts, residents, meters."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

Connection = psycopg.Connection[Any]


class Unknown(Exception):
    """Something named on the command line is not registered; the message says what."""


def station(connection: Connection, name: str) -> int:
    """A station by its name. Raises `Unknown`, as do all of these."""
    return _id(connection, "care.station", "station_id", "name", name)


def staff(connection: Connection, login: str) -> int:
    """An account by its login."""
    return _id(connection, "care.staff", "staff_id", "login", login)


def device(connection: Connection, address: str) -> int:
    """A meter by its address."""
    return _id(connection, "care.device", "device_id", "address", address)


def resident(connection: Connection, name: str) -> int:
    """A resident by id or token."""
    return _id(connection, "care.resident", "resident_id", "resident_id" if name.isdigit() else "token", name)


def _id(connection: Connection, table: str, key: str, column: str, value: str) -> int:
    query = sql.SQL("select {} from {} where {}::text = %s").format(
        sql.Identifier(key), sql.Identifier(*table.split(".")), sql.Identifier(column)
    )
    row = connection.execute(query, (value,)).fetchone()
    if row is None:
        raise Unknown(f"there is no {table.split('.')[1]} {value!r}")
    return int(row[0])
