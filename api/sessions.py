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
        " s.region_prefix,"
        " array(select l.staff_id from care.leave l where l.deputy_id = s.staff_id and l.cancelled_at is null"
        " and l.starts_at <= %(now)s and l.ends_at > %(now)s) as stands_in_for,"
        " array(select distinct e.resident_id from care.notice n join care.episode e"
        " on n.matter = 'episode' and e.episode_id = n.number"
        " where n.staff_id = s.staff_id and n.entitles and n.state <> 'cancelled' and e.state <> 'closed') as told,"
        " c.seen_at"
        " from care.session c join care.staff s using (staff_id) left join care.station t using (station_id)"
        " where c.token_hash = %(hash)s and c.expires_at > %(now)s and s.active",
        {"hash": _hash(token), "now": now},
    ).fetchone()
    if row is not None and now - row.pop("seen_at") >= SEEN_EVERY:
        connection.execute("update care.session set seen_at = %s where token_hash = %s", (now, _hash(token)))
    return row


def end(connection: Connection[DictRow], token: str) -> None:
    """End one session."""
    connection.execute("delete from care.session where token_hash = %s", (_hash(token),))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
