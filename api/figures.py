"""The figures API (汇总数据): published figures by indicator, period and place, as JSON or CSV, a page at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from psycopg import Connection
from psycopg.rows import DictRow
from pydantic import BaseModel, Field

from api import audit
from api.accepting import CSV, JSON, preferred
from api.access import FiguresReader, Viewer
from api.audit import Action
from api.errors import Problem, Refusal, not_found
from api.language import msgid
from api.reporting import figure_rows, own_station, shelf
from api.reporting.figure_rows import Asked, By, FigureRow, Places
from api.reporting.region import Level, Place
from api.reporting.released import Release
from api.reporting.shelf import Published
from api.reporting.spell import Kind
from api.services import Database, Given, Services
from ingest.accounts import Role

json = APIRouter(prefix="/api/v1/figures", tags=["figures"])

PERIODS = 24  # in one question: two years of months
PERIOD = r"^\d{4}(-\d{2}|Q[1-4](-ytd)?)$"
PRIVATE = {"cache-control": "private, no-cache", "vary": "Accept, Cookie"}  # kept by the asker, and asked about again


class PeriodHead(BaseModel):
    """A period whose figures are published."""

    period: str = Field(examples=["2026Q3", "2026-09", "2026Q3-ytd"])
    kind: Kind
    begins: date
    last_day: date
    counted_at: datetime


class RegionHead(BaseModel):
    """A place of the tree. `parent`: the one it counts into; null at the top of what you see."""

    region: str = Field(examples=["330108", "station-12"])
    level: Level
    name: str
    parent: str | None


class FigurePage(BaseModel):
    """Figures, and the cursor of the page after them; null: there are no more."""

    figures: Sequence[FigureRow]
    next: str | None
    threshold: int = Field(description="numbers of 1 to below it are hidden; 0: nothing is, the station is your own")


@json.get("/periods", summary="List the published periods")
def published(connection: Database, _viewer: FiguresReader) -> list[PeriodHead]:
    """The latest first. A running period is counted up to the day of `counted_at`."""
    return [
        PeriodHead(
            period=each.period,
            kind=each.spell.kind,
            begins=each.spell.begin,
            last_day=each.spell.last_day,
            counted_at=each.counted_at,
        )
        for each in shelf.periods(connection)
    ]


@json.get("/regions", summary="List the places that have figures", responses={404: {"model": Problem}})
def regions(
    given: Given,
    connection: Database,
    viewer: FiguresReader,
    period: Annotated[str | None, Query(pattern=PERIOD, description="left out: the latest")] = None,
) -> list[RegionHead]:
    """Yours and what lies in it, larger ones first. A region with the very stations of a smaller one is left out."""
    if viewer.role is Role.STATION_LEAD:
        places = [own_station.place(connection, _station(viewer))]
    else:
        latest = _chosen(connection, [period] if period else [])[0]
        places = figure_rows.visible(given.shelf.take(connection, latest), _within(viewer))
    keys = {each.key for each in places}
    return [_region(each, keys) for each in places]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The parameters of a question for figures. They are stable: what is added later may be left out."""

    period: Sequence[str]
    indicator: Sequence[str]
    region: str | None
    level: Places
    by: By
    limit: int
    cursor: str | None


def question(
    request: Request,
    given: Given,
    period: Annotated[
        list[Annotated[str, Query(pattern=PERIOD)]] | None, Query(max_length=PERIODS, description="repeat for several")
    ] = None,
    indicator: Annotated[list[str] | None, Query(max_length=100, description="left out: all")] = None,
    region: Annotated[str | None, Query(pattern=r"^(\d{2,12}|station-\d{1,9})$")] = None,
    level: Annotated[Places, Query(description="which places of the region")] = Places.SELF,
    by: Annotated[By, Query(description="by hour: the indicator measuring_hours alone")] = By.WHOLE,
    limit: Annotated[int, Query(ge=1, le=5000)] = 1000,
    cursor: Annotated[str | None, Query(max_length=60, description="the `next` of the page before")] = None,
) -> Question:
    """What is asked for. Raises the 422 refusal for a parameter or an indicator there is not."""
    unknown = sorted(set(request.query_params) - set(Question.__slots__))
    wrong = [name for name in indicator or () if not figure_rows.knows(name, by, given.indicators.by_name)]
    if unknown or wrong:
        raise Refusal(422, "invalid", msgid("请检查填写的内容：%(fields)s"), fields=", ".join([*unknown, *wrong]))
    return Question(
        period=list(dict.fromkeys(period or ())),
        indicator=indicator or [],
        region=region,
        level=level,
        by=by,
        limit=limit,
        cursor=cursor,
    )


@json.get(
    "",
    summary="Read published figures",
    response_model=FigurePage,
    responses={
        200: {"content": {CSV: {}}, "description": "By `Accept` as JSON or, with the same columns, as CSV."},
        304: {"description": "As you have it: `If-None-Match` named this very answer."},
        **{status: {"model": Problem} for status in (404, 406, 409, 422)},
    },
)
def read(
    request: Request,
    given: Given,
    connection: Database,
    viewer: FiguresReader,
    asked: Annotated[Question, Depends(question)],
) -> Response:
    """Figures of your region, small numbers hidden; of your own station, for its lead, all. The look is recorded."""
    media = preferred(request.headers.get("accept"), (JSON, CSV))
    if media is None:
        raise Refusal(406, "not_acceptable", msgid("只能以 JSON 或 CSV 回答。"))
    chosen = _chosen(connection, asked.period)
    audit.write(
        connection,
        given.now(),
        viewer.staff_id,
        Action.FIGURES_VIEW,
        periods=[each.period for each in chosen],
        region=asked.region,
        level=asked.level,
        by=asked.by,
    )
    releases = _releases(given, connection, viewer, chosen, asked.indicator)
    state = _state(viewer, chosen, releases)
    tag = f'W/"{_digest(state, media, str(sorted(request.query_params.multi_items())))}"'
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=PRIVATE | {"etag": tag})
    page = _page(asked, viewer, releases, state)
    headers = PRIVATE | {"etag": tag} | _link(request, page.next)
    body = figure_rows.as_csv(page.figures) if media == CSV else page.model_dump_json().encode()
    return Response(body, media_type="text/csv; charset=utf-8" if media == CSV else JSON, headers=headers)


def _chosen(connection: Connection[DictRow], periods: Sequence[str]) -> list[Published]:
    """Where the periods asked for are; none asked for: the latest quarter, or the latest of all."""
    known = shelf.periods(connection)
    if not periods:
        quarters = [each for each in known if each.spell.kind is Kind.QUARTER]
        known = (quarters or known)[:1]
        periods = [each.period for each in known]
    found = {each.period: each for each in known}
    missing = [period for period in periods if period not in found]
    if missing or not periods:
        text = msgid("这个时段的数据还没有发布：%(periods)s")
        raise Refusal(404, "not_published", text, periods=", ".join(missing) or "–")
    return [found[period] for period in periods]


def _releases(
    given: Services,
    connection: Connection[DictRow],
    viewer: Viewer,
    chosen: Sequence[Published],
    names: Sequence[str],
) -> Mapping[str, Release]:
    if viewer.role is not Role.STATION_LEAD:
        return {each.period: given.shelf.take(connection, each) for each in chosen}
    spells = [each.spell for each in chosen]
    own = own_station.count(connection, given.indicators, _station(viewer), spells, now=given.now(), names=names)
    return {each.period: own for each in chosen}


def _station(viewer: Viewer) -> int:
    if viewer.station_id is None:
        raise not_found()
    return viewer.station_id


def _within(viewer: Viewer) -> str:
    """The region a viewer sees figures of; of a lead the release is the own station's alone."""
    if viewer.role is Role.CDC and viewer.region_prefix is None:
        raise Refusal(403, "no_region", msgid("您的账号还没有登记地区，请管理员登记。"))
    return viewer.region_prefix or "" if viewer.role is Role.CDC else ""


def _state(viewer: Viewer, chosen: Sequence[Published], releases: Mapping[str, Release]) -> str:
    """Which state of the figures an answer is made from: pages of one list must come from one."""
    if viewer.role is Role.STATION_LEAD:
        numbers = [each.model_dump_json(exclude={"counted_at"}) for each in releases[chosen[0].period].series]
        return _digest(*numbers)
    return _digest(_within(viewer), *(f"{each.ends} {each.revision} {each.counted_at}" for each in chosen))


def _page(asked: Question, viewer: Viewer, releases: Mapping[str, Release], state: str) -> FigurePage:
    wanted = Asked(
        periods=list(releases),
        indicators=asked.indicator,
        region=asked.region,
        places=asked.level,
        by=asked.by,
        within=_within(viewer),
    )
    begin = _begin(asked.cursor, state)
    try:
        numbers = list(islice(figure_rows.found(wanted, releases), begin, begin + asked.limit + 1))
    except figure_rows.NoSuchPlace:
        raise not_found() from None
    more = len(numbers) > asked.limit
    return FigurePage(
        figures=figure_rows.rows(numbers[: asked.limit]),
        next=f"{state}_{begin + asked.limit}" if more else None,
        threshold=next(iter(releases.values())).threshold,
    )


def _begin(cursor: str | None, state: str) -> int:
    """How many figures came before. Raises the refusals for a word we did not give out, and for older figures."""
    if cursor is None:
        return 0
    of, _, number = cursor.partition("_")
    if not (number.isascii() and number.isdigit()):
        raise Refusal(422, "invalid", msgid("页码无效，请从第一页重新开始。"))
    if of != state:
        raise Refusal(409, "published_anew", msgid("数据已重新发布，请从第一页重新开始。"))
    return int(number)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]


def _link(request: Request, cursor: str | None) -> dict[str, str]:
    if cursor is None:
        return {}
    following = request.url.include_query_params(cursor=cursor)
    return {"link": f'<{following.path}?{following.query}>; rel="next"'}


def _region(place: Place, keys: set[str]) -> RegionHead:
    parent = place.parent if place.parent in keys else None
    return RegionHead(region=place.key, level=place.level, name=place.name, parent=parent)
