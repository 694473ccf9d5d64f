"""What the list of suspect and high-risk residents is read from, and decisions about them as they are stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from psycopg import Connection, sql
from psycopg.rows import DictRow

from api.access import Viewer, residents_of
from ingest.followups.programmes import HighRisk
from ingest.followups.risks import Known, risks
from ingest.registry import note_condition
from ingest.screening.case import Decision, Outcome
from ingest.screening.criteria import Condition, Criteria, Measured

MEASURED_RISKS = ("high_normal", "overweight")  # age alone makes nobody a case: half the station would be one

# Never diagnosed, old enough, still here.
_PEOPLE = sql.SQL(
    "select r.resident_id, r.birth_date, r.sex, p.name_sealed, d.display_name as doctor,"
    " reporting.age_on(r.birth_date, %(today)s) as age from care.resident r"
    " left join identity.person p using (resident_id) left join care.staff d on d.staff_id = r.doctor_id"
    " where {} and (r.left_on is null or r.left_on > %(today)s)"
    " and reporting.age_on(r.birth_date, %(today)s) >= %(from_age)s"
    " and not exists (select from care.condition k where k.resident_id = r.resident_id and k.condition = %(condition)s)"
)
_MEASURED = (
    "select resident_id, measured_at, setting::text, systolic, diastolic, glucose, meal::text from telemetry.reading"
    " where resident_id = any(%(ids)s) and measured_at >= %(since)s and measured_at <= %(now)s"
    " and kind = %(kind)s::telemetry.kind and setting = any(%(settings)s::telemetry.setting[])"
)
_BODY = (
    "select resident_id, measured_at, weight, height, waist from telemetry.reading where resident_id = any(%(ids)s)"
    " and measured_at >= %(since)s and measured_at <= %(now)s and kind = 'body' order by measured_at"
)
_DECISIONS = (
    "select c.*, s.display_name as by from care.screening_decision c join care.staff s using (staff_id)"
    " where c.resident_id = any(%(ids)s) and c.condition = %(condition)s order by c.decided_at, c.decision_id"
)
_LATELY = sql.SQL(
    "select c.*, s.display_name as by, p.name_sealed from care.screening_decision c join care.staff s using (staff_id)"
    " join care.resident r using (resident_id) left join identity.person p using (resident_id)"
    " where {} and c.decided_at >= %(since)s order by c.decided_at desc limit %(limit)s"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody never diagnosed, with what was measured and what was decided before, the latest last."""

    about: DictRow
    readings: Sequence[Measured] = ()
    risks: Mapping[str, date] = field(default_factory=dict)
    decisions: Sequence[DictRow] = ()

    @property
    def last(self) -> Decision | None:
        """The latest decision."""
        if not self.decisions:
            return None
        return Decision(outcome=Outcome(self.decisions[-1]["outcome"]), at=self.decisions[-1]["decided_at"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What to read: a condition's people and readings from `since` to `now`. `high_risk`: for hypertension."""

    condition: Condition
    criteria: Criteria
    high_risk: HighRisk | None
    since: datetime
    now: datetime
    zone: ZoneInfo

    @property
    def today(self) -> date:
        """The day it is where the residents live."""
        return self.now.astimezone(self.zone).date()


def people(connection: Connection[DictRow], viewer: Viewer, asked: Asked) -> list[Person]:
    """The viewer's residents without the diagnosis."""
    given = {"today": asked.today, "from_age": asked.criteria.from_age, "condition": asked.condition}
    rows = connection.execute(_PEOPLE.format(residents_of(viewer)), given | viewer.parameters).fetchall()
    ids = {"ids": [row["resident_id"] for row in rows], "since": asked.since, "now": asked.now}
    readings = _readings(connection, asked, ids)
    bodies = _by_resident(connection, _BODY, ids) if asked.high_risk else {}
    decisions = _by_resident(connection, _DECISIONS, ids | {"condition": asked.condition})
    return [
        Person(
            about=row,
            readings=readings.get(row["resident_id"], []),
            risks=_risks(asked, row, readings.get(row["resident_id"], []), bodies.get(row["resident_id"], [])),
            decisions=decisions.get(row["resident_id"], []),
        )
        for row in rows
    ]


def lately(connection: Connection[DictRow], viewer: Viewer, since: datetime, limit: int) -> list[DictRow]:
    """What was decided about the viewer's residents since then, the latest first."""
    given = {"since": since, "limit": limit, **viewer.parameters}
    return connection.execute(_LATELY.format(residents_of(viewer)), given).fetchall()


def decide(
    connection: Connection[DictRow],
    resident_id: int,
    condition: Condition,
    outcome: Outcome,
    *,
    note: str,
    diagnosed_on: date | None,
    managed_from: date | None,
    staff_id: int,
    now: datetime,
) -> None:
    """Store a decision; a diagnosis becomes a condition of the resident, under management from a day or not yet."""
    connection.execute(
        "insert into care.screening_decision (resident_id, condition, outcome, decided_at, staff_id, diagnosed_on,"
        " note) values (%s, %s, %s, %s, %s, %s, %s)",
        (resident_id, condition, outcome, now, staff_id, diagnosed_on, note),
    )
    if diagnosed_on is not None:
        note_condition(connection, resident_id, condition, diagnosed_on=diagnosed_on, managed_from=managed_from)


def _readings(connection: Connection[DictRow], asked: Asked, ids: Mapping[str, Any]) -> Mapping[int, list[Measured]]:
    given = {**ids, "kind": asked.criteria.kind, "settings": asked.criteria.settings}
    found: dict[int, list[Measured]] = defaultdict(list)
    for row in connection.execute(_MEASURED.encode(), given):
        at = row.pop("measured_at")
        resident_id = row.pop("resident_id")
        found[resident_id].append(Measured(at=at, on=at.astimezone(asked.zone).date(), **row))
    return found


def _by_resident(connection: Connection[DictRow], query: str, given: Mapping[str, Any]) -> Mapping[int, list[DictRow]]:
    found: dict[int, list[DictRow]] = defaultdict(list)
    for row in connection.execute(query.encode(), given):
        found[row["resident_id"]].append(row)
    return found


def _risks(asked: Asked, about: DictRow, readings: Sequence[Measured], bodies: Sequence[DictRow]) -> Mapping[str, date]:
    """Criteria of high risk that the latest values meet, and since when these values are."""
    if asked.high_risk is None:
        return {}
    pressure = max(readings, key=lambda each: each.at, default=None)
    body = {name: row for row in bodies for name in ("weight", "height", "waist") if row[name] is not None}
    known = Known(
        age=about["age"],
        sex=about["sex"],
        systolic=pressure.systolic if pressure else None,
        diastolic=pressure.diastolic if pressure else None,
        **{name: row[name] for name, row in body.items()},
    )
    on = {"high_normal": pressure.on} if pressure else {}
    if body:
        on["overweight"] = max(row["measured_at"] for row in body.values()).astimezone(asked.zone).date()
    return {name: on[name] for name in MEASURED_RISKS if name in risks(known, asked.high_risk)}
