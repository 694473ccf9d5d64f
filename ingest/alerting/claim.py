"""Claims people who have something to evaluate, and loads all that is needed for the whole claim in a few queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import sql

from ingest.alerting.episode import ENGINE_OUTCOMES
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
select r.resident_id, r.birth_date,
    array(select k.condition from care.condition k where k.resident_id = r.resident_id)
from care.resident r join candidate c using (resident_id)
order by c.turn limit %(people)s
for no key update of r skip locked"""

_SETTLED = """
select resident_id, cause, max(changed_at) from care.episode
where resident_id = any(%s) and state = 'closed' and changed_at > %s and outcome <> all(%s)
group by resident_id, cause"""


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
    rows = connection.execute(_CLAIM, parameters).fetchall()
    if not rows:
        return Claim([], {})
    residents = [row[0] for row in rows]
    connection.execute("delete from telemetry.work where resident_id = any(%s)", [residents])
    settled = _settled(connection, residents, now - rules.fresh_for)
    claimed = [
        Person(
            resident_id=resident_id,
            birth_date=birth_date,
            conditions=frozenset(conditions),
            settled=settled.get(resident_id, {}),
        )
        for resident_id, birth_date, conditions in rows
    ]
    return Claim(claimed, _readings(connection, residents, rules, now - rules.fresh_for))


def put_back(connection: Connection, residents: Collection[int]) -> None:
    """Have these people evaluated once more."""
    connection.execute("insert into telemetry.work (resident_id) select unnest(%s::bigint[])", [list(residents)])


def _settled(connection: Connection, residents: Sequence[int], since: datetime) -> dict[int, dict[str, datetime]]:
    """When a doctor last closed an episode, by resident and cause."""
    settled: dict[int, dict[str, datetime]] = defaultdict(dict)
    parameters = [residents, since, sorted(ENGINE_OUTCOMES)]
    for resident_id, cause, at in connection.execute(_SETTLED, parameters).fetchall():
        settled[resident_id][cause] = at
    return settled


def _readings(
    connection: Connection, residents: Sequence[int], rules: Rules, since: datetime
) -> dict[int, list[StoredReading]]:
    metrics = rules.metrics
    query = sql.SQL(
        "select resident_id, reading_id, kind::text, measured_at, received_at, setting::text, meal::text, flags, {}"
        " from telemetry.reading"
        " where resident_id = any(%s) and measured_at > %s and kind = any(%s::telemetry.kind[])"
    ).format(sql.SQL(", ").join(map(sql.Identifier, metrics)))
    found: dict[int, list[StoredReading]] = defaultdict(list)
    for row in connection.execute(query, [residents, since, rules.kinds]):
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
