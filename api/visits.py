"""Visits as they were written down: of a resident as they stand, and one in all its versions."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from psycopg import Connection, sql
from psycopg.rows import DictRow
from pydantic import BaseModel, ConfigDict, Field

from api.access import Viewer, residents_of
from api.people import Resident
from api.visit_store import COLUMNS

_ENDINGS = dict.fromkeys(("classification_why", "computed", "died_on", "death_cause", "moved_on"))


class VisitRow(BaseModel):
    """A visit as it stands: its latest version."""

    model_config = ConfigDict(frozen=True)

    visit_id: int
    version: int
    resident_id: int
    programme: str
    visited_at: datetime
    mode: str = Field(description="clinic, home or phone")
    doctor: str
    station: str
    systolic: int | None
    diastolic: int | None
    pulse: int | None
    fasting_glucose: float | None
    after_meal_glucose: float | None
    hba1c: float | None
    weight: float | None
    height: float | None
    waist: float | None
    classification: str | None
    lost_why: str | None
    complete: bool
    next_due_on: date | None
    recorded_by: str
    recorded_at: datetime
    amended_why: str | None
    entered_in_error: bool
    form: dict[str, Any]


_VISIT = sql.SQL(
    "select v.visit_id, v.version, v.resident_id, v.programme, v.visited_at, v.mode, s.display_name as doctor,"
    " t.name as station, v.systolic, v.diastolic, v.pulse, v.fasting_glucose, v.after_meal_glucose, v.hba1c, v.weight,"
    " v.height, v.waist, v.classification, v.lost_why, v.complete, v.next_due_on, b.display_name as recorded_by,"
    " v.recorded_at, v.amended_why, v.entered_in_error, v.form"
    " from {table} v join care.staff s on s.staff_id = v.staff_id join care.staff b on b.staff_id = v.recorded_by"
    " join care.station t on t.station_id = v.station_id"
)


def visits_of(connection: Connection[DictRow], resident_id: int, *, limit: int = 200) -> list[VisitRow]:
    """A resident's visits as they stand, latest first. The caller has checked that the resident is the viewer's."""
    query = _VISIT.format(table=sql.SQL("care.visit_now")) + sql.SQL(
        " where v.resident_id = %(resident_id)s order by v.visited_at desc, v.visit_id desc limit %(limit)s"
    )
    rows = connection.execute(query, {"resident_id": resident_id, "limit": limit}).fetchall()
    return [VisitRow(**row) for row in rows]


def versions_of(connection: Connection[DictRow], viewer: Viewer, visit_id: int) -> list[VisitRow]:
    """Every version of a visit, the latest first; empty when there is none, or it is of somebody else's resident."""
    query = _VISIT.format(table=sql.SQL("care.visit")) + sql.SQL(
        " join care.resident r on r.resident_id = v.resident_id"
        " where v.visit_id = %(visit_id)s and {} order by v.version desc"
    ).format(residents_of(viewer))
    rows = connection.execute(query, {"visit_id": visit_id, **viewer.parameters}).fetchall()
    return [VisitRow(**row) for row in rows]


def values_of(visit: VisitRow) -> dict[str, Any]:
    """By key of the form, from columns and form alike."""
    columns = {name: getattr(visit, name) for name in COLUMNS if getattr(visit, name) is not None}
    return {**_ENDINGS, **visit.form, **columns}


def other_form(connection: Connection[DictRow], resident: Resident, visit: VisitRow) -> str | None:
    """The programme whose form the same visit still lacks: one visit may serve both."""
    pair = {"hypertension": "diabetes", "diabetes": "hypertension"}
    other = pair.get(visit.programme)
    if other not in resident.conditions or visit.entered_in_error or visit.lost_why:
        return None
    there = (each for each in visits_of(connection, visit.resident_id) if each.programme == other)
    return None if any(each.visited_at == visit.visited_at for each in there) else other
