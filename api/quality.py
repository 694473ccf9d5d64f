"""Questions about data quality (数据质量) for the CDC and a station's lead: something to look into, never a verdict."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from psycopg import Connection, sql
from psycopg.rows import DictRow
from pydantic import BaseModel, Field

from api import audit
from api.access import FiguresReader, Viewer, only, residents_of, stations_of
from api.audit import Action
from api.errors import Problem, not_found
from api.language import msgid
from api.services import Database, Given
from api.small_cells import SmallCells
from ingest.accounts import Role
from ingest.authenticity.question import Pattern
from maixun.configuration import settings

pages = APIRouter(include_in_schema=False)
json = APIRouter(prefix="/api/v1", tags=["figures"])

StationLead = Annotated[Viewer, Depends(only(Role.STATION_LEAD), scope="function")]

PATTERNS = {
    Pattern.DIGITS: msgid("末位数字偏好"),
    Pattern.PAIRS: msgid("前后两人血压完全相同"),
    Pattern.RHYTHM: msgid("一小时内随访人数过多"),
    Pattern.MANUAL: msgid("手工录入比例高"),
    Pattern.SHARING: msgid("个人设备有多人使用"),
    Pattern.VARIANCE: msgid("数值过于接近"),
}
# What was found and what is usual, and what an honest reason could be: a question, not a verdict.
ASKS = {
    Pattern.DIGITS: msgid(
        "手工录入的血压中，最常见的末位数字占 %(estimate)s（95%% 区间 %(low)s–%(high)s），"
        "各数字机会均等时为 %(expected)s。是否习惯取整？"
    ),
    Pattern.PAIRS: msgid(
        "相邻两人血压完全相同的次数是偶然情况下的 %(estimate)s 倍（95%% 区间 %(low)s–%(high)s）。"
        "是否有复制录入，或同一人重复登记？"
    ),
    Pattern.RHYTHM: msgid(
        "有 %(estimate)s 个时段，一小时内随访的人数超过一人能完成的数量。是否为集中补录，录入时间不是随访时间？"
    ),
    Pattern.MANUAL: msgid(
        "%(estimate)s 的血压为手工录入（95%% 区间 %(low)s–%(high)s），设备可自动上传。设备是否故障，或没有配对？"
    ),
    Pattern.SHARING: msgid("登记为个人使用的一台设备，有 %(estimate)s 人的测量记录。使用者登记是否需要更正？"),
    Pattern.VARIANCE: msgid(
        "收缩压的离散程度是全部站点的 %(estimate)s 倍（95%% 区间 %(low)s–%(high)s）。是否只测量了情况相近的人？"
    ),
}
# The only number of people among them is too small to leave the person level.
FEW_PEOPLE = msgid("登记为个人使用的一台设备，有多人的测量记录（人数过少，不显示）。使用者登记是否需要更正？")
SHARES = {Pattern.DIGITS, Pattern.MANUAL}
COUNTS = {Pattern.RHYTHM, Pattern.SHARING}

_LISTED = sql.SQL(
    "select q.question_id, q.pattern, q.records, q.estimate, q.low, q.high, q.expected, t.name as station, t.township,"
    " s.display_name as staff, cardinality(q.keys) as behind"
    " from reporting.question q join care.station t using (station_id) left join care.staff s using (staff_id)"
    " where {} order by t.region_code, s.display_name nulls first, q.pattern"
)
_BEHIND = sql.SQL(
    "with key as (select k, split_part(k, ':', 1) as source, split_part(k, ':', 2) as id"
    " from reporting.question q join care.station t using (station_id), unnest(q.keys) k"
    " where q.question_id = %(question_id)s and {})"
    " select m.measured_at as at, m.resident_id, m.systolic, m.diastolic, 'reading' as source"
    " from key join telemetry.reading m on key.source = 'reading' and m.reading_id = key.id::uuid"
    " join care.resident r using (resident_id) where {}"
    " union all select v.visited_at, v.resident_id, v.systolic, v.diastolic, 'visit'"
    " from key join care.visit_now v on key.source = 'visit' and v.visit_id = key.id::bigint"
    " join care.resident r using (resident_id) where {}"
    " order by 1 desc limit %(limit)s"
)


class QuestionRow(BaseModel):
    """One question: the pattern, where, how strong with its 95 % interval, and what is usual."""

    question_id: int
    pattern: Pattern
    station: str
    township: str
    staff: str | None = Field(description="the member of staff it is about; null: the station as a whole")
    records: int = Field(description="how many records were looked at")
    estimate: float | None = Field(description="null, as its interval: people, and too few to be told")
    low: float | None
    high: float | None
    expected: float = Field(description="what is usual")
    behind: int = Field(description="how many records are behind it; a station's lead can read them")

    @property
    def sentence(self) -> str:
        """What is asked, with `places` to be filled in."""
        return FEW_PEOPLE if self.estimate is None else ASKS[self.pattern]

    @property
    def places(self) -> dict[str, str]:
        """The figures of the sentence as they are printed."""
        found = {name: getattr(self, name) for name in ("estimate", "low", "high", "expected")}
        return {name: self._printed(value) for name, value in found.items() if value is not None}

    def without_few(self, threshold: int) -> QuestionRow:
        """As somebody reads it who may not look at people."""
        if self.pattern is not Pattern.SHARING or self.estimate is None or self.estimate >= threshold:
            return self
        return self.model_copy(update={"estimate": None, "low": None, "high": None})

    def _printed(self, value: float) -> str:
        if self.pattern in SHARES:
            return f"{100 * value:.0f}%"
        return f"{value:.0f}" if self.pattern in COUNTS else f"{value:.1f}"


class QuestionList(BaseModel):
    """All questions that concern the viewer's stations, and when the records were last looked through."""

    looked_at: datetime | None
    questions: list[QuestionRow]


class Record(BaseModel):
    """One record behind a question, from a visit or a device."""

    at: datetime
    resident_id: int
    systolic: float
    diastolic: float
    source: str


@pages.get("/quality")
def show(request: Request, given: Given, connection: Database, viewer: FiguresReader) -> Response:
    """The list. The CDC sees stations and staff, never a resident."""
    listed = _listed(connection, viewer)
    return given.pages.show(
        request, "quality.html", viewer=viewer, listed=listed, patterns=PATTERNS, lead=_is_lead(viewer)
    )


@pages.get("/quality/{question_id}")
def detail(request: Request, given: Given, connection: Database, viewer: StationLead, question_id: int) -> Response:
    """The records behind a question of one's own station. The look is recorded."""
    question, records = _behind(given, connection, viewer, question_id)
    return given.pages.show(
        request, "quality_records.html", viewer=viewer, question=question, records=records, patterns=PATTERNS
    )


@json.get("/quality", summary="Questions about data quality")
def listing(given: Given, connection: Database, viewer: FiguresReader) -> QuestionList:  # noqa: ARG001 - asks who is there
    """Patterns of careless or made-up records by station and member of staff, each with its uncertainty."""
    return _listed(connection, viewer)


@json.get("/quality/{question_id}", summary="The records behind a question", responses={404: {"model": Problem}})
def records_of(given: Given, connection: Database, viewer: StationLead, question_id: int) -> list[Record]:
    """For the station's lead. The look is recorded."""
    return _behind(given, connection, viewer, question_id)[1]


def _is_lead(viewer: Viewer) -> bool:
    return viewer.role is Role.STATION_LEAD


def _listed(connection: Connection[DictRow], viewer: Viewer) -> QuestionList:
    rows = connection.execute(_LISTED.format(stations_of(viewer)), viewer.parameters).fetchall()
    look = connection.execute("select max(looked_at) as looked_at from reporting.question_look").fetchone()
    questions = [QuestionRow.model_validate(row) for row in rows]
    if not _is_lead(viewer):
        threshold = settings(SmallCells, "small_cells").threshold
        questions = [each.without_few(threshold) for each in questions]
    return QuestionList(looked_at=look["looked_at"] if look else None, questions=questions)


def _behind(
    given: Given, connection: Connection[DictRow], viewer: Viewer, question_id: int
) -> tuple[Any, list[Record]]:
    found = [each for each in _listed(connection, viewer).questions if each.question_id == question_id]
    if not found:
        raise not_found()
    query = _BEHIND.format(stations_of(viewer), residents_of(viewer), residents_of(viewer))
    limits = {"question_id": question_id, "limit": given.settings.list_limit}
    rows = connection.execute(query, limits | viewer.parameters).fetchall()
    audit.write(connection, given.now(), viewer.staff_id, Action.QUALITY_VIEW, question=question_id, records=len(rows))
    return found[0], [Record.model_validate(row) for row in rows]
