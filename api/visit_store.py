"""Visits in the database: values a meter can fill in, new versions, and what a death or a move changes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.errors import UniqueViolation
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb
from pydantic import BaseModel, ConfigDict, Field

from api.access import Viewer
from api.errors import Refusal
from api.language import msgid
from api.visit_entry import Draft
from ingest.followups.entry import Raw
from ingest.followups.form import Form

SOURCES = "sources"  # in the form: key → where its value came from


class MeterSource(BaseModel):
    """Where a value came from: the reading of a meter, as it was measured. `edited`: it was typed over afterwards.

    `fills`: it stands on the form by itself; else it is offered beside the field.
    """

    model_config = ConfigDict(frozen=True)

    reading_id: UUID
    value: float
    measured_at: datetime
    setting: str
    device: str | None
    edited: bool = False
    fills: bool = Field(default=True, exclude=True)


class NewVersion(BaseModel):
    """Which visit a version is of; `visit_id` None: a new visit."""

    visit_id: int | None = None
    version: int = 1
    amended_why: str | None = None


_READINGS = """
select m.reading_id, m.kind::text, m.measured_at, m.setting::text, m.meal::text, d.address as device, m.systolic,
    m.diastolic, m.pulse, m.glucose, m.weight, m.height, m.waist, m.temperature
from telemetry.reading m left join care.device d using (device_id)
where m.resident_id = %(resident_id)s and m.kind::text = any(%(kinds)s)
    and m.measured_at >= %(since)s and m.measured_at <= %(until)s
order by m.measured_at desc limit 200"""

_INSERT = """
insert into care.visit (visit_id, version, resident_id, programme, visited_at, mode, staff_id, station_id, systolic,
    diastolic, pulse, fasting_glucose, after_meal_glucose, hba1c, weight, height, waist, classification, lost_why,
    complete, form, next_due_on, recorded_by, recorded_at, amended_why)
select coalesce(%(visit_id)s, nextval('care.visit_number')), %(version)s, %(resident_id)s, %(programme)s,
    %(visited_at)s, %(mode)s, %(staff_id)s, r.station_id, %(systolic)s, %(diastolic)s, %(pulse)s, %(fasting_glucose)s,
    %(after_meal_glucose)s, %(hba1c)s, %(weight)s, %(height)s, %(waist)s, %(classification)s, %(lost_why)s,
    %(complete)s, %(form)s, %(next_due_on)s, %(recorded_by)s, %(now)s, %(amended_why)s
from care.resident r where r.resident_id = %(resident_id)s returning visit_id"""

_TAKE_BACK = """
insert into care.visit (visit_id, version, resident_id, programme, visited_at, mode, staff_id, station_id, complete,
    form, recorded_by, recorded_at, amended_why, entered_in_error)
select visit_id, version + 1, resident_id, programme, visited_at, mode, staff_id, station_id, false, form, %(by)s,
    %(now)s, %(why)s, true
from care.visit where visit_id = %(visit_id)s and version = %(version)s"""

COLUMNS = (
    "systolic",
    "diastolic",
    "pulse",
    "fasting_glucose",
    "after_meal_glucose",
    "hba1c",
    "weight",
    "height",
    "waist",
)


def meter_values(
    connection: Connection[DictRow],
    resident_id: int,
    form: Form,
    *,
    since: datetime,
    until: datetime,
    fill: Collection[str],
) -> dict[str, MeterSource]:
    """The latest reading of a meter for each field that one can fill in, by key; one from `fill` goes before.

    An unknown meal is never fasting.
    """
    kinds = sorted({field.reading.kind for field in form.fields() if field.reading})
    given = {"resident_id": resident_id, "kinds": kinds, "since": since, "until": until}
    rows = sorted(connection.execute(_READINGS, given).fetchall(), key=lambda row: row["setting"] not in fill)
    found: dict[str, MeterSource] = {}
    for field in form.fields():
        wanted = field.reading
        if wanted is None:
            continue
        for row in rows:
            value = row[wanted.metric]
            if row["kind"] == wanted.kind and value is not None and wanted.meal in (None, row["meal"]):
                found[field.key] = _source(row, round(float(value), field.decimals), fills=row["setting"] in fill)
                break
    return found


def sources(draft: Draft, raw: Raw, offered: Mapping[str, MeterSource]) -> dict[str, Any]:
    """Where each value came from, by key: a value still as the meter had it, or one that was typed over it."""
    found = {}
    for key, source in offered.items():
        is_named = str(source.reading_id) in raw.get(f"from_{key}", ())
        if key in draft.values and is_named:
            edited = float(draft.values[key]) != source.value
            found[key] = source.model_copy(update={"edited": edited}).model_dump(mode="json")
    return found


def save(
    connection: Connection[DictRow],
    viewer: Viewer,
    resident_id: int,
    draft: Draft,
    origin: Mapping[str, Any],
    as_: NewVersion,
    *,
    staff_id: int,
    now: datetime,
) -> int:
    """Write a version and return the visit's id; a death or a move is noted with the resident.

    Raises the 409 refusal when somebody else wrote that version first.
    """
    values = {name: draft.values.get(name) for name in COLUMNS}
    form = {key: value for key, value in draft.values.items() if key not in COLUMNS}
    form |= {
        SOURCES: dict(origin),
        "computed": draft.judgement.classification,
        "emergency": draft.judgement.is_emergency,
        "classification_why": draft.classification_why,
        "died_on": draft.died_on.isoformat() if draft.died_on else None,
        "death_cause": draft.death_cause,
        "moved_on": draft.moved_on.isoformat() if draft.moved_on else None,
    }
    row = values | {
        "resident_id": resident_id,
        "programme": draft.programme,
        "visited_at": draft.visited_at,
        "mode": draft.mode,
        "staff_id": staff_id,
        "classification": draft.classification,
        "lost_why": draft.lost_why,
        "complete": draft.complete,
        "form": Jsonb({key: value for key, value in form.items() if value not in (None, {}, [])}),
        "next_due_on": draft.next_due_on,
        "recorded_by": viewer.staff_id,
        "now": now,
        **as_.model_dump(),
    }
    try:
        with connection.transaction():
            written = connection.execute(_INSERT, row).fetchone()
    except UniqueViolation:
        raise overtaken() from None
    _note_end(connection, resident_id, draft.died_on, draft.moved_on)
    return int(written["visit_id"]) if written else 0


def take_back(
    connection: Connection[DictRow], viewer: Viewer, visit_id: int, version: int, why: str, now: datetime
) -> None:
    """Say that there was no such visit. Raises the 409 refusal when a later version exists."""
    given = {"visit_id": visit_id, "version": version, "why": why, "by": viewer.staff_id, "now": now}
    try:
        with connection.transaction():
            connection.execute(_TAKE_BACK, given)
    except UniqueViolation:
        raise overtaken() from None


def overtaken() -> Refusal:
    """Somebody else changed the visit first."""
    return Refusal(409, "overtaken", msgid("这次随访刚刚被别人更正过，您的修改没有保存。请看最新内容后再更正。"))


def _note_end(connection: Connection[DictRow], resident_id: int, died_on: date | None, moved_on: date | None) -> None:
    left_on = died_on or moved_on
    if left_on is not None:
        connection.execute(
            "update care.resident set left_on = %s, left_why = %s where resident_id = %s",
            (left_on, "died" if died_on else "moved", resident_id),
        )


def _source(row: Mapping[str, Any], value: float, *, fills: bool) -> MeterSource:
    return MeterSource(
        reading_id=row["reading_id"],
        value=value,
        measured_at=row["measured_at"],
        setting=row["setting"],
        device=row["device"],
        fills=fills,
    )


def window(visited_at: datetime, days: int) -> tuple[datetime, datetime]:
    """Between which moments a reading may stand for a visit's measurement."""
    return visited_at - timedelta(days=days), visited_at + timedelta(hours=1)
