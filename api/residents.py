"""Residents: the list of one's own, and one person's page with charts, readings and alerts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from psycopg import Connection
from psycopg.rows import DictRow
from pydantic import BaseModel

from api import audit, episodes, people
from api.access import Clinician, Viewer, require_resident
from api.audit import Action
from api.cursor import Cursor, Place, following, parsed
from api.episodes import Alert
from api.errors import Problem, not_found
from api.people import ReadingRow, Resident
from api.services import Database, Given, Services
from devices.reading import Kind

pages = APIRouter(include_in_schema=False)
json = APIRouter(prefix="/api/v1", tags=["residents"])


class ResidentPage(BaseModel):
    """Residents in the order of their ids. Pass `next` as `after` for the following ones; null: there are no more."""

    residents: list[Resident]
    next: int | None


class ReadingPage(BaseModel):
    """Readings, latest first. Pass `next` as `after` for older ones; null: there are no more."""

    readings: list[ReadingRow]
    next: str | None


@pages.get("/residents")
def show_all(request: Request, given: Given, connection: Database, viewer: Clinician, after: int = 0) -> Response:
    """One's own residents, a page at a time."""
    limit = given.settings.list_limit
    found = people.every(connection, viewer, given.key, after=after, limit=limit + 1)
    audit.write(connection, given.now(), viewer.staff_id, Action.RESIDENT_LIST)
    after = found[limit - 1].resident_id if len(found) > limit else 0
    return given.pages.show(request, "residents.html", viewer=viewer, residents=found[:limit], after=after)


@pages.post("/residents/search")
def search(
    request: Request, given: Given, connection: Database, viewer: Clinician, name: Annotated[str, Form()] = ""
) -> Response:
    """Rows whose name, or its pinyin, fits the text. A POST, so that no name ends up in an address or a log."""
    limit = given.settings.list_limit
    found = (
        people.found(connection, viewer, given.names, given.key, name, given.now(), limit)
        if name.strip()
        else people.every(connection, viewer, given.key, limit=limit)
    )
    audit.write(connection, given.now(), viewer.staff_id, Action.RESIDENT_LIST)
    return given.pages.show(request, "resident_rows.html", residents=found)


@json.get("/residents", summary="List residents")
def listing(
    given: Given,
    connection: Database,
    viewer: Clinician,
    after: Annotated[int, Query(description="the `next` of the page before")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> ResidentPage:
    """Your own residents: a doctor's contracted residents, a station lead's station."""
    found = people.every(connection, viewer, given.key, after=after, limit=limit + 1)
    audit.write(connection, given.now(), viewer.staff_id, Action.RESIDENT_LIST)
    more = len(found) > limit
    return ResidentPage(residents=found[:limit], next=found[limit - 1].resident_id if more else None)


@json.get("/residents/{resident_id}", summary="Read one resident", responses={404: {"model": Problem}})
def read(given: Given, connection: Database, viewer: Clinician, resident_id: int) -> Resident:
    """A resident of yours; anybody else's is answered 404. The look is recorded."""
    return _viewed(given, connection, viewer, resident_id)


@json.get("/residents/{resident_id}/readings", summary="Read measurements", responses={404: {"model": Problem}})
def readings(
    given: Given,
    connection: Database,
    viewer: Clinician,
    resident_id: int,
    kind: Kind,
    since: Annotated[datetime | None, Query(description="default: 30 days before `before`")] = None,
    before: Annotated[datetime | None, Query(description="default: now")] = None,
    after: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=5000)] = 500,
) -> ReadingPage:
    """Accepted measurements of one kind in canonical units, latest first. The look is recorded."""
    require_resident(connection, viewer, resident_id)
    until = before or _span(given, 0)[1]
    start = since or until - timedelta(days=30)
    rows = people.readings(connection, resident_id, kind, since=start, before=until, after=parsed(after), limit=limit)
    audit.write(connection, given.now(), viewer.staff_id, Action.READINGS_VIEW, resident_id, kind=kind)
    next_page = following(rows, limit, lambda row: Place(row.measured_at, row.reading_id))
    return ReadingPage(readings=rows, next=next_page)


@json.get("/residents/{resident_id}/alerts", summary="Read a resident's alerts", responses={404: {"model": Problem}})
def alerts_of(given: Given, connection: Database, viewer: Clinician, resident_id: int) -> list[Alert]:
    """All alerts of a resident, latest first. The look is recorded."""
    _viewed(given, connection, viewer, resident_id)
    return episodes.of_resident(connection, resident_id, given.key, given.settings.list_limit)


def _viewed(given: Services, connection: Connection[DictRow], viewer: Viewer, resident_id: int) -> Resident:
    resident = people.one(connection, viewer, resident_id, given.key)
    if resident is None:
        raise not_found()
    audit.write(connection, given.now(), viewer.staff_id, Action.RESIDENT_VIEW, resident_id)
    return resident


def _span(given: Services, days: int) -> tuple[datetime, datetime]:
    """From so many days ago up to the latest time a reading may claim: a meter's clock may be a little ahead."""
    now = given.now()
    return now - timedelta(days=days), now + timedelta(seconds=given.limits.future_seconds)
