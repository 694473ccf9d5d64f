"""Sessions kept in the database: the cookie holds a random token, the row only its hash."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from psycopg import Connection
from psycopg.rows import DictRow

TOKEN_BYTES = 32
SEEN_EVERY = timedelta(minutes=1)  # how fine `seen_at` is; finer would be a write a request


def begin(connection: Connection[DictRow], staff_id: int, now: datetime, lasts: timedelta) -> str:
    """Start a session and return the token for the cookie. Sessions that have ended are swept on the way."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    connection.execute("delete from care.session where expires_at <= %s", (now,))
    connection.execute(
        "insert into care.session (token_hash, staff_id, created_at, seen_at, expires_at) values (%s, %s, %s, %s, %s)",
        (_hash(token), staff_id, now, now, now + lasts),
    )
    return token


def find(connection: Connection[DictRow], token: str, now: datetime) -> DictRow | None:
    """Whose session this is, with the station's name; None when it has ended or the account is closed."""
    row = connection.execute(
        "select s.staff_id, s.login, s.display_name, s.role, s.station_id, t.name as station_name,"
        " s.region_prefix, c.seen_at"
        " from care.session c join care.staff s using (staff_id) left join care.station t using (station_id)"
        " where c.token_hash = %s and c.expires_at > %s and s.active",
        (_hash(token), now),
    ).fetchone()
    if row is not None and now - row.pop("seen_at") >= SEEN_EVERY:
        connection.execute("update care.session set seen_at = %s where token_hash = %s", (now, _hash(token)))
    return row


def end(connection: Connection[DictRow], token: str) -> None:
    """End one session."""
    connection.execute("delete from care.session where token_hash = %s", (_hash(token),))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
