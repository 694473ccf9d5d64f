"""Reviews people some minutes after their readings, and when an agreed measurement is missing: all that needs weeks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from ingest.alerting import loading
from ingest.alerting.person import LOCAL, Person, StoredReading
from ingest.alerting.rules import Rules, next_look
from ingest.alerting.store import Connection

LEASE = timedelta(hours=1)  # a review that crashed is done again then; longer than any wait for one
AGAIN = timedelta(days=7)  # a contract ends, somebody moves away: who has agreed to measure is looked at this often

# A row whose time is a lease is under way; whatever is measured meanwhile asks for an earlier time, which then stands.
_TAKE = """
with due as (select resident_id from care.review where due_at <= %(now)s order by due_at limit %(people)s
             for update skip locked)
update care.review set due_at = %(lease)s from due where review.resident_id = due.resident_id
returning review.resident_id"""

_ASK = """
insert into care.review as known (resident_id, due_at) select unnest(%s::bigint[]), %s
on conflict (resident_id) do update set due_at = excluded.due_at
where known.due_at is null or known.due_at > excluded.due_at"""

_DONE = """
update care.review set due_at = next.due_at
from unnest(%s::bigint[], %s::timestamptz[]) as next (resident_id, due_at)
where review.resident_id = next.resident_id and review.due_at = %s"""

# People whose contract is new, or who have one and have never been looked at.
_MISSING = """
insert into care.review as known (resident_id, due_at)
select distinct resident_id, %(now)s::timestamptz from care.contract
where signed_on <= %(today)s and %(today)s < ends_on
    and not exists (select 1 from care.review r where r.resident_id = contract.resident_id and r.due_at is not null)
on conflict (resident_id) do update set due_at = excluded.due_at where known.due_at is null"""


def ask(connection: Connection, residents: Collection[int], at: datetime) -> None:
    """Have these people reviewed at a time, or sooner if that was already asked for."""
    connection.execute(_ASK, [sorted(residents), at])


def take(connection: Connection, *, people: int, now: datetime) -> list[int]:
    """Take up to so many people whose review is due. Committed at once, so that nobody waits for a review to end."""
    parameters = {"now": now, "people": people, "lease": now + LEASE}
    return [row[0] for row in connection.execute(_TAKE, parameters).fetchall()]


def load(
    connection: Connection, residents: Sequence[int], rules: Rules, now: datetime
) -> tuple[list[Person], dict[int, list[StoredReading]]]:
    """The people taken and their weeks of readings."""
    claimed = loading.people(connection, residents, rules, now, packages=True)
    return claimed, loading.readings(connection, residents, rules, now)


def done(
    connection: Connection,
    people: Sequence[Person],
    readings: Mapping[int, Sequence[StoredReading]],
    rules: Rules,
    now: datetime,
) -> None:
    """Note when each of them is to be looked at next, though nothing be measured."""
    looks = [_next(person, readings.get(person.resident_id, ()), rules, now) for person in people]
    connection.execute(_DONE, [[person.resident_id for person in people], looks, now + LEASE])


def find_missing(connection: Connection, now: datetime) -> int:
    """Put everybody with an agreed rhythm on the list. Returns how many were missing."""
    return connection.execute(_MISSING, {"now": now, "today": now.astimezone(LOCAL).date()}).rowcount


def _next(person: Person, readings: Sequence[StoredReading], rules: Rules, now: datetime) -> datetime | None:
    if not person.packages:
        return None
    return min(next_look(person, readings, rules, now) or now + AGAIN, now + AGAIN)
