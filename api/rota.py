"""Duty and leave: who is on duty now, the week, its gaps in words; leave with a deputy. All is recorded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from functools import cache
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from psycopg import Connection
from psycopg.rows import DictRow

from api import audit, contacts, rota_view
from api.access import Viewer, only
from api.audit import Action
from api.errors import Refusal, not_found
from api.language import msgid
from api.rota_view import Station
from api.services import Database, Given, Services, plain_rows
from ingest.accounts import Role
from ingest.alerting import rota_store
from ingest.alerting.policy import EscalationSettings
from ingest.alerting.rota import GapKind
from ingest.alerting.rota_store import NewDuty, NewLeave, NotPossible
from maixun.configuration import settings

pages = APIRouter(prefix="/rota", include_in_schema=False)

READERS = (Role.DOCTOR, Role.STATION_LEAD, Role.ADMIN)
PLANNERS = (Role.STATION_LEAD, Role.ADMIN)
Reader = Annotated[Viewer, Depends(only(*READERS), scope="function")]
Planner = Annotated[Viewer, Depends(only(*PLANNERS), scope="function")]

_WHY: Mapping[str, str] = {
    "same_person": msgid("代理人不能是本人。"),
    "over": msgid("结束时间要晚于开始时间，也要晚于现在。"),
    "overlaps": msgid("这段时间已有安排，请先取消原来的。"),
    "not_there": msgid("代理人在这段时间也休假，请另选。"),
}


@pages.get("")
def show(
    request: Request, given: Given, connection: Database, viewer: Reader, week: date | None = None, station: int = 0
) -> Response:
    """The page of a station: a doctor's and a lead's own; an administrator chooses."""
    place = _station(connection, viewer, station)
    local = given.now().astimezone(given.settings.tzinfo).date()
    monday = rota_view.monday_of(week or local)
    seen = rota_view.read(connection, _policy(), place, monday, given.now())
    return given.pages.show(
        request,
        "rota.html",
        viewer=viewer,
        station=place,
        stations=rota_view.stations(connection) if viewer.is_admin else [],
        seen=seen,
        may_plan=viewer.role in PLANNERS,
        contacts=contacts.WORDS,
        known=contacts.entered(connection, viewer.staff_id),
        reached=contacts.kinds_of(connection, [each.staff_id for each in seen.colleagues]),
        source=_policy().source,
    )


@pages.post("/duty")
def enter_duty(
    given: Given,
    connection: Database,
    viewer: Planner,
    staff: Annotated[int, Form()],
    line: Annotated[int, Form(ge=1, le=2)],
    since: Annotated[datetime, Form()],
    until: Annotated[datetime, Form()],
    station: Annotated[int, Form()] = 0,
) -> Response:
    """Somebody has duty from … to …"""
    place = _station(connection, viewer, station)
    _colleague(connection, place, staff)
    duty = NewDuty(
        station_id=place.station_id,
        staff_id=staff,
        line=line,
        starts_at=_moment(given, since),
        ends_at=_moment(given, until),
    )
    with _deciding(connection) as tuples:
        number = rota_store.enter_duty(tuples, duty, by=viewer.staff_id, now=given.now())
    _write(given, connection, viewer, Action.ROTA_DUTY, duty_id=number)
    return _back(place, since.date())


@pages.post("/fill")
def fill(
    given: Given,
    connection: Database,
    viewer: Planner,
    staff: Annotated[int, Form()],
    week: Annotated[date, Form()],
    station: Annotated[int, Form()] = 0,
) -> Response:
    """One person takes every gap of the week that is still to come."""
    place = _station(connection, viewer, station)
    _colleague(connection, place, staff)
    seen = rota_view.read(connection, _policy(), place, rota_view.monday_of(week), given.now())
    with _deciding(connection) as tuples:
        for gap in (gap for gap in seen.gaps if gap.kind == GapKind.DUTY):
            duty = NewDuty(
                station_id=place.station_id, staff_id=staff, line=1, starts_at=gap.starts_at, ends_at=gap.ends_at
            )
            rota_store.enter_duty(tuples, duty, by=viewer.staff_id, now=given.now())
    _write(given, connection, viewer, Action.ROTA_DUTY, filled=len(seen.gaps), staff=staff)
    return _back(place, week)


@pages.post("/duty/cancel")
def cancel_duty(
    given: Given, connection: Database, viewer: Planner, duty: Annotated[int, Form()], week: Annotated[date, Form()]
) -> Response:
    """A duty is taken back."""
    row = connection.execute("select station_id from care.duty where duty_id = %s", [duty]).fetchone()
    place = _station(connection, viewer, row["station_id"] if row else -1)
    with plain_rows(connection) as tuples:
        rota_store.cancel_duty(tuples, duty, by=viewer.staff_id, now=given.now())
    _write(given, connection, viewer, Action.ROTA_DUTY, cancelled=duty)
    return _back(place, week)


@pages.post("/leave")
def enter_leave(
    given: Given,
    connection: Database,
    viewer: Reader,
    deputy: Annotated[int, Form()],
    since: Annotated[datetime, Form()],
    until: Annotated[datetime, Form()],
    staff: Annotated[int, Form()] = 0,
    station: Annotated[int, Form()] = 0,
) -> Response:
    """Leave with a deputy: one's own, or entered by the station lead. The deputy's rights follow from it."""
    place = _station(connection, viewer, station)
    who = (staff or viewer.staff_id) if viewer.role in PLANNERS else viewer.staff_id
    for each in (who, deputy):
        _colleague(connection, place, each)
    leave = NewLeave(staff_id=who, deputy_id=deputy, starts_at=_moment(given, since), ends_at=_moment(given, until))
    with _deciding(connection) as tuples:
        number = rota_store.enter_leave(tuples, leave, by=viewer.staff_id, now=given.now())
    _write(given, connection, viewer, Action.ROTA_LEAVE, leave_id=number, staff=who, deputy=deputy)
    return _back(place, since.date())


@pages.post("/leave/cancel")
def cancel_leave(
    given: Given, connection: Database, viewer: Reader, leave: Annotated[int, Form()], week: Annotated[date, Form()]
) -> Response:
    """A leave ends now, or does not begin; the deputy's rights end with it."""
    row = connection.execute(
        "select l.staff_id, s.station_id from care.leave l join care.staff s using (staff_id) where leave_id = %s",
        [leave],
    ).fetchone()
    place = _station(connection, viewer, row["station_id"] if row else -1)
    if row and viewer.role not in PLANNERS and row["staff_id"] != viewer.staff_id:
        raise not_found()
    with plain_rows(connection) as tuples:
        rota_store.cancel_leave(tuples, leave, by=viewer.staff_id, now=given.now())
    _write(given, connection, viewer, Action.ROTA_LEAVE, cancelled=leave)
    return _back(place, week)


@pages.post("/deputy")
def set_deputy(
    given: Given,
    connection: Database,
    viewer: Planner,
    staff: Annotated[int, Form()],
    deputy: Annotated[int, Form()] = 0,
    station: Annotated[int, Form()] = 0,
) -> Response:
    """Who is asked when a doctor does not answer in time; 0: nobody."""
    place = _station(connection, viewer, station)
    for each in (staff, *([deputy] if deputy else [])):
        _colleague(connection, place, each)
    with _deciding(connection) as tuples:
        rota_store.set_deputy(tuples, staff, deputy or None)
    _write(given, connection, viewer, Action.ROTA_DEPUTY, staff=staff, deputy=deputy)
    return _back(place)


@cache
def _policy() -> EscalationSettings:
    return settings(EscalationSettings, "escalation")


def _station(connection: Connection[DictRow], viewer: Viewer, asked: int) -> Station:
    """The viewer's station, or the one an administrator asks for. Raises the 404 refusal."""
    every = rota_view.stations(connection)
    if viewer.is_admin:
        found = [each for each in every if each.station_id == asked] or (every[:1] if not asked else [])
    else:
        found = [each for each in every if each.station_id == viewer.station_id and asked in (0, viewer.station_id)]
    if not found:
        raise not_found()
    return found[0]


def _colleague(connection: Connection[DictRow], place: Station, staff_id: int) -> None:
    """Only doctors and leads of the station stand on its rota."""
    if staff_id not in {each.staff_id for each in rota_view.colleagues(connection, place.station_id)}:
        raise not_found()


@contextmanager
def _deciding(connection: Connection[DictRow]) -> Iterator[Any]:
    try:
        with plain_rows(connection) as tuples:
            yield tuples
    except NotPossible as why:
        raise Refusal(409, why.code, _WHY[why.code]) from None


def _moment(given: Services, local: datetime) -> datetime:
    """What a form's field without a zone means."""
    return local.replace(tzinfo=given.settings.tzinfo) if local.tzinfo is None else local


def _write(given: Services, connection: Connection[DictRow], viewer: Viewer, action: Action, **detail: object) -> None:
    audit.write(connection, given.now(), viewer.staff_id, action, None, **detail)


def _back(place: Station, week: date | None = None) -> Response:
    shown = f"&week={rota_view.monday_of(week)}" if week else ""
    return RedirectResponse(f"/rota?station={place.station_id}{shown}", status_code=303)
