"""How often somebody may try to sign in: failures are counted by login and by address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg import Connection
from psycopg.rows import DictRow

_LOCK = 0x7369_676E  # "sign": attempts are counted one after another, so that many at once cannot slip through


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many failures are allowed within `window`."""

    window: timedelta
    login: int
    address: int


def claim(connection: Connection[DictRow], login: str, address: str, now: datetime, limits: Limits) -> bool:
    """Count an attempt as failed before the password is looked at. False: too many, nothing was counted."""
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
        connection.execute("delete from care.sign_in_failure where at <= %s", (now - limits.window,))
        row = connection.execute(
            "select count(*) filter (where login = %s) as login, count(*) filter (where address = %s) as address"
            " from care.sign_in_failure",
            (login, address),
        ).fetchone()
        if row is None or row["login"] >= limits.login or row["address"] >= limits.address:
            return False
        connection.execute(
            "insert into care.sign_in_failure (login, address, at) values (%s, %s, %s)", (login, address, now)
        )
    return True


def forgive(connection: Connection[DictRow], login: str, address: str) -> None:
    """Forget the failures of a login at an address: it has just signed in."""
    connection.execute("delete from care.sign_in_failure where login = %s and address = %s", (login, address))
