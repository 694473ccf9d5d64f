"""A station's own ledger against the report: who differs and why, for whoever may see people; numbers for the CDC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from psycopg import Connection
from psycopg.rows import DictRow

from api import audit, language
from api.access import Reconciler, Viewer
from api.audit import Action
from api.errors import Refusal
from api.language import msgid
from api.reporting import ledger
from api.reporting.comparison import About
from api.reporting.ledger import UnreadableLedger
from api.reporting.period import Span
from api.reporting.quarterly import SPANS
from api.reporting.reasons import WHY
from api.reporting.reconcile import Difference, Outcome
from api.reporting.reports import Report
from api.reports import found as found_report
from api.services import Database, Given, Services
from ingest.accounts import Role
from ingest.identity import unseal

pages = APIRouter(include_in_schema=False)

MOST_BYTES = 20_000_000
UNREADABLE = {
    "not_a_table": msgid("这个文件不是 CSV 或 XLSX 表格。"),
    "no_key_column": msgid("表头里没有“身份证号”或“居民标识”一列。"),
    "too_long": msgid("表格的行数太多。"),
}
SHOWN = 1000


@dataclass(frozen=True, slots=True)
class Listed:
    """A difference with whose it is, where the viewer may see that."""

    difference: Difference
    resident_id: int | None
    name: str | None


@pages.get("/reports/{report_id}/reconcile")
def ask(request: Request, given: Given, connection: Database, viewer: Reconciler, report_id: int) -> Response:
    """The form."""
    return _page(request, given, viewer, found_report(connection, viewer, report_id))


@pages.post("/reports/{report_id}/reconcile")
def compare(
    request: Request,
    given: Given,
    connection: Database,
    viewer: Reconciler,
    report_id: int,
    indicator: Annotated[str, Form(max_length=60)],
    span: Annotated[Span, Form()],
    file: Annotated[UploadFile, File()],
) -> Response:
    """Compare a ledger with the people behind the report's figure. The file is not kept; the look is recorded."""
    report = found_report(connection, viewer, report_id)
    content = file.file.read(MOST_BYTES + 1)
    try:
        if len(content) > MOST_BYTES:
            raise UnreadableLedger("too_long")
        entries = ledger.read(file.filename or "", content, given.key).entries
    except UnreadableLedger as problem:
        return _page(request, given, viewer, report, problem=UNREADABLE[problem.code])
    if indicator not in {each.name for each in report.definitions}:
        raise Refusal(422, "invalid", msgid("请选择报表里的一项指标。"))
    about = About(report_id, span, indicator, _station_of(viewer))
    outcome = about.compare(connection, entries)
    about.keep(connection, outcome, viewer.staff_id, given.now())
    audit.write(
        connection, given.now(), viewer.staff_id, Action.REPORT_RECONCILE, report=report_id, indicator=indicator
    )
    listed = _named(connection, given, viewer, outcome.differences[:SHOWN])
    return _page(request, given, viewer, report, outcome=outcome, listed=listed, chosen=(indicator, span))


def _page(
    request: Request,
    given: Services,
    viewer: Viewer,
    report: Report,
    *,
    problem: str | None = None,
    outcome: Outcome | None = None,
    listed: Sequence[Listed] = (),
    chosen: tuple[str, str] = ("", ""),
) -> Response:
    spoken = language.of(request)
    return given.pages.show(
        request,
        "report_reconcile.html",
        status=422 if problem else 200,
        viewer=viewer,
        report=report,
        problem=problem,
        outcome=outcome,
        listed=listed,
        chosen=chosen,
        spans=SPANS,
        why=WHY,
        indicators={each.name: each.label[spoken] for each in report.definitions},
    )


def _station_of(viewer: Viewer) -> int | None:
    """The one station a lead's comparison is about; None: the administrator's is about the region."""
    return viewer.station_id if viewer.role is Role.STATION_LEAD else None


def _named(
    connection: Connection[DictRow], given: Services, viewer: Viewer, differences: Sequence[Difference]
) -> list[Listed]:
    """A lead sees who of the own station's people it is, an administrator only rows and reasons."""
    if viewer.role is not Role.STATION_LEAD:
        return [Listed(each, None, None) for each in differences]
    rows = connection.execute(
        "select resident_id, name_sealed from identity.person where resident_id = any(%s)",
        [[each.resident_id for each in differences]],
    ).fetchall()
    names: Mapping[int, str] = {row["resident_id"]: unseal(row["name_sealed"], given.key) for row in rows}
    return [Listed(each, each.resident_id, names.get(each.resident_id)) for each in differences]
