"""Alerts as the screens see them: episodes of the viewer's residents, read from the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from psycopg import Connection, sql
from psycopg.rows import DictRow
from pydantic import BaseModel, ConfigDict, Field

from api import sends
from api.access import Viewer, residents_of
from api.people import name_of
from api.sends import Send

VISIBLE_STATES = ("open", "acknowledged", "shelved")  # what is still being confirmed is nobody's work yet

EXAMPLE: dict[str, Any] = {
    "episode_id": 812,
    "resident_id": 57,
    "resident_name": "王秀英",
    "sex": "female",
    "birth_date": "1951-04-02",
    "station": "青河卫生站",
    "cause": "blood_pressure_high",
    "tier": 1,
    "state": "open",
    "revision": 2,
    "began_at": "2026-11-21T07:58:00Z",
    "opened_at": "2026-11-21T08:03:10Z",
    "changed_at": "2026-11-21T08:03:10Z",
    "returns_at": None,
    "returned_from": None,
    "acknowledged_by": None,
    "outcome": None,
    "finding": {
        "cause": "blood_pressure_high",
        "says": {"zh": "血压 186/112 mmHg，复测结果一致。", "en": "Blood pressure 186/112 mmHg. A repeat agreed."},
        "readings": [
            {
                "id": "019a9d2c-1f40-8a11-9c53-0d9a6f2b7e10",
                "kind": "blood_pressure",
                "measured_at": "2026-11-21T08:02:00+00:00",
                "setting": "home",
                "meal": None,
                "flags": [],
                "values": {"systolic": 186, "diastolic": 112, "pulse": 88},
            }
        ],
    },
}

EVENT_EXAMPLE: dict[str, Any] = {
    "at": "2026-11-21T08:03:10Z",
    "revision": 2,
    "by": None,
    "from_state": "confirming",
    "to_state": "open",
    "why": "repeat_agreed",
    "note": None,
    "until": None,
    "says": EXAMPLE["finding"]["says"],
}


class Alert(BaseModel):
    """An episode of a resident with the finding that explains it. Send `revision` back with every change."""

    model_config = ConfigDict(frozen=True, json_schema_extra={"examples": [EXAMPLE]})

    episode_id: int
    resident_id: int
    resident_name: str | None
    sex: str
    birth_date: date
    station: str
    cause: str
    tier: int = Field(description="1 critical, 2 urgent, 3 review, 4 tracking")
    state: str = Field(description="open, acknowledged, shelved or closed")
    revision: int = Field(description="grows with every change; a change names the revision it saw")
    began_at: datetime
    opened_at: datetime | None
    changed_at: datetime
    returns_at: datetime | None = Field(description="when it comes back by itself: it was taken over or set aside")
    returned_from: str | None = Field(
        description="open again as a time ran out: acknowledged (forgotten) or shelved; null once acted on"
    )
    acknowledged_by: str | None = Field(description="who took it over, or set it aside")
    outcome: str | None
    finding: dict[str, Any] = Field(description="cause, sentences, readings, threshold and source document")

    @property
    def since(self) -> datetime:
        """When the waiting began: the moment a doctor could first see it."""
        return self.opened_at or self.began_at

    @property
    def reading(self) -> dict[str, Any] | None:
        """The latest reading of the evidence."""
        readings: list[dict[str, Any]] = self.finding.get("readings", [])
        return readings[-1] if readings else None


class Event(BaseModel):
    """One change of an episode: when, who, from which state to which, and why."""

    at: datetime
    revision: int
    by: str | None = Field(description="name of the member of staff; null for the rule engine")
    from_state: str | None
    to_state: str
    why: str
    note: str | None
    until: datetime | None = Field(description="until when it was then taken over or set aside")
    says: dict[str, str] | None = Field(description="what the engine then knew, in both languages")


class AlertWithHistory(Alert):
    """An alert and everything that happened to it, oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**EXAMPLE, "events": [EVENT_EXAMPLE], "sends": []}]})

    events: list[Event]
    sends: list[Send]


_ALERT = sql.SQL(
    "select e.episode_id, e.resident_id, e.revision, e.cause, e.tier, e.state, e.began_at, e.opened_at, e.changed_at,"
    " e.returns_at, e.returned_from, e.outcome, e.finding, p.name_sealed, r.sex, r.birth_date, r.doctor_id,"
    " r.station_id, t.name as station, d.display_name as acknowledged_by"
    " from care.episode e join care.resident r using (resident_id) join care.station t using (station_id)"
    " left join identity.person p using (resident_id) left join care.staff d on d.staff_id = e.doctor_id"
)


def waiting(connection: Connection[DictRow], viewer: Viewer, key: bytes, limit: int) -> list[Alert]:
    """What is not closed: open ones first, then by severity, then the longest waiting; at most `limit`."""
    query = sql.SQL(
        "{} where {} and e.state = any(%(states)s)"
        " order by e.state <> 'open', e.tier, e.opened_at, e.episode_id limit %(limit)s"
    )
    given = {"states": list(VISIBLE_STATES), "limit": limit, **viewer.parameters}
    return _alerts(connection.execute(query.format(_ALERT, residents_of(viewer)), given).fetchall(), key)


def recent(connection: Connection[DictRow], viewer: Viewer, key: bytes, since: datetime, limit: int) -> list[Alert]:
    """What was closed since then, latest first; episodes no doctor ever saw are left out."""
    query = sql.SQL(
        "{} where {} and e.state = 'closed' and e.opened_at is not null and e.changed_at >= %(since)s"
        " order by e.changed_at desc, e.episode_id desc limit %(limit)s"
    )
    given = {"since": since, "limit": limit, **viewer.parameters}
    return _alerts(connection.execute(query.format(_ALERT, residents_of(viewer)), given).fetchall(), key)


def waiting_of(connection: Connection[DictRow], resident_id: int, key: bytes) -> list[Alert]:
    """A resident's alerts that are not closed, the most urgent first. The caller has checked whose resident it is."""
    query = sql.SQL(
        "{} where e.resident_id = %(resident_id)s and e.state = any(%(states)s)"
        " order by e.state <> 'open', e.tier, e.opened_at, e.episode_id"
    )
    given = {"resident_id": resident_id, "states": list(VISIBLE_STATES)}
    return _alerts(connection.execute(query.format(_ALERT), given).fetchall(), key)


def of_resident(connection: Connection[DictRow], resident_id: int, key: bytes, limit: int) -> list[Alert]:
    """A resident's alerts, latest first. The caller has checked that the resident is the viewer's."""
    query = sql.SQL(
        "{} where e.resident_id = %(resident_id)s and e.opened_at is not null"
        " order by e.began_at desc, e.episode_id desc limit %(limit)s"
    )
    rows = connection.execute(query.format(_ALERT), {"resident_id": resident_id, "limit": limit}).fetchall()
    return _alerts(rows, key)


def counts(connection: Connection[DictRow], viewer: Viewer) -> dict[str, int]:
    """How many alerts are in each state that is not closed."""
    query = sql.SQL(
        "select e.state, count(*) as n from care.episode e join care.resident r using (resident_id)"
        " where {} and e.state = any(%(states)s) group by e.state"
    )
    given = {"states": list(VISIBLE_STATES), **viewer.parameters}
    found = {r["state"]: r["n"] for r in connection.execute(query.format(residents_of(viewer)), given).fetchall()}
    return {state: found.get(state, 0) for state in VISIBLE_STATES}


def one(connection: Connection[DictRow], viewer: Viewer, episode_id: int, key: bytes) -> AlertWithHistory | None:
    """One alert with its history, if it is about one of the viewer's residents and a doctor could see it."""
    query = sql.SQL("{} where e.episode_id = %(episode_id)s and e.opened_at is not null and {}")
    row = connection.execute(
        query.format(_ALERT, residents_of(viewer)), {"episode_id": episode_id, **viewer.parameters}
    ).fetchone()
    if row is None:
        return None
    events = _events(connection, row["resident_id"], episode_id)
    return AlertWithHistory(**_fields(row, key), events=events, sends=sends.of_episode(connection, episode_id))


def changed(connection: Connection[DictRow], episode_ids: Sequence[int]) -> list[DictRow]:
    """How alerts stand, for the live stream, whoever they belong to."""
    query = (
        "select episode_id, resident_id, revision, state::text, tier from care.episode"
        " where episode_id = any(%s) and opened_at is not null order by episode_id"
    )
    return connection.execute(query, (list(episode_ids),)).fetchall()


def _alerts(rows: list[DictRow], key: bytes) -> list[Alert]:
    return [Alert(**_fields(row, key)) for row in rows]


def _fields(row: DictRow, key: bytes) -> dict[str, Any]:
    return {**row, "resident_name": name_of(row["name_sealed"], key)}


def _events(connection: Connection[DictRow], resident_id: int, episode_id: int) -> list[Event]:
    rows = connection.execute(
        "select v.at, v.revision, v.from_state, v.to_state, v.why, v.note, v.returns_at as until,"
        " v.finding -> 'says' as says, s.display_name as by"
        " from care.episode_event v left join care.staff s on v.actor = 'staff:' || s.staff_id"
        " where v.resident_id = %s and v.episode_id = %s order by v.revision",
        (resident_id, episode_id),
    ).fetchall()
    return [Event(**row) for row in rows]
