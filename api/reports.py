"""The quarterly report (基本公共卫生季报表): drafted, checked, closed, corrected; as page, file and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from psycopg import Connection
from psycopg.rows import DictRow
from pydantic import BaseModel, Field

from api import audit, language, report_files
from api.access import FiguresReader, ReportMaker, Viewer
from api.audit import Action
from api.errors import Problem, Refusal, not_found
from api.language import msgid
from api.report_files import Kind
from api.reporting import reports
from api.reporting.period import Quarter, local_date
from api.reporting.protected import blank
from api.reporting.reports import STEPS, Head, NotPossible, Overtaken, Report, State, Step
from api.reporting.sheet import STATES, TOO_SMALL, note
from api.reporting.table import HIDDEN, Table, changes, has_hidden, text
from api.reporting.taking import Printed
from api.services import Database, Given, Services
from api.small_cells import SmallCells
from ingest.accounts import Role
from maixun.configuration import settings as configured

pages = APIRouter(include_in_schema=False)
json = APIRouter(prefix="/api/v1", tags=["reports"])

STEP_WORDS = {
    Step.REFRESH: msgid("重新取数"),
    Step.CHECK: msgid("审核通过"),
    Step.REOPEN: msgid("退回修改"),
    Step.CLOSE: msgid("上报并封存"),
}
NOT_POSSIBLE = {
    "in_work": msgid("这个季度的报表正在编制，请先完成它。"),
    "reason_needed": msgid("已上报的报表不能更改。要更正，请写明原因，系统会生成新的版次。"),
    "not_begun": msgid("这个季度还没有开始。"),
}
QUARTERS_SHOWN = 8


class ReportHead(BaseModel):
    """A report without its figures. `revision` is what a step asks for."""

    report_id: int
    region_prefix: str = Field(examples=["330108"])
    period: str = Field(examples=["2026Q1"])
    version: int
    state: State
    revision: int
    waits: bool = Field(description="some figures stay hidden until those of the quarter are published again")
    reason: str | None = Field(description="why a closed report was corrected")


class ReportBody(BaseModel):
    """A report with the tables you may see and the definitions behind them."""

    head: ReportHead
    tables: list[Table]
    definitions: list[Printed]


@pages.get("/reports")
def show_all(request: Request, given: Given, connection: Database, viewer: FiguresReader) -> Response:
    """The reports of the viewer's region, and a form for the next."""
    audit.write(connection, given.now(), viewer.staff_id, Action.REPORT_LIST)
    return _list(request, given, connection, viewer)


@pages.post("/reports")
def begin(
    request: Request,
    given: Given,
    connection: Database,
    viewer: ReportMaker,
    period: Annotated[str, Form(pattern=r"^\d{4}Q[1-4]$")],
    region: Annotated[str, Form(max_length=12)] = "",
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Begin a report, or the correction of a closed one."""
    prefix = _own_region(viewer) if viewer.role is Role.CDC else region.strip()
    if not (prefix.isdigit() and 2 <= len(prefix) <= 12):
        raise Refusal(422, "invalid", msgid("请填写 2 至 12 位的地区代码。"))
    quarter = Quarter(int(period[:4]), int(period[5]))
    try:
        report_id = reports.draft(
            connection,
            given.indicators,
            quarter,
            prefix,
            staff_id=viewer.staff_id,
            now=given.now(),
            reason=reason.strip() or None,
            county_names=given.reporting.county_names,
        )
    except NotPossible as problem:
        return _list(request, given, connection, viewer, problem=NOT_POSSIBLE[str(problem)])
    audit.write(connection, given.now(), viewer.staff_id, Action.REPORT_DRAFT, report=report_id, period=period)
    return RedirectResponse(f"/reports/{report_id}", status_code=303)


@pages.get("/reports/{report_id}")
def show(
    request: Request,
    given: Given,
    connection: Database,
    viewer: FiguresReader,
    report_id: int,
    table: Annotated[str, Query(max_length=60)] = "",
) -> Response:
    """One report: a table at a time, the definitions behind it, what can be done next."""
    report = found(connection, viewer, report_id)
    tables = _tables(report, viewer)
    audit.write(connection, given.now(), viewer.staff_id, Action.REPORT_VIEW, report=report_id)
    spoken = language.of(request)
    sheet = report_files.sheet(report, tables, given.reporting, spoken)
    chosen = next((each for each in tables if each.name == table), tables[0] if tables else None)
    return given.pages.show(
        request,
        "report.html",
        viewer=viewer,
        report=report,
        sheet=sheet,
        tables=tables,
        chosen=chosen,
        notes=_notes(report, chosen, spoken),
        steps=_steps(report.head, viewer),
        step_words=STEP_WORDS,
        state_words=STATES,
        text=text,
        too_small=TOO_SMALL if chosen and has_hidden(chosen) else None,
        kinds=list(Kind),
        corrected=_corrections(connection, report, viewer),
        reconciled=_reconciled(connection, report, viewer),
    )


@pages.post("/reports/{report_id}/step")
def step(
    given: Given,
    connection: Database,
    viewer: ReportMaker,
    report_id: int,
    revision: Annotated[int, Form()],
    step: Annotated[Step, Form()],
) -> Response:
    """Check, reopen, close, or take the figures anew: if nobody was faster."""
    head = found(connection, viewer, report_id).head
    try:
        reports.advance(
            connection,
            given.indicators,
            head,
            step,
            revision=revision,
            staff_id=viewer.staff_id,
            now=given.now(),
            county_names=given.reporting.county_names,
        )
    except (NotPossible, Overtaken):
        raise Refusal(409, "overtaken", msgid("报表已被别人更改，请回到报表重新查看。")) from None
    audit.write(connection, given.now(), viewer.staff_id, Action.REPORT_STEP, report=report_id, step=step)
    return RedirectResponse(f"/reports/{report_id}", status_code=303)


@pages.get("/reports/{report_id}/file.{kind}")
def download(
    request: Request, given: Given, connection: Database, viewer: FiguresReader, report_id: int, kind: Kind
) -> Response:
    """The report as a file, in the visitor's language."""
    report = found(connection, viewer, report_id)
    audit.write(connection, given.now(), viewer.staff_id, Action.REPORT_EXPORT, report=report_id, kind=kind)
    sheet = report_files.sheet(report, _tables(report, viewer), given.reporting, language.of(request))
    content = report_files.written(kind, sheet, given.reporting, report_files.organisation_units(connection))
    named = {"content-disposition": f'attachment; filename="{report_files.file_name(report, kind)}"'}
    return Response(content, media_type=report_files.MEDIA[kind], headers=named)


@json.get("/reports", summary="List the quarterly reports")
def listing(given: Given, connection: Database, viewer: FiguresReader) -> list[ReportHead]:
    """Reports of your region, newest first. The look is recorded."""
    audit.write(connection, given.now(), viewer.staff_id, Action.REPORT_LIST)
    return [_head(head) for head in _listing(connection, viewer)]


@json.get("/reports/{report_id}", summary="Read a quarterly report", responses={404: {"model": Problem}})
def read(given: Given, connection: Database, viewer: FiguresReader, report_id: int) -> ReportBody:
    """A report with the tables you may see: a station lead's hold the own station alone. The look is recorded."""
    report = found(connection, viewer, report_id)
    audit.write(connection, given.now(), viewer.staff_id, Action.REPORT_VIEW, report=report_id)
    return ReportBody(
        head=_head(report.head), tables=list(_tables(report, viewer)), definitions=list(report.definitions)
    )


def _tables(report: Report, viewer: Viewer) -> Sequence[Table]:
    """What of a report's tables may leave for this viewer: the one place that pages, files and JSON take them from."""
    if viewer.role is not Role.STATION_LEAD:
        return report.shown or blank(report.tables)
    own = f"station:{viewer.station_id}"
    return [
        table.model_copy(update={"rows": tuple(row for row in table.rows if row.key == own)}) for table in report.tables
    ]


def _own_region(viewer: Viewer) -> str:
    if viewer.region_prefix is None:
        raise Refusal(403, "no_region", msgid("您的账号还没有登记地区，请管理员登记。"))
    return viewer.region_prefix


def _listing(connection: Connection[DictRow], viewer: Viewer) -> list[Head]:
    if viewer.role is Role.STATION_LEAD:
        return reports.covering(connection, _station_code(connection, viewer))
    return reports.listing(connection, "" if viewer.is_admin else _own_region(viewer))


def _station_code(connection: Connection[DictRow], viewer: Viewer) -> str:
    query = "select region_code from care.station where station_id = %s"
    row = connection.execute(query, [viewer.station_id]).fetchone()
    if row is None:
        raise not_found()
    return str(row["region_code"])


def found(connection: Connection[DictRow], viewer: Viewer, report_id: int) -> Report:
    """The report, if it is about the viewer's own region, station or anything for an administrator."""
    report = reports.find(connection, report_id)
    if report is None or not _is_theirs(connection, viewer, report.head.region_prefix):
        raise not_found()
    return report


def _is_theirs(connection: Connection[DictRow], viewer: Viewer, prefix: str) -> bool:
    if viewer.role is Role.STATION_LEAD:
        return _station_code(connection, viewer).startswith(prefix)
    return viewer.is_admin or prefix.startswith(_own_region(viewer))


def _list(
    request: Request, given: Services, connection: Connection[DictRow], viewer: Viewer, *, problem: str | None = None
) -> Response:
    today = local_date(given.now())
    return given.pages.show(
        request,
        "reports.html",
        status=409 if problem else 200,
        viewer=viewer,
        heads=_listing(connection, viewer),
        makes=viewer.role in (Role.CDC, Role.ADMIN),
        quarters=_recent(today),
        due_day=given.reporting.due_day,
        state_words=STATES,
        problem=problem,
    )


def _recent(today: date) -> list[Quarter]:
    """The latest quarter that has ended first, then the running one, then earlier ones."""
    running = Quarter.of(today)
    quarters = [running.previous, running, running.previous.previous]
    while len(quarters) < QUARTERS_SHOWN:
        quarters.append(quarters[-1].previous)
    return quarters


def _steps(head: Head, viewer: Viewer) -> list[Step]:
    if viewer.role is Role.STATION_LEAD:
        return []
    return [step for state, step in STEPS if state == head.state]


def _notes(report: Report, table: Table | None, spoken: language.Language) -> list[tuple[str, str]]:
    used = {column.indicator for column in table.columns} if table else set()
    say = language.translator(spoken)
    return [(each.mark, note(each, spoken, say)) for each in report.definitions if each.mark in used]


def _corrections(connection: Connection[DictRow], report: Report, viewer: Viewer) -> list[tuple[Table, list[Any]]]:
    """Table by table, the cells in which a correction differs from the version before."""
    earlier = reports.before(connection, report.head)
    if earlier is None:
        return []
    pairs = zip(_tables(earlier, viewer), _tables(report, viewer), strict=True)
    return [(after, changed) for old, after in pairs if (changed := changes(old, after))]


def _reconciled(connection: Connection[DictRow], report: Report, viewer: Viewer) -> list[DictRow]:
    """The comparisons with ledgers so far, in numbers; a lead's own station alone."""
    query = (
        "select c.*, s.name as station from reporting.reconciliation c left join care.station s using (station_id)"
        " where report_id = %(report)s and (%(station)s::integer is null or c.station_id = %(station)s)"
        " order by at desc limit 50"
    )
    station = viewer.station_id if viewer.role is Role.STATION_LEAD else None
    rows = connection.execute(query, {"report": report.head.report_id, "station": station}).fetchall()
    return rows if viewer.role is Role.STATION_LEAD else [row | _large(report, row) for row in rows]


def _large(report: Report, row: DictRow) -> dict[str, int | str]:
    """The numbers of a comparison for whoever sees no person: of a station, if none is small and the report shows it.

    What both have and what the records alone have is together the report's number. A region's comparison would give
    away what is hidden of one of its stations.
    """
    numbers = {name: row[name] for name in ("on_both", "ledger_only", "records_only", "unknown")}
    small = any(0 < number < configured(SmallCells, "small_cells").threshold for number in numbers.values())
    shown = row["station_id"] is not None and _is_shown(report, row["indicator"], row["span"], row["station_id"])
    return numbers if shown and not small else dict.fromkeys(numbers, HIDDEN)


def _is_shown(report: Report, indicator: str, span: str, station_id: int) -> bool:
    cells = [
        cell
        for table in report.shown
        if table.name.partition("_")[2] == span
        for row in table.rows
        if row.key == f"station:{station_id}"
        for column, cell in zip(table.columns, row.cells, strict=True)
        if column.indicator.partition("/")[0] == indicator
    ]
    return bool(cells) and not any(cell.hidden for cell in cells)


def _head(head: Head) -> ReportHead:
    return ReportHead(
        report_id=head.report_id,
        region_prefix=head.region_prefix,
        period=str(head.period),
        version=head.version,
        state=State(head.state),
        revision=head.revision,
        waits=head.waits,
        reason=head.reason,
    )
