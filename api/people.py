"""Residents as the screens see them: who they are, and what was measured."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psycopg import Connection, sql
from psycopg.rows import DictRow
from pydantic import BaseModel, ConfigDict, Field

from api.access import Viewer, residents_of
from api.cursor import Place
from ingest.identity import unseal

if TYPE_CHECKING:
    from api.names import Names


class Resident(BaseModel):
    """A resident of the viewer's, with the contracted doctor and how many alerts are not closed."""

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "resident_id": 57,
                    "name": "王秀英",
                    "sex": "female",
                    "birth_date": "1951-04-02",
                    "station": "青河卫生站",
                    "township": "青河镇",
                    "doctor": "王医生",
                    "conditions": ["hypertension"],
                    "lives_alone": True,
                    "waiting": 1,
                }
            ]
        },
    )

    resident_id: int
    name: str | None
    sex: str
    birth_date: date
    station: str
    township: str
    doctor: str | None
    conditions: list[str] = Field(description="hypertension, diabetes, heart_failure, copd")
    lives_alone: bool
    waiting: int = Field(description="alerts that are not closed")


class ReadingRow(BaseModel):
    """One accepted measurement, in canonical units."""

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "reading_id": "019a9d2c-1f40-8a11-9c53-0d9a6f2b7e10",
                    "measured_at": "2026-11-21T08:02:00Z",
                    "kind": "blood_pressure",
                    "setting": "home",
                    "clock": "corrected",
                    "meal": None,
                    "flags": 4,
                    "device": "A4:C1:38:00:00:01",
                    "values": {"systolic": 186, "diastolic": 112, "pulse": 88},
                }
            ]
        },
    )

    reading_id: UUID
    measured_at: datetime
    kind: str
    setting: str = Field(description="home, kiosk, station, school or enterprise")
    clock: str = Field(description="how far the time can be trusted: exact, corrected or assumed")
    meal: str | None = Field(description="context of a glucose reading; null is unknown, never fasting")
    flags: int = Field(description="what the meter said of the measurement, bits of devices.reading.Flag")
    device: str | None
    values: dict[str, float]


_RESIDENT = sql.SQL(
    "select r.resident_id, p.name_sealed, r.sex, r.birth_date, t.name as station, t.township, d.display_name as doctor,"
    " array(select k.condition from care.condition k where k.resident_id = r.resident_id order by 1) as conditions,"
    " r.lives_alone,"
    " (select count(*) from care.episode e where e.resident_id = r.resident_id"
    " and e.state in ('open', 'acknowledged', 'shelved')) as waiting"
    " from care.resident r join care.station t using (station_id) left join care.staff d on d.staff_id = r.doctor_id"
    " left join identity.person p using (resident_id)"
)
_COLUMNS = {
    "blood_pressure": ("systolic", "diastolic", "mean_arterial", "pulse"),
    "glucose": ("glucose",),
    "body": ("weight", "height", "bmi", "waist", "body_fat", "muscle", "body_water", "impedance", "basal_metabolism"),
    "temperature": ("temperature",),
    "oximetry": ("spo2", "pulse"),
    "lipids": ("total_cholesterol", "hdl", "ldl", "triglycerides"),
    "symptoms": ("fever", "diarrhoea"),
}


def name_of(sealed: bytes | None, key: bytes) -> str | None:
    """The name, or None where none was recorded."""
    return unseal(bytes(sealed), key) if sealed is not None else None


def every(
    connection: Connection[DictRow], viewer: Viewer, key: bytes, *, after: int = 0, limit: int | None = None
) -> list[Resident]:
    """The viewer's residents in the order of their ids, after one of them."""
    query = sql.SQL("{} where {} and r.resident_id > %(after)s order by r.resident_id limit %(limit)s")
    given = {"after": after, "limit": limit, **viewer.parameters}
    rows = connection.execute(query.format(_RESIDENT, residents_of(viewer)), given).fetchall()
    return [_resident(row, key) for row in rows]


def one(connection: Connection[DictRow], viewer: Viewer, resident_id: int, key: bytes) -> Resident | None:
    """One of the viewer's residents."""
    query = sql.SQL("{} where {} and r.resident_id = %(resident_id)s")
    given = {"resident_id": resident_id, **viewer.parameters}
    row = connection.execute(query.format(_RESIDENT, residents_of(viewer)), given).fetchone()
    return _resident(row, key) if row else None


def found(
    connection: Connection[DictRow], viewer: Viewer, names: Names, key: bytes, text: str, now: datetime, limit: int
) -> list[Resident]:
    """The viewer's residents whose name, or its pinyin, fits the text, the best first."""
    ids = names.find(connection, viewer, text, now, limit)
    query = sql.SQL("{} where {} and r.resident_id = any(%(ids)s)")
    given = {"ids": list(ids), **viewer.parameters}
    rows = connection.execute(query.format(_RESIDENT, residents_of(viewer)), given).fetchall() if ids else []
    return sorted((_resident(row, key) for row in rows), key=lambda one: ids.index(one.resident_id))


def readings(
    connection: Connection[DictRow],
    resident_id: int,
    kind: str,
    *,
    since: datetime,
    before: datetime,
    after: Place | None = None,
    limit: int,
) -> list[ReadingRow]:
    """Readings of one kind, latest first. The caller has checked that the resident is the viewer's."""
    columns = _COLUMNS.get(kind, ("pulse",))
    query = sql.SQL(
        "select m.reading_id, m.measured_at, m.kind, m.setting, m.clock, m.meal, m.flags, d.address as device, {}"
        " from telemetry.reading m left join care.device d using (device_id)"
        " where m.resident_id = %(resident_id)s and m.kind = %(kind)s"
        " and m.measured_at >= %(since)s and m.measured_at < %(before)s"
        " and (%(at)s::timestamptz is null or (m.measured_at, m.reading_id) < (%(at)s, %(id)s::uuid))"
        " order by m.measured_at desc, m.reading_id desc limit %(limit)s"
    ).format(sql.SQL(", ").join(sql.Identifier("m", column) for column in columns))
    at, last = after or (None, None)
    given = {
        "resident_id": resident_id,
        "kind": kind,
        "since": since,
        "before": before,
        "limit": limit,
        "at": at,
        "id": last,
    }
    return [_reading(row, columns) for row in connection.execute(query, given).fetchall()]


def _resident(row: dict[str, Any], key: bytes) -> Resident:
    return Resident(**row, name=name_of(row["name_sealed"], key))


def _reading(row: dict[str, Any], columns: tuple[str, ...]) -> ReadingRow:
    return ReadingRow(**row, values={c: round(row[c], 3) for c in columns if row[c] is not None})
