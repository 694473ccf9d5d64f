"""Notes on a resident: written, read, and edited as a next version; nothing is ever overwritten."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from psycopg import Connection
from psycopg.errors import UniqueViolation
from psycopg.rows import DictRow, class_row
from pydantic import BaseModel, Field

from api import audit, language
from api.access import Clinician, require_resident
from api.audit import Action
from api.errors import Problem, Refusal, not_found
from api.language import msgid
from api.services import Database, Given

pages = APIRouter(include_in_schema=False)
json = APIRouter(prefix="/api/v1", tags=["residents"])

LONGEST = 4000  # characters: a page of text; what is longer belongs into a visit's form
Text = Annotated[str, Form(max_length=LONGEST)]


class NewNote(BaseModel):
    """What is written."""

    text: str = Field(min_length=1, max_length=LONGEST, examples=["女儿周末来，已教会用血压计"])


class Edit(NewNote):
    """An edit names the version it changes."""

    version: int = Field(examples=[1])


class Version(BaseModel):
    """A note as it was written at some time."""

    note_id: int
    version: int
    text: str
    written_at: datetime
    by: str


@pages.post("/residents/{resident_id}/notes")
def write(
    request: Request, given: Given, connection: Database, viewer: Clinician, resident_id: int, text: Text = ""
) -> Response:
    """Write a note; the answer is the form again, and the page reads its timeline afresh."""
    require_resident(connection, viewer, resident_id)
    problem = None if text.strip() else msgid("请先写下内容。")
    if problem is None:
        _add(connection, resident_id, viewer.staff_id, text.strip(), given.now())
    return given.pages.show(
        request,
        "note_form.html",
        status=422 if problem else 200,
        resident_id=resident_id,
        problem=problem,
        saved=problem is None,
    )


@pages.get("/residents/{resident_id}/notes/{note_id}")
def edit(
    request: Request, given: Given, connection: Database, viewer: Clinician, resident_id: int, note_id: int
) -> Response:
    """The form that edits a note, with its earlier versions. The look is recorded."""
    require_resident(connection, viewer, resident_id)
    versions = _versions(connection, resident_id, note_id)
    audit.write(connection, given.now(), viewer.staff_id, Action.RESIDENT_VIEW, resident_id, note_id=note_id)
    return given.pages.show(
        request, "note_edit.html", resident_id=resident_id, versions=versions, problem=None, typed=None
    )


@pages.post("/residents/{resident_id}/notes/{note_id}")
def change(
    request: Request,
    given: Given,
    connection: Database,
    viewer: Clinician,
    resident_id: int,
    note_id: int,
    version: Annotated[int, Form()],
    text: Text = "",
) -> Response:
    """Write the next version. Who is late is told, and keeps what was typed."""
    require_resident(connection, viewer, resident_id)
    problem = None
    if not text.strip():
        problem = msgid("请先写下内容。")
    else:
        try:
            _next(connection, resident_id, note_id, version, viewer.staff_id, text.strip(), given.now())
        except Refusal as refusal:
            problem = refusal.says[language.of(request)]
    versions = _versions(connection, resident_id, note_id)
    return given.pages.show(
        request,
        "note_edit.html" if problem else "note.html",
        status=409 if problem else 200,
        resident_id=resident_id,
        versions=versions,
        problem=problem,
        typed=text,
    )


@json.get("/residents/{resident_id}/notes", summary="Read a resident's notes", responses={404: {"model": Problem}})
def listing(given: Given, connection: Database, viewer: Clinician, resident_id: int) -> list[Version]:
    """The notes as they stand, latest first. The look is recorded."""
    require_resident(connection, viewer, resident_id)
    audit.write(connection, given.now(), viewer.staff_id, Action.RESIDENT_VIEW, resident_id)
    query = (
        "select n.note_id, n.version, n.text, n.written_at, s.display_name as by from care.note_now n"
        " join care.staff s using (staff_id) where n.resident_id = %s order by n.first_written_at desc limit %s"
    )
    with connection.cursor(row_factory=class_row(Version)) as cursor:
        return cursor.execute(query, (resident_id, given.settings.list_limit)).fetchall()


@json.post(
    "/residents/{resident_id}/notes", status_code=201, summary="Write a note", responses={404: {"model": Problem}}
)
def write_it(given: Given, connection: Database, viewer: Clinician, resident_id: int, asked: NewNote) -> Version:
    """A new note on a resident of yours."""
    require_resident(connection, viewer, resident_id)
    note_id = _add(connection, resident_id, viewer.staff_id, asked.text, given.now())
    return _versions(connection, resident_id, note_id)[0]


@json.put(
    "/residents/{resident_id}/notes/{note_id}",
    summary="Edit a note",
    responses={404: {"model": Problem}, 409: {"model": Problem, "description": "somebody else edited it first"}},
)
def change_it(
    given: Given, connection: Database, viewer: Clinician, resident_id: int, note_id: int, asked: Edit
) -> Version:
    """The next version of a note; the earlier ones stay readable."""
    require_resident(connection, viewer, resident_id)
    _next(connection, resident_id, note_id, asked.version, viewer.staff_id, asked.text, given.now())
    return _versions(connection, resident_id, note_id)[0]


def _add(connection: Connection[DictRow], resident_id: int, staff_id: int, text: str, now: datetime) -> int:
    row = connection.execute(
        "insert into care.note (note_id, version, resident_id, written_at, staff_id, text)"
        " values (nextval('care.note_number'), 1, %s, %s, %s, %s) returning note_id",
        (resident_id, now, staff_id, text),
    ).fetchone()
    note_id = int(row["note_id"]) if row else 0
    audit.write(connection, now, staff_id, Action.NOTE_WRITE, resident_id, note_id=note_id, version=1)
    return note_id


def _next(
    connection: Connection[DictRow],
    resident_id: int,
    note_id: int,
    version: int,
    staff_id: int,
    text: str,
    now: datetime,
) -> None:
    """Compare-and-set by the primary key: of two edits of one version, one is the next. Raises the 404, 409 refusal."""
    latest = _versions(connection, resident_id, note_id)[0]
    try:
        with connection.transaction():
            if latest.version != version:
                raise UniqueViolation
            connection.execute(
                "insert into care.note (note_id, version, resident_id, written_at, staff_id, text)"
                " values (%s, %s, %s, %s, %s, %s)",
                (note_id, version + 1, resident_id, now, staff_id, text),
            )
    except UniqueViolation:
        latest = _versions(connection, resident_id, note_id)[0]
        says = msgid("%(name)s 刚刚改过这条备注，您的修改没有保存。请看最新内容后再改。")
        raise Refusal(409, "overtaken", says, name=latest.by) from None
    audit.write(connection, now, staff_id, Action.NOTE_WRITE, resident_id, note_id=note_id, version=version + 1)


def _versions(connection: Connection[DictRow], resident_id: int, note_id: int) -> list[Version]:
    """All versions, latest first. Raises the 404 refusal."""
    with connection.cursor(row_factory=class_row(Version)) as cursor:
        found = cursor.execute(
            "select n.note_id, n.version, n.text, n.written_at, s.display_name as by"
            " from care.note n join care.staff s using (staff_id)"
            " where n.resident_id = %s and n.note_id = %s order by n.version desc",
            (resident_id, note_id),
        ).fetchall()
    if not found:
        raise not_found()
    return found
