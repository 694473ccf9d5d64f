"""Who has a resident on the screen right now, so that two people do not do the same work without knowing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from psycopg import Connection
from psycopg.rows import DictRow

FORGOTTEN_AFTER = timedelta(seconds=70)  # a screen says it again every 25 s (live.js): two missed words and it is over


class Looker(NamedTuple):
    """A member of staff in front of a resident's page or alert."""

    staff_id: int
    name: str


def begin(connection: Connection[DictRow], resident_id: int, staff_id: int, now: datetime) -> None:
    """Say that somebody looks, or still does. Words that are too old are swept on the way."""
    connection.execute("delete from care.looking where seen_at < %s", (now - FORGOTTEN_AFTER,))
    connection.execute(
        "insert into care.looking (resident_id, staff_id, seen_at) values (%s, %s, %s)"
        " on conflict (resident_id, staff_id) do update set seen_at = excluded.seen_at",
        (resident_id, staff_id, now),
    )


def end(connection: Connection[DictRow], resident_id: int, staff_id: int) -> None:
    """Say that somebody has gone."""
    connection.execute("delete from care.looking where resident_id = %s and staff_id = %s", (resident_id, staff_id))


def at(connection: Connection[DictRow], resident_ids: Collection[int], now: datetime) -> Mapping[int, Sequence[Looker]]:
    """Who looks at each of these residents."""
    rows = connection.execute(
        "select l.resident_id, l.staff_id, s.display_name from care.looking l join care.staff s using (staff_id)"
        " where l.resident_id = any(%s) and l.seen_at >= %s order by l.seen_at, l.staff_id",
        (list(resident_ids), now - FORGOTTEN_AFTER),
    ).fetchall()
    found: dict[int, list[Looker]] = {}
    for row in rows:
        found.setdefault(row["resident_id"], []).append(Looker(row["staff_id"], row["display_name"]))
    return found
