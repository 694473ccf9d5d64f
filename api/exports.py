"""Data that leaves the institution as a FHIR file: one resident's, or a station's; for whom and why is recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import StreamingResponse
from psycopg import Connection
from psycopg.rows import DictRow

from api import audit, fhir, fhir_bulk, fhir_data, people
from api.access import Clinician, Lead
from api.audit import Action
from api.errors import FHIR, Refusal, not_found
from api.fhir_bulk import Wanted
from api.fhir_data import known
from api.language import msgid
from api.services import Database, Given, Services
from devices.fhir import bundle
from devices.fhir.patient import patient

pages = APIRouter(include_in_schema=False)

# Why health data may leave (personal information protection law, articles 13, 28 and 29).
BASES: Mapping[str, str] = {
    "consent": msgid("本人已单独书面同意"),
    "care": msgid("为本人转诊、会诊所必需"),
    "law": msgid("法律、行政法规规定的职责"),
}
_ONE_AT_A_TIME = 0x4D58_4648  # an advisory lock of the database: a large export reads for a long time


class Why:
    """For whom, on which ground, and since when."""

    def __init__(
        self,
        ground: Annotated[str, Form()] = "",
        recipient: Annotated[str, Form(max_length=100)] = "",
        since: Annotated[str, Form(max_length=10)] = "",
    ) -> None:
        """As a form has it. Raises the 422 refusal for what is missing or wrong."""
        if ground not in BASES or not recipient.strip():
            raise Refusal(422, "reason_missing", msgid("请选择依据并填写接收方。"))
        self.ground, self.recipient = ground, recipient.strip()
        try:
            self.since = date.fromisoformat(since) if since else None
        except ValueError:
            raise Refusal(422, "invalid", msgid("请填写日期")) from None

    @property
    def detail(self) -> dict[str, object]:
        """As it is recorded."""
        since = self.since.isoformat() if self.since else None
        return {"ground": self.ground, "recipient": self.recipient, "since": since}


Reasoned = Annotated[Why, Depends(Why)]


@pages.get("/residents/{resident_id}/export")
def ask_of_resident(
    request: Request, given: Given, connection: Database, viewer: Clinician, resident_id: int
) -> Response:
    """What leaves, and the form that asks for whom and why."""
    resident = people.one(connection, viewer, resident_id, given.key)
    if resident is None:
        raise not_found()
    audit.write(connection, given.now(), viewer.staff_id, Action.RESIDENT_VIEW, resident_id)
    return given.pages.show(request, "export.html", viewer=viewer, resident=resident, bases=BASES)


@pages.post("/residents/{resident_id}/export")
def resident_bundle(
    request: Request, given: Given, connection: Database, viewer: Clinician, resident_id: int, why: Reasoned
) -> Response:
    """One Bundle: the Patient under the pseudonym, the home average, all Observations and their meters."""
    person = fhir_data.person(connection, viewer, resident_id)
    if person is None:
        raise not_found()
    by = viewer.staff_id
    audit.write(connection, given.now(), by, Action.FHIR_EXPORT, resident_id, what="resident", why=why.detail)
    since = _moment(why.since, given)
    found = fhir_data.all_of(connection, person, fhir.basis(given), since=since, until=fhir.until(given))
    resources = [patient(person.subject, known()), *found, *fhir.meters_of(connection, found)]
    text = json.dumps(bundle.collection(resources, base=fhir.base(request), at=given.now()), ensure_ascii=False)
    return _download(text.encode(), f"maixun-fhir-{str(person.subject.token)[:8]}-{_today(given)}.json", FHIR)


@pages.get("/station/export")
def ask_of_station(request: Request, given: Given, viewer: Lead) -> Response:
    """The same for all residents of the lead's station."""
    return given.pages.show(request, "export.html", viewer=viewer, resident=None, bases=BASES)


@pages.post("/station/export")
def station_archive(given: Given, connection: Database, viewer: Lead, why: Reasoned) -> Response:
    """NDJSON by kind of resource in a ZIP, streamed; one such export at a time."""
    if viewer.station_id is None:
        raise not_found()
    _must_be_free(connection)
    audit.write(connection, given.now(), viewer.staff_id, Action.FHIR_EXPORT, what="station", why=why.detail)
    wanted = Wanted(now=given.now(), since=_moment(why.since, given), station_id=viewer.station_id)
    name = f"maixun-fhir-{viewer.station_id}-{_today(given)}.zip"
    return StreamingResponse(_archive(given, wanted), media_type="application/zip", headers=_named(name))


def _archive(given: Services, wanted: Wanted) -> Iterator[bytes]:
    """Pieces of the ZIP from one moment of the database; the connection is held until the last, or the reader goes."""
    with given.pool.connection() as connection:
        connection.execute("set transaction isolation level repeatable read, read only")
        connection.execute("select pg_advisory_xact_lock(%s)", (_ONE_AT_A_TIME,))
        files = fhir_bulk.parts(connection, known(), fhir.basis(given), wanted)
        yield from fhir_bulk.archive(files, "/station/export", wanted.now)


def _must_be_free(connection: Connection[DictRow]) -> None:
    """Raises the 409 refusal while another export is running."""
    row = connection.execute("select pg_try_advisory_xact_lock(%s) as free", (_ONE_AT_A_TIME,)).fetchone()
    if row is None or not row["free"]:
        raise Refusal(409, "busy", msgid("正在进行另一次导出，请稍后再试。"))


def _moment(day: date | None, given: Services) -> datetime | None:
    return datetime.combine(day, time(), given.settings.tzinfo) if day else None


def _today(given: Services) -> date:
    return given.now().astimezone(given.settings.tzinfo).date()


def _download(content: bytes, name: str, media_type: str) -> Response:
    return Response(content, media_type=media_type, headers=_named(name))


def _named(name: str) -> dict[str, str]:
    return {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
