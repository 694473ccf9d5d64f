"""What FHIR calls are answered from: the viewer's residents under their pseudonyms, their Observations and meters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice
from typing import Any
from uuid import UUID

from psycopg import Connection, sql
from psycopg.rows import DictRow

from api import home_average
from api.access import Viewer, residents_of
from api.fhir_search import Position, Search
from api.home_average import Basis, Whose
from devices import metrics
from devices.fhir import codes, observation
from devices.fhir.codes import Codes, Json
from devices.fhir.device import Meter
from devices.fhir.home_average import Name
from devices.fhir.patient import Subject
from devices.fhir.recorded import Recorded
from ingest import exchange
from maixun.configuration import load

_BATCH = 200  # readings fetched at once while a page fills
_NEAR = timedelta(days=2)  # between a meter's own stamp, which its reading's id begins with, and the time it was given
_FIRST = Position(datetime.max.replace(tzinfo=UTC), UUID(int=2**128 - 1), 1)  # before all readings: the home average
_SUBJECT = sql.SQL(
    "select r.resident_id, r.token, r.sex, r.birth_date, coalesce(r.left_why = 'died', false) as died,"
    " r.left_on is null as active,"
    " array(select k.condition from care.condition k where k.resident_id = r.resident_id) as conditions"
    " from care.resident r where {mine} and r.resident_id > %(after)s and r.token = all(%(tokens)s::uuid[])"
    " order by r.resident_id limit %(limit)s"
)
# A meter in a home of the viewer's residents, or one that stands where many use it.
_DEVICE = sql.SQL(
    "select 1 from care.assignment a left join care.resident r using (resident_id)"
    " where a.device_id = %(device_id)s and (a.resident_id is null or {mine}) limit 1"
)
_READING = sql.SQL(
    "select r.resident_id, m.measured_at from telemetry.reading m join care.resident r using (resident_id)"
    " where m.reading_id = %(reading_id)s and {mine}"
    " and (%(since)s::timestamptz is null or m.measured_at between %(since)s and %(until)s) limit 1"
)


@cache
def known() -> Codes:
    """The codes. Raises ValueError when the configuration is wrong."""
    return codes.parse(load("fhir.yaml"), metrics.parse(load("metrics.yaml")))


@dataclass(frozen=True, slots=True)
class Person:
    """One of the viewer's residents."""

    resident_id: int
    conditions: Sequence[str]
    subject: Subject

    @property
    def whose(self) -> Whose:
        """The same for the home average."""
        return Whose(resident_id=self.resident_id, token=self.subject.token, conditions=self.conditions)


def people(
    connection: Connection[DictRow], viewer: Viewer, tokens: Sequence[UUID], *, after: int = 0, limit: int = 1
) -> list[Person]:
    """The viewer's residents who have every one of these pseudonyms, in the order of their ids."""
    given = {"after": after, "tokens": list(tokens), "limit": limit, **viewer.parameters}
    rows = connection.execute(_SUBJECT.format(mine=residents_of(viewer)), given).fetchall()
    return [_person(row) for row in rows]


def person(connection: Connection[DictRow], viewer: Viewer, resident_id: int) -> Person | None:
    """One of the viewer's residents by our own number."""
    found = people(connection, viewer, [], after=resident_id - 1)
    return found[0] if found and found[0].resident_id == resident_id else None


def all_of(
    connection: Connection[DictRow], whose: Person, basis: Basis, *, since: datetime | None, until: datetime
) -> list[Json]:
    """All Observations of a resident from `since` on: the home average, and the readings' latest first."""
    spans = [(since, None)] if since else []
    asked = Search(spans=spans, since=since, before=None, codes=(), count=0, after=None)
    return [resource for _, resource in _matches(connection, whose, asked, basis, until)]


def meter(connection: Connection[DictRow], viewer: Viewer, device_id: int) -> Meter | None:
    """A meter that the viewer's residents use."""
    query = _DEVICE.format(mine=residents_of(viewer))
    if connection.execute(query, {"device_id": device_id, **viewer.parameters}).fetchone() is None:
        return None
    return exchange.meters(connection, [device_id])[0]


def searched(
    connection: Connection[DictRow], person: Person, asked: Search, basis: Basis, until: datetime
) -> tuple[list[Json], Position | None]:
    """A page of Observations, and where the next one begins. `until`: the latest time a reading may claim."""
    every = _matches(connection, person, asked, basis, until)
    found = list(islice(every, asked.count + 1))
    following = found[asked.count - 1][0] if len(found) > asked.count else None
    return [resource for _, resource in found[: asked.count]], following


def observed(connection: Connection[DictRow], viewer: Viewer, name: str, basis: Basis) -> tuple[int, Json] | None:
    """One Observation of the viewer's residents by its id, and whose it is."""
    named = Name.parse(name)
    if named is not None:
        return _averaged(connection, viewer, named, basis)
    identifier, _, _ = name.partition(".")
    try:
        found = _reading(connection, viewer, UUID(identifier))
    except ValueError:
        return None
    made = observation.observations(found[1], known()) if found else []
    return next(((found[0], one) for one in made if found and one["id"] == name), None)


def _person(row: dict[str, Any]) -> Person:
    resident_id, conditions = row.pop("resident_id"), row.pop("conditions")
    return Person(resident_id, conditions, Subject(**row))


def _averaged(connection: Connection[DictRow], viewer: Viewer, named: Name, basis: Basis) -> tuple[int, Json] | None:
    """The average that ends with a day; it is counted anew from what is stored now."""
    for person in people(connection, viewer, [named.token]):
        found = home_average.latest(connection, person.whose, basis, basis.end_of(named.on))
        if found is not None and found.name == named:
            return person.resident_id, observation.home_average(found, known())
    return None


def _reading(connection: Connection[DictRow], viewer: Viewer, reading_id: UUID) -> tuple[int, Recorded] | None:
    """Looked for around the time its id begins with; everywhere where the meter's clock was wrong."""
    near = datetime.fromtimestamp((reading_id.int >> 80) / 1000, UTC) if reading_id.int >> 80 < 2**42 else None
    query = _READING.format(mine=residents_of(viewer))
    for at in [near, None] if near else [None]:
        window = {"since": at and at - _NEAR, "until": at and at + _NEAR}
        row = connection.execute(query, {"reading_id": reading_id, **window, **viewer.parameters}).fetchone()
        if row is not None:
            place = (row["measured_at"], reading_id)
            return row["resident_id"], _readings(connection, row["resident_id"], place)[0]
    return None


def _readings(connection: Connection[DictRow], resident_id: int, upto: tuple[datetime, UUID]) -> list[Recorded]:
    return exchange.of_resident(
        connection, resident_id, list(known().catalogue), since=None, before=None, upto=upto, among=None, limit=1
    )


def _matches(
    connection: Connection[DictRow], person: Person, asked: Search, basis: Basis, until: datetime
) -> Iterator[tuple[Position, Json]]:
    if asked.after is None:
        average = home_average.latest(connection, person.whose, basis, until)
        resource = observation.home_average(average, known()) if average else None
        if average and resource and asked.matches(resource) and asked.covers(average.since, average.until):
            yield _FIRST, resource
    yield from _of_readings(connection, person.resident_id, asked)


def _of_readings(connection: Connection[DictRow], resident_id: int, asked: Search) -> Iterator[tuple[Position, Json]]:
    place = asked.after
    among = observation.sources(asked.wants, known()) if asked.codes else None
    while True:
        rows = exchange.of_resident(
            connection,
            resident_id,
            list(known().catalogue),
            since=asked.since,
            before=asked.before,
            upto=place and (place.at, place.reading_id),
            among=among,
            limit=_BATCH,
        )
        for row in rows:
            already = place.given if place and place.reading_id == row.reading_id else 0
            made = observation.observations(row, known())
            for number, resource in enumerate(made[already:], already + 1):
                if asked.matches(resource):
                    yield Position(row.measured_at, row.reading_id, number), resource
        if len(rows) < _BATCH:
            return
        place = Position(rows[-1].measured_at, rows[-1].reading_id, len(made))
