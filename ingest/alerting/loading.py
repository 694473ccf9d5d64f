"""Loads people and the readings that rules look at, for many people in a few queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from psycopg import sql

from ingest.alerting.episode import ENGINE_OUTCOMES
from ingest.alerting.patterns import Flagged
from ingest.alerting.person import LOCAL, Override, Person, StoredReading
from ingest.alerting.rules import Rules
from ingest.alerting.store import Connection

_PEOPLE = """
select r.resident_id, r.birth_date, r.lives_alone,
    array(select k.condition from care.condition k where k.resident_id = r.resident_id)
from care.resident r join unnest(%s::bigint[]) with ordinality as wanted (resident_id, place) using (resident_id)
order by place"""

_SETTLED = """
select resident_id, cause, max(changed_at) from care.episode
where resident_id = any(%s) and state = 'closed' and changed_at > %s and outcome <> all(%s)
group by resident_id, cause"""

_OVERRIDES = """
select o.resident_id, o.rule, o.limits, o.valid_from, o.ends_on, s.display_name
from care.threshold_override o join care.staff s using (staff_id)
where o.resident_id = any(%s) and o.ended_at is null and o.ends_on > %s order by o.override_id"""

# A package counts while it holds, from midnight of the day it was signed on; not for those who have left.
_PACKAGES = """
select c.resident_id, c.package, min(c.signed_on::timestamp at time zone 'Asia/Shanghai')
from care.contract c join care.resident r using (resident_id)
where c.resident_id = any(%(residents)s) and c.signed_on <= %(today)s and %(today)s < c.ends_on
    and (r.left_on is null or %(today)s < r.left_on)
group by c.resident_id, c.package"""

_VALUES = len(
    StoredReading._fields
)  # where a row's values begin: after whose it is and all other fields in their order

# The latest last: of several that name a complaint the latest counts.
_VISITS = """
select resident_id, programme, form, visited_at from care.visit_now
where resident_id = any(%s) and visited_at > %s and visited_at <= %s order by visited_at"""


def people(
    connection: Connection, residents: Sequence[int], rules: Rules, now: datetime, *, packages: bool = False
) -> list[Person]:
    """These people in this order, as far as the rules depend on them; with what they agreed to measure if asked for."""
    since = now - rules.fresh_for
    settled = _settled(connection, residents, since)
    overrides = _overrides(connection, residents, since)
    agreed = _packages(connection, residents, now) if packages else {}
    return [
        Person(
            resident_id=resident_id,
            birth_date=birth_date,
            conditions=frozenset(conditions),
            settled=settled.get(resident_id, {}),
            overrides=tuple(overrides.get(resident_id, ())),
            packages=agreed.get(resident_id, {}),
            lives_alone=lives_alone,
        )
        for resident_id, birth_date, lives_alone, conditions in connection.execute(_PEOPLE, [residents]).fetchall()
    ]


def readings(
    connection: Connection, residents: Collection[int], rules: Rules, now: datetime
) -> dict[int, list[StoredReading]]:
    """Their readings, of each kind as far back as any of the rules looks."""
    metrics = rules.metrics
    query = sql.SQL(
        "select resident_id, reading_id::text, kind::text, measured_at, received_at, setting::text, meal::text, flags,"
        " {} from telemetry.reading"
        " join unnest(%s::telemetry.kind[], %s::timestamptz[]) as wanted (kind, since) using (kind)"
        " where resident_id = any(%s) and measured_at > %s and measured_at > since"
    ).format(sql.SQL(", ").join(map(sql.Identifier, metrics)))
    windows = rules.windows
    since = [now - window for window in windows.values()]
    parameters = [list(windows), since, list(residents), min(since)]
    found: dict[int, list[StoredReading]] = defaultdict(list)
    for row in connection.execute(query, parameters).fetchall():
        values = zip(metrics, row[_VALUES:], strict=True)
        measured = {metric: value for metric, value in values if value is not None}
        found[row[0]].append(StoredReading._make((*row[1:_VALUES], measured)))
    return found


def complaining(
    connection: Connection,
    people: Sequence[Person],
    readings: Mapping[int, Sequence[StoredReading]],
    rules: Rules,
    now: datetime,
) -> list[Person]:
    """The same people with what visits recorded of them: asked only where a reading has a sign that depends on it."""
    depends = [each for each in rules.patterns if isinstance(each, Flagged) and each.complaints]
    asked = [person for person in people if _has_sign(readings.get(person.resident_id, ()), depends)]
    if not asked:
        return list(people)
    since = now - max(each.complaints.within for each in depends if each.complaints)
    found: dict[int, dict[str, datetime]] = defaultdict(dict)
    visits = connection.execute(_VISITS, [[person.resident_id for person in asked], since, now])
    for resident_id, programme, form, visited_at in visits:
        for each in depends:
            if each.complaints and each.complaints.named(programme, form):
                found[resident_id][each.name] = visited_at
    return [replace(person, complaints=found.get(person.resident_id, {})) for person in people]


def _has_sign(readings: Iterable[StoredReading], patterns: Sequence[Flagged]) -> bool:
    return any(reading.flags & each.bits for reading in readings for each in patterns)


def _settled(connection: Connection, residents: Sequence[int], since: datetime) -> dict[int, dict[str, datetime]]:
    """When a doctor last closed an episode, by resident and cause."""
    parameters = [residents, since, sorted(ENGINE_OUTCOMES)]
    return _by_resident(connection.execute(_SETTLED, parameters).fetchall())


def _overrides(connection: Connection, residents: Sequence[int], since: datetime) -> dict[int, list[Override]]:
    """Those not ended, and in force at some time since then."""
    found: dict[int, list[Override]] = defaultdict(list)
    day = since.astimezone(LOCAL).date()
    for resident_id, rule, limits, valid_from, ends_on, name in connection.execute(_OVERRIDES, [residents, day]):
        found[resident_id].append(Override(rule=rule, limits=limits, valid_from=valid_from, ends_on=ends_on, by=name))
    return found


def _packages(connection: Connection, residents: Sequence[int], now: datetime) -> dict[int, dict[str, datetime]]:
    """Since when which package is agreed."""
    parameters = {"residents": residents, "today": now.astimezone(LOCAL).date()}
    return _by_resident(connection.execute(_PACKAGES, parameters).fetchall())


def _by_resident(rows: Sequence[Any]) -> dict[int, dict[str, datetime]]:
    found: dict[int, dict[str, datetime]] = defaultdict(dict)
    for resident_id, name, at in rows:
        found[resident_id][name] = at
    return found
