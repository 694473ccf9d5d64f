"""Claims people who have something to evaluate, and loads all that is needed for the whole claim in a few queries."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ingest.alerting import loading
from ingest.alerting.person import Person, StoredReading
from ingest.alerting.rules import Rules
from ingest.alerting.store import Connection

CANDIDATES = 20  # work rows looked at per person wanted: other engines hold some, and busy people have several

# The resident's row is the claim: whoever holds it evaluates that person, everybody else passes by. Oldest work first,
# and before it what has fallen due. NO KEY UPDATE does not hinder inserts that refer to the resident.
_CLAIM = """
with due as (select resident_id from care.episode where due_at <= %(now)s order by due_at limit %(people)s),
     work as (select resident_id, work_id from telemetry.work order by work_id limit %(candidates)s),
     candidate as (select resident_id, min(turn) as turn
                   from (select resident_id, 0 as turn from due union all select resident_id, work_id from work) every
                   group by resident_id)
select r.resident_id
from care.resident r join candidate c using (resident_id)
order by c.turn limit %(people)s
for no key update of r skip locked"""


@dataclass(frozen=True, slots=True)
class Claim:
    """People locked until the transaction ends, with their fresh readings."""

    people: Sequence[Person]
    readings: Mapping[int, Sequence[StoredReading]]


def claim(connection: Connection, rules: Rules, *, people: int, now: datetime) -> Claim:
    """Lock up to so many people with new work or a due episode, take their work away, and load them.

    Must be the first statements of a READ COMMITTED transaction. Readings are read after the work is deleted, so work
    whose readings were not yet visible stays for the next claim.
    """
    parameters = {"now": now, "people": people, "candidates": people * CANDIDATES}
    residents = [row[0] for row in connection.execute(_CLAIM, parameters).fetchall()]
    if not residents:
        return Claim([], {})
    connection.execute("delete from telemetry.work where resident_id = any(%s)", [residents])
    readings = loading.readings(connection, residents, rules, now)
    claimed = loading.people(connection, residents, rules, now)
    return Claim(loading.complaining(connection, claimed, readings, rules, now), readings)


def put_back(connection: Connection, residents: Collection[int]) -> None:
    """Have these people evaluated once more."""
    connection.execute("insert into telemetry.work (resident_id) select unnest(%s::bigint[])", [list(residents)])
