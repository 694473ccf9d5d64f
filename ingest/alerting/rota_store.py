"""The rota in the database: read whole for the escalation, changed by station leads and doctors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg.rows import kwargs_row

from ingest.accounts import Role
from ingest.alerting.policy import EscalationSettings
from ingest.alerting.rota import Duty, Leave, Member, Rota
from ingest.alerting.store import Connection

AROUND = timedelta(days=2)  # what ended longer ago has no say any more


class NotPossible(Exception):
    """The rota cannot be changed so. `code` names why: not_there, same_person, overlaps, over."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLeave:
    """A leave to be entered."""

    staff_id: int
    deputy_id: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDuty:
    """A duty to be entered; `line` is 1 or 2."""

    station_id: int
    staff_id: int
    line: int
    starts_at: datetime
    ends_at: datetime


def read(connection: Connection, settings: EscalationSettings, now: datetime) -> Rota:
    """Everything that holds around and after `now`."""
    since = now - AROUND
    stations = connection.execute("select station_id, name, region_code from care.station").fetchall()
    return Rota(
        members={member.staff_id: member for member in _members(connection)},
        leaves=tuple(_rows(connection, Leave, _LEAVES, since)),
        duties=tuple(_rows(connection, Duty, _DUTIES, since)),
        hours={station_id: settings.hours_of(name) for station_id, name, _ in stations},
        regions={station_id: region for station_id, _, region in stations},
        names={station_id: name for station_id, name, _ in stations},
    )


def enter_leave(connection: Connection, leave: NewLeave, *, by: int, now: datetime) -> int:
    """Enter a leave and return its id. Raises `NotPossible`."""
    if leave.staff_id == leave.deputy_id:
        raise NotPossible("same_person")
    if leave.ends_at <= max(leave.starts_at, now):
        raise NotPossible("over")
    _lock(connection)
    away = "select 1 from care.leave where staff_id = %s and cancelled_at is null and starts_at < %s and ends_at > %s"
    if connection.execute(away, [leave.staff_id, leave.ends_at, leave.starts_at]).fetchone():
        raise NotPossible("overlaps")
    if connection.execute(away, [leave.deputy_id, leave.ends_at, leave.starts_at]).fetchone():
        raise NotPossible("not_there")
    return _inserted(
        connection,
        "insert into care.leave (staff_id, deputy_id, starts_at, ends_at, entered_by, entered_at)"
        " values (%s, %s, %s, %s, %s, %s) returning leave_id",
        [leave.staff_id, leave.deputy_id, leave.starts_at, leave.ends_at, by, now],
    )


def enter_duty(connection: Connection, duty: NewDuty, *, by: int, now: datetime) -> int:
    """Enter a duty and return its id. Raises `NotPossible`."""
    if duty.ends_at <= max(duty.starts_at, now):
        raise NotPossible("over")
    _lock(connection)
    taken = (
        "select 1 from care.duty where station_id = %s and line = %s and cancelled_at is null"
        " and starts_at < %s and ends_at > %s"
    )
    if connection.execute(taken, [duty.station_id, duty.line, duty.ends_at, duty.starts_at]).fetchone():
        raise NotPossible("overlaps")
    return _inserted(
        connection,
        "insert into care.duty (station_id, staff_id, line, starts_at, ends_at, entered_by, entered_at)"
        " values (%s, %s, %s, %s, %s, %s, %s) returning duty_id",
        [duty.station_id, duty.staff_id, duty.line, duty.starts_at, duty.ends_at, by, now],
    )


def cancel_leave(connection: Connection, leave_id: int, *, by: int, now: datetime) -> bool:
    """Take a leave back from now on; false if somebody did already, or it is over."""
    query = (
        "update care.leave set cancelled_at = %s, cancelled_by = %s"
        " where leave_id = %s and cancelled_at is null and ends_at > %s returning leave_id"
    )
    return connection.execute(query, [now, by, leave_id, now]).fetchone() is not None


def cancel_duty(connection: Connection, duty_id: int, *, by: int, now: datetime) -> bool:
    """Take a duty back; false if somebody did already, or it is over."""
    query = (
        "update care.duty set cancelled_at = %s, cancelled_by = %s"
        " where duty_id = %s and cancelled_at is null and ends_at > %s returning duty_id"
    )
    return connection.execute(query, [now, by, duty_id, now]).fetchone() is not None


def set_deputy(connection: Connection, staff_id: int, deputy_id: int | None) -> None:
    """Name a standing deputy, or none. Raises `NotPossible`."""
    if staff_id == deputy_id:
        raise NotPossible("same_person")
    if deputy_id is None:
        connection.execute("delete from care.deputy where staff_id = %s", [staff_id])
        return
    connection.execute(
        "insert into care.deputy (staff_id, deputy_id) values (%s, %s)"
        " on conflict (staff_id) do update set deputy_id = excluded.deputy_id",
        [staff_id, deputy_id],
    )


_LEAVES = (
    "select staff_id, deputy_id, starts_at, ends_at from care.leave"
    " where cancelled_at is null and ends_at > %s order by starts_at, leave_id"
)
_DUTIES = (
    "select station_id, staff_id, line, starts_at, ends_at from care.duty"
    " where cancelled_at is null and ends_at > %s order by starts_at, duty_id"
)
_MEMBERS = (
    "select s.staff_id, s.role::text as role, s.station_id, s.region_prefix, s.active, d.deputy_id"
    " from care.staff s left join care.deputy d using (staff_id)"
)
_ROTA_LOCK = 0x726F7461  # "rota": two entries at once are checked one after the other


def _lock(connection: Connection) -> None:
    connection.execute("select pg_advisory_xact_lock(%s)", [_ROTA_LOCK])


def _members(connection: Connection) -> list[Member]:
    with connection.cursor(row_factory=kwargs_row(_member)) as cursor:
        return cursor.execute(_MEMBERS).fetchall()


def _member(*, role: str, **columns: Any) -> Member:
    return Member(role=Role(role), **columns)


def _rows(connection: Connection, kind: Any, query: str, since: datetime) -> list[Any]:
    with connection.cursor(row_factory=kwargs_row(kind)) as cursor:
        return cursor.execute(query.encode(), [since]).fetchall()


def _inserted(connection: Connection, query: str, values: list[Any]) -> int:
    row = connection.execute(query.encode(), values).fetchone()
    assert row is not None  # noqa: S101 - an insert that returns nothing has raised
    return int(row[0])
