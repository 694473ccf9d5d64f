"""Imports from files, for administrators: upload, see what would happen row by row, confirm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response, UploadFile
from psycopg import Connection
from psycopg.rows import DictRow

from api import audit, fhir_data, language
from api.access import Administrator, Viewer
from api.audit import Action
from api.errors import Refusal, not_found
from api.language import msgid
from api.services import Database, Given, Services, plain_rows
from ingest.imports import run, table, uploads
from ingest.imports.kind import Entry
from ingest.imports.problem import NotReadable
from ingest.imports.run import KINDS, Report, Upload

pages = APIRouter(include_in_schema=False)

SHOWN = 200  # problems on the page; the file of refused rows has all
ACTIONS: Mapping[str, str] = {
    "new": msgid("新增"),
    "updated": msgid("更新"),
    "unchanged": msgid("无变化"),
    "refused": msgid("有问题，不导入"),
}


@pages.get("/imports")
def show(request: Request, given: Given, connection: Database, viewer: Administrator) -> Response:
    """The form, and what each kind of list must hold. Files that nobody confirmed in time go."""
    uploads.sweep(connection, given.now())
    return given.pages.show(request, "imports.html", viewer=viewer, kinds=KINDS)


@pages.get("/imports/template")
def template(request: Request, viewer: Administrator, kind: str) -> Response:  # noqa: ARG001 - asks who is there
    """An empty sheet of one kind, in the visitor's language."""
    if kind not in KINDS:
        raise not_found()
    place = 0 if language.of(request) is language.Language.CHINESE else 1
    return _csv(table.as_csv([each.headers[place] for each in KINDS[kind].fields], []), f"{kind}.csv")


@pages.post("/imports")
def look(
    request: Request,
    given: Given,
    connection: Database,
    viewer: Administrator,
    kind: Annotated[str, Form()],
    file: UploadFile,
) -> Response:
    """The dry run: nothing but the sealed file is kept."""
    if kind not in KINDS:
        raise not_found()
    upload = Upload(KINDS[kind], (file.filename or "")[-200:], file.file.read(table.MOST_BYTES + 1))
    entry = _entry(given, viewer)
    report = _looked(connection, upload, entry, request)
    upload_id = uploads.keep(connection, upload, entry)
    audit.write(connection, given.now(), viewer.staff_id, Action.IMPORT_LOOK, kind=kind)
    return _result(request, given, viewer, upload, report, upload_id=upload_id)


@pages.post("/imports/apply")
def apply(
    request: Request, given: Given, connection: Database, viewer: Administrator, upload: Annotated[UUID, Form()]
) -> Response:
    """Save the good rows of a file that was looked at, all or nothing."""
    entry = _entry(given, viewer)
    found = _found(connection, upload, entry)
    with plain_rows(connection) as plain:
        report = run.carry_out(plain, found, entry, fhir_data.known().told.id_number_systems)
    return _result(request, given, viewer, found, report, upload_id=upload, done=True, passwords=entry.passwords)


@pages.get("/imports/refused")
def refused(request: Request, given: Given, connection: Database, viewer: Administrator, upload: UUID) -> Response:
    """The rows that are not imported, as they came, with what is wrong: to be mended and imported again."""
    entry = _entry(given, viewer)
    found = _found(connection, upload, entry)
    report = _looked(connection, found, entry, request)
    audit.write(connection, given.now(), viewer.staff_id, Action.IMPORT_LOOK, kind=found.kind.name)
    return _csv(report.refused_file(language.of(request)), f"{found.kind.name}-refused.csv")


def _looked(connection: Connection[DictRow], upload: Upload, entry: Entry, request: Request) -> Report:
    try:
        with plain_rows(connection) as plain:
            return run.look(plain, upload, entry, fhir_data.known().told.id_number_systems)
    except NotReadable as error:
        said = error.says.zh if language.of(request) is language.Language.CHINESE else error.says.en
        raise Refusal(422, "not_readable", msgid("这个文件不能导入：%(why)s"), why=said) from None


def _result(
    request: Request,
    given: Services,
    viewer: Viewer,
    upload: Upload,
    report: Report,
    *,
    upload_id: UUID,
    done: bool = False,
    passwords: Mapping[str, str] | None = None,
) -> Response:
    problems = report.judgement.problems
    return given.pages.show(
        request,
        "import_result.html",
        viewer=viewer,
        kind=upload.kind,
        file=upload.name,
        counts=report.judgement.counts,
        actions=ACTIONS,
        changes=sum(report.judgement.counts[action] for action in ("new", "updated")),
        problems=problems[:SHOWN],
        more=max(0, len(problems) - SHOWN),
        upload=upload_id,
        done=done,
        passwords=passwords or {},
    )


def _found(connection: Connection[DictRow], upload_id: UUID, entry: Entry) -> Upload:
    found = uploads.find(connection, upload_id, entry)
    if found is None:
        raise Refusal(404, "not_found", msgid("这个文件已不在（只保留一小时），请重新上传。"))
    return found


def _entry(given: Services, viewer: Viewer) -> Entry:
    return Entry(staff_id=viewer.staff_id, now=given.now(), key=given.key)


def _csv(content: bytes, name: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)
