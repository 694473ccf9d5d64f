"""The stored history of people for a replay, read a few people at a time in a transaction that can write nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from ingest.alerting import loading
from ingest.alerting.comparison import Case
from ingest.alerting.person import LOCAL
from ingest.alerting.replay import Agreement
from ingest.alerting.rules import Rules
from ingest.alerting.store import Connection

PEOPLE = 50  # read at a time: a year of their readings is a few megabytes

_PEOPLE = """
select r.resident_id, r.token::text, r.doctor_id
from care.resident r
where (r.left_on is null or r.left_on > %(first)s) and (%(station)s::integer is null or r.station_id = %(station)s)
order by r.resident_id"""

_AGREED = """
select c.resident_id, c.package, c.signed_on::timestamp at time zone 'Asia/Shanghai',
    least(c.ends_on, r.left_on)::timestamp at time zone 'Asia/Shanghai'
from care.contract c join care.resident r using (resident_id) where c.resident_id = any(%s) order by c.signed_on desc"""


@contextmanager
def reading_only(connection: Connection) -> Iterator[None]:
    """One snapshot of the whole history; PostgreSQL refuses every write in it. Not inside another transaction."""
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read, read only")
        yield


def how_many(connection: Connection, first: datetime, station_id: int | None) -> int:
    """How many people `cases` will give."""
    query = f"select count(*) from ({_PEOPLE}) everybody"  # noqa: S608 - the query above
    row = connection.execute(query.encode(), _scope(first, station_id)).fetchone()
    return int(row[0]) if row else 0


def cases(
    connection: Connection, rules: Rules, *, since: datetime, first: datetime, until: datetime, station_id: int | None
) -> Iterator[Case]:
    """Everybody of a station, or of all, with what the rules look at from `since` on and was received before `until`.

    Whoever had left by `first` is not there.
    """
    rows = connection.execute(_PEOPLE.encode(), _scope(first, station_id)).fetchall()
    for start in range(0, len(rows), PEOPLE):
        some = {row[0]: row for row in rows[start : start + PEOPLE]}
        readings = loading.readings(connection, list(some), rules, since)
        agreed = _agreed(connection, list(some))
        for person in loading.people(connection, list(some), rules, first):
            resident_id, token, doctor_id = some[person.resident_id]
            known = [each for each in readings.get(resident_id, ()) if each.received_at < until]
            yield Case(person, token, doctor_id, known, agreed.get(resident_id, ()))


def _scope(first: datetime, station_id: int | None) -> dict[str, object]:
    return {"first": first.astimezone(LOCAL).date(), "station": station_id}


def _agreed(connection: Connection, residents: Sequence[int]) -> dict[int, list[Agreement]]:
    """Every contract package they ever agreed to, the latest first."""
    found: dict[int, list[Agreement]] = defaultdict(list)
    for resident_id, *agreement in connection.execute(_AGREED, [residents]).fetchall():
        found[resident_id].append(Agreement(*agreement))
    return found
