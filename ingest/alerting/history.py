"""The stored history of people for a replay, read a few people at a time in a transaction that can write nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from psycopg import sql

from ingest.alerting.comparison import Case
from ingest.alerting.person import LOCAL, Person, StoredReading
from ingest.alerting.rules import Rules
from ingest.alerting.store import Connection

PEOPLE = 50  # read at a time: a year of their readings is a few megabytes

_PEOPLE = """
select r.resident_id, r.birth_date,
    array(select k.condition from care.condition k where k.resident_id = r.resident_id), r.token::text, r.doctor_id
from care.resident r
where (r.left_on is null or r.left_on > %(first)s) and (%(station)s::integer is null or r.station_id = %(station)s)
order by r.resident_id"""


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
    """Everybody of a station, or of all, with what was measured from `since` and received before `until`.

    `rules` says which kinds of reading and which values are needed; whoever had left by `first` is not there.
    """
    rows = connection.execute(_PEOPLE, _scope(first, station_id)).fetchall()
    for start in range(0, len(rows), PEOPLE):
        some = rows[start : start + PEOPLE]
        readings = _readings(connection, [row[0] for row in some], rules, since, until)
        for resident_id, birth_date, conditions, token, doctor_id in some:
            person = Person(resident_id=resident_id, birth_date=birth_date, conditions=frozenset(conditions))
            yield Case(person, token, doctor_id, readings.get(resident_id, []))


def _scope(first: datetime, station_id: int | None) -> dict[str, object]:
    return {"first": first.astimezone(LOCAL).date(), "station": station_id}


def _readings(
    connection: Connection, residents: Sequence[int], rules: Rules, since: datetime, until: datetime
) -> dict[int, list[StoredReading]]:
    metrics = rules.metrics
    query = sql.SQL(
        "select resident_id, reading_id, kind::text, measured_at, received_at, setting::text, meal::text, flags, {}"
        " from telemetry.reading where resident_id = any(%s) and measured_at > %s and measured_at < %s"
        " and received_at < %s and kind = any(%s::telemetry.kind[])"
    ).format(sql.SQL(", ").join(map(sql.Identifier, metrics)))
    found: dict[int, list[StoredReading]] = defaultdict(list)
    for row in connection.execute(query, [residents, since, until, until, rules.kinds]):
        resident_id, reading_id, kind, measured_at, received_at, setting, meal, flags, *values = row
        found[resident_id].append(
            StoredReading(
                reading_id=reading_id,
                kind=kind,
                measured_at=measured_at,
                received_at=received_at,
                setting=setting,
                meal=meal,
                flags=flags,
                values={metric: value for metric, value in zip(metrics, values, strict=True) if value is not None},
            )
        )
    return found
