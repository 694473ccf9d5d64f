"""Trying rules out on stored history: a station lead for the own station, an administrator for all, without names."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from fastapi.responses import RedirectResponse
from psycopg import Connection
from psycopg.rows import DictRow
from pydantic import BaseModel, Field

from api import audit, language
from api.access import RuleReader, Viewer
from api.audit import Action
from api.errors import Problem, Refusal, not_found
from api.language import msgid
from api.people import name_of
from api.services import Database, Given, Services, plain_rows
from ingest.accounts import Role
from ingest.alerting import kept_replays, rules
from ingest.alerting.kept_replays import Wish
from ingest.alerting.person import LOCAL
from maixun.configuration import ConfigurationError

pages = APIRouter(prefix="/rules/replay", include_in_schema=False)
json = APIRouter(prefix="/api/v1/rules/replays", tags=["rules"])

LARGEST = 200_000  # bytes; our own files have under ten thousand
SHOWN = 100  # residents that would differ, on the page; all are in the JSON
KEPT = 20  # results listed
STATES = {"running": msgid("正在试算"), "done": msgid("已完成"), "failed": msgid("未完成")}

_KEPT = """
select v.replay_id, v.asked_at, v.station_id, t.name as station, s.display_name as asked_by, v.first_day, v.until_day,
    v.file_name, v.done, v.people, v.ended_at, v.why,
    case when v.state = 'running' and v.seen_at < clock_timestamp() - make_interval(secs => %(lost)s)
        then 'failed' else v.state end as state
from care.rule_replay v join care.staff s on s.staff_id = v.asked_by
    left join care.station t on t.station_id = v.station_id
where (%(all)s or v.station_id = %(station)s)"""


class Kept(BaseModel):
    """A replay somebody asked for. `report` is there once it is done; what it holds is in `docs/tuning.md`."""

    replay_id: int
    state: str = Field(description="running, done or failed")
    done: int = Field(description="residents replayed so far")
    people: int = Field(description="residents in all")
    first_day: date
    until_day: date = Field(description="the first day left out")
    file_name: str | None
    asked_at: datetime
    report: dict[str, Any] | None


@pages.get("")
def form(request: Request, given: Given, connection: Database, viewer: RuleReader) -> Response:
    """What to try, and what was tried before."""
    return _form(request, given, connection, viewer)


@pages.post("")
def ask(
    request: Request,
    given: Given,
    connection: Database,
    viewer: RuleReader,
    first: Annotated[date, Form()],
    until: Annotated[date, Form()],
    rules_file: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Check the candidate and let it run in the background; the page then tells how far it is."""
    try:
        wish = _wish(viewer, first, until, rules_file)
        with plain_rows(connection) as tuples:
            replay_id = kept_replays.ask(tuples, wish, asked_by=viewer.staff_id, now=given.now())
        if replay_id is None:
            raise Refusal(409, "busy", msgid("另一次试算正在进行，请等它完成后再开始。"))
    except Refusal as refusal:
        return _form(request, given, connection, viewer, refusal, typed={"first": first, "until": until})
    audit.write(connection, given.now(), viewer.staff_id, Action.RULES_REPLAY, replay_id=replay_id)
    connection.commit()  # the process that does the work must see it
    kept_replays.start(str(given.pool.conninfo), replay_id)
    return RedirectResponse(f"/rules/replay/{replay_id}", status_code=303)


@pages.get("/{replay_id}")
def result(request: Request, given: Given, connection: Database, viewer: RuleReader, replay_id: int) -> Response:
    """The report, or how far it is."""
    kept = _found(connection, viewer, replay_id)
    report = _report(given, connection, viewer, replay_id) if kept["state"] == "done" else None
    return given.pages.show(
        request,
        "rules_replay_result.html",
        viewer=viewer,
        kept=kept,
        states=STATES,
        report=report,
        shown=SHOWN,
        doctors=_doctors(connection),
        labels=_labels(given, language.of(request).value),
    )


@pages.get("/{replay_id}/progress")
def progress(request: Request, given: Given, connection: Database, viewer: RuleReader, replay_id: int) -> Response:
    """The line that says how far it is; when it has ended the whole page is read again."""
    kept = _found(connection, viewer, replay_id)
    if kept["state"] != "running":
        return Response(status_code=204, headers={"HX-Refresh": "true"})
    return given.pages.show(request, "rules_replay_progress.html", kept=kept)


@json.get("/{replay_id}", summary="Read a replay of rules", responses={404: {"model": Problem}})
def read(given: Given, connection: Database, viewer: RuleReader, replay_id: int) -> Kept:
    """An administrator gets residents by their pseudonym only."""
    kept = _found(connection, viewer, replay_id)
    return Kept(**kept, report=_report(given, connection, viewer, replay_id) if kept["state"] == "done" else None)


def _wish(viewer: Viewer, first: date, until: date, file: UploadFile | None) -> Wish:
    """What is asked for, its candidate read and checked. Raises `Refusal`."""
    if first >= until:
        raise Refusal(422, "invalid", msgid("开始日期必须早于结束日期。"))
    station_id = viewer.station_id if viewer.role is Role.STATION_LEAD else None
    named = bool(file and file.filename)
    wish = Wish(
        first_day=first,
        until_day=until,
        station_id=station_id,
        file_name=str(file.filename)[:200] if file and named else None,
        text=_text(file) if file and named else None,
    )
    try:
        documents = wish.candidate()
        if documents is not None:
            rules.parse(documents)
    except ConfigurationError as error:
        raise Refusal(422, "wrong_rules", msgid("规则文件不能使用：%(why)s"), why=_clear(error)) from None
    return wish


def _clear(error: ConfigurationError) -> str:
    """What is wrong, without the addresses of the validator's own manual."""
    return "\n".join(line for line in str(error).splitlines() if "For further information" not in line)


def _text(file: UploadFile) -> str:
    data = file.file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise Refusal(422, "too_large", msgid("规则文件太大。"))
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Refusal(422, "wrong_rules", msgid("规则文件必须是 UTF-8 编码的文本。")) from None


def _form(
    request: Request,
    given: Services,
    connection: Connection[DictRow],
    viewer: Viewer,
    refusal: Refusal | None = None,
    *,
    typed: dict[str, date] | None = None,
) -> Response:
    today = given.now().astimezone(LOCAL).date()
    quarter = date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
    listed = f"{_KEPT} order by v.replay_id desc limit %(limit)s"
    return given.pages.show(
        request,
        "rules_replay.html",
        status=refusal.status if refusal else 200,
        viewer=viewer,
        states=STATES,
        kept=connection.execute(listed.encode(), _scope(viewer) | {"limit": KEPT}).fetchall(),
        typed=typed or {"first": quarter, "until": today},
        problem=refusal.says[language.of(request)] if refusal else None,
    )


def _found(connection: Connection[DictRow], viewer: Viewer, replay_id: int) -> DictRow:
    query = f"{_KEPT} and v.replay_id = %(replay_id)s"
    kept = connection.execute(query.encode(), _scope(viewer) | {"replay_id": replay_id}).fetchone()
    if kept is None:
        raise not_found()
    return kept


def _scope(viewer: Viewer) -> dict[str, object]:
    return {"all": viewer.is_admin, "station": viewer.station_id, "lost": kept_replays.LOST_AFTER}


def _report(given: Services, connection: Connection[DictRow], viewer: Viewer, replay_id: int) -> dict[str, Any]:
    """The kept report: with names for a station lead, else by pseudonym alone. The look is recorded."""
    row = connection.execute("select report from care.rule_replay where replay_id = %s", [replay_id]).fetchone()
    report: dict[str, Any] = row["report"] if row else {}
    audit.write(connection, given.now(), viewer.staff_id, Action.RULES_REPLAY_VIEW, replay_id=replay_id)
    if viewer.is_admin:
        differ = [one | {"resident_id": None, "name": None} for one in report["differ"]]
        return report | {"differ": differ}
    ids = [one["resident_id"] for one in report["differ"][:SHOWN]]
    rows = connection.execute(
        "select r.resident_id, p.name_sealed from care.resident r left join identity.person p using (resident_id)"
        " where r.resident_id = any(%s) and r.station_id = %s",
        [ids, viewer.station_id],
    ).fetchall()
    names = {each["resident_id"]: name_of(each["name_sealed"], given.key) for each in rows}
    return report | {"differ": [one | {"name": names.get(one["resident_id"])} for one in report["differ"]]}


def _doctors(connection: Connection[DictRow]) -> dict[str, str]:
    rows = connection.execute("select staff_id, display_name from care.staff where role in ('doctor', 'station_lead')")
    return {str(row["staff_id"]): row["display_name"] for row in rows.fetchall()}


def _labels(given: Services, spoken: str) -> dict[str, str]:
    """What rules, patterns and causes are called today."""
    every = [*given.rules.labels.items(), *((rule.name, rule.label) for f in given.rules.files for rule in f.rules)]
    return {name: getattr(label, spoken) for name, label in every}
