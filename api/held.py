"""What was held back, as the screens see it: what concerns the viewer, with values for those who may see them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection, sql
from psycopg.rows import DictRow
from pydantic import BaseModel, ConfigDict, Field

from api.access import Viewer, residents_of
from api.cursor import Place
from ingest.accounts import Role
from ingest.reason import VOUCHABLE, Reason

SHOWN_BYTES = 2048  # of a message nobody could read; the whole stays in the database
EVERYTHING = (Role.TECHNICIAN, Role.ADMIN)


class HeldItem(BaseModel):
    """A reading (or a whole message) that did not become a measurement, and why."""

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "reading_id": "019a9d2c-1f40-8a11-9c53-0d9a6f2b7e10",
                    "outcome": "quarantined",
                    "reason": "implausible",
                    "gateway": "gw-0001",
                    "device": "A4:C1:38:00:00:01",
                    "received_at": "2026-11-21T08:02:10Z",
                    "kind": "blood_pressure",
                    "measured_at": "2026-11-21T08:02:00Z",
                    "values": {"systolic": 320, "diastolic": 82},
                    "raw": "2A35:1e40015200…",
                    "vouchable": True,
                }
            ]
        },
    )

    reading_id: UUID
    outcome: str = Field(description="quarantined: may yet become a measurement; rejected: holds none")
    reason: str
    gateway: str
    device: str | None
    received_at: datetime = Field(description="by the gateway")
    kind: str | None
    measured_at: datetime | None
    values: dict[str, float] | None = Field(description="null also where your role sees no clinical values")
    raw: str | None = Field(description="the meter's bytes as <characteristic>:<hex>, or the message's own text")
    vouchable: bool = Field(description="whether a person who looked at it may vouch for it")


class ReasonCount(BaseModel):
    """How many are held for one reason."""

    outcome: str
    reason: str
    count: int


# A doctor sees what came from a meter of an own resident or names one; a lead also what came from the station's meters.
_OWN = sql.SQL(
    "(h.item->>'person' in (select r.token::text from care.resident r where {residents}"
    "   union all select t.token::text from care.person_token t join care.resident r using (resident_id)"
    "   where {residents})"
    " or exists (select from care.device d"
    "   join lateral (select distinct on (a.user_slot) a.resident_id, a.station_id from care.assignment a"
    "     where a.device_id = d.device_id and a.valid_from <= h.received_at"
    "     order by a.user_slot, a.valid_from desc) a on true"
    "   left join care.resident r using (resident_id)"
    "   where d.address = h.device and ({residents} or {station})))"
)


def counts(connection: Connection[DictRow], viewer: Viewer) -> list[ReasonCount]:
    """How many are held, by reason, most first."""
    query = sql.SQL(
        "select h.outcome, h.reason, count(*) as count from telemetry.held h"
        " where {} group by 1, 2 order by 3 desc, 1, 2"
    )
    rows = connection.execute(query.format(_scope(viewer)), viewer.parameters).fetchall()
    return [ReasonCount(**row) for row in rows]


def listing(
    connection: Connection[DictRow],
    viewer: Viewer,
    *,
    reason: str | None,
    before: Place | None,
    limit: int,
) -> list[HeldItem]:
    """What is held, latest first, from `before` back; `reason` None: for any."""
    query = sql.SQL(
        "select h.* from telemetry.held h where {} and (%(reason)s::text is null or h.reason = %(reason)s)"
        " and (%(at)s::timestamptz is null or (h.received_at, h.reading_id) < (%(at)s, %(id)s::uuid))"
        " order by h.received_at desc, h.reading_id desc limit %(limit)s"
    )
    at, last = before or (None, None)
    given = {"reason": reason, "at": at, "id": last, "limit": limit, **viewer.parameters}
    rows = connection.execute(query.format(_scope(viewer)), given).fetchall()
    return [_item(row, viewer) for row in rows]


def one(connection: Connection[DictRow], viewer: Viewer, reading_id: UUID) -> HeldItem | None:
    """One held item, if it concerns the viewer."""
    query = sql.SQL("select h.* from telemetry.held h where {} and h.reading_id = %(reading_id)s")
    given = {"reading_id": reading_id, **viewer.parameters}
    row = connection.execute(query.format(_scope(viewer)), given).fetchone()
    return _item(row, viewer) if row else None


def sees_values(viewer: Viewer) -> bool:
    """A technician looks after meters and sees no measured value, hence no raw bytes either."""
    return viewer.role is not Role.TECHNICIAN


def may_vouch(viewer: Viewer) -> bool:
    """Vouching for a value or a time is a clinical decision."""
    return viewer.is_clinical


def needs_time(reason: str) -> bool:
    """Whether vouching means to say when it was measured."""
    return reason in (Reason.CLOCK_UNUSABLE, Reason.IN_FUTURE)


def _scope(viewer: Viewer) -> sql.Composable:
    if viewer.role in EVERYTHING:
        return sql.SQL("true")
    lead = viewer.role is Role.STATION_LEAD
    station = sql.SQL("a.station_id = %(viewer_station)s") if lead else sql.SQL("false")
    return _OWN.format(residents=residents_of(viewer), station=station)


def _item(row: DictRow, viewer: Viewer) -> HeldItem:
    item: Mapping[str, Any] = row["item"] or {}
    shown = sees_values(viewer)
    return HeldItem(
        reading_id=row["reading_id"],
        outcome=row["outcome"],
        reason=row["reason"],
        gateway=row["gateway"],
        device=row["device"],
        received_at=row["received_at"],
        kind=item.get("kind"),
        measured_at=item.get("measured_at"),
        values=item.get("values") if shown else None,
        raw=(item.get("raw") or _text(row["payload"])) if shown else None,
        vouchable=row["reason"] in VOUCHABLE and may_vouch(viewer),
    )


def _text(payload: bytes | None) -> str | None:
    """A message that could not be read: as text where it is text, else in hex."""
    if payload is None:
        return None
    start = bytes(payload[:SHOWN_BYTES])
    try:
        return start.decode()
    except UnicodeDecodeError:
        return start.hex()
