"""The dashboard of the CDC: one page of charts for a place, a period and an indicator; each chart as a file too."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from psycopg import Connection
from psycopg.rows import DictRow

from api import audit, language
from api.access import FiguresReader, Viewer
from api.audit import Action
from api.dashboard import chart, options, wording
from api.dashboard.archive import Archive, in_order, taken
from api.dashboard.chart import Chart, Name
from api.dashboard.choice import Asked, Unknown, choose
from api.dashboard.equipment import by_place
from api.dashboard.fleet import fleet
from api.dashboard.look import Look
from api.dashboard.outcomes import outcomes
from api.dashboard.overview import overview
from api.dashboard.pyramid import pyramid
from api.dashboard.ranking import ranking
from api.dashboard.rhythm import rhythm
from api.dashboard.tree import branches
from api.dashboard.trend import trend
from api.errors import not_found
from api.language import msgid
from api.reporting import region
from api.reporting.period import local_date
from api.reporting.region import Place
from api.reporting.shelf import periods
from api.services import Database, Given, Services
from ingest.accounts import Role
from ingest.fleet_settings import FleetSettings
from maixun.configuration import settings

pages = APIRouter(include_in_schema=False)

FROM_FIGURES = {
    Name.TREND: trend,
    Name.OUTCOMES: outcomes,
    Name.RANKING: ranking,
    Name.PYRAMID: pyramid,
    Name.RHYTHM: rhythm,
    Name.OVERVIEW: overview,
}
MEDIA = {"csv": "text/csv; charset=utf-8", "svg": "image/svg+xml"}


def asked(
    region: Annotated[str, Query(max_length=40)] = "",
    period: Annotated[str, Query(max_length=12)] = "",
    indicator: Annotated[str, Query(max_length=60)] = "",
    part: Annotated[str, Query(max_length=40)] = "",
    level: Annotated[str, Query(max_length=20)] = "",
) -> Asked:
    """The parameters of the address."""
    return Asked(region=region, period=period, indicator=indicator, part=part, level=level)


Address = Annotated[Asked, Depends(asked)]


@pages.get("/dashboard")
def show(request: Request, given: Given, connection: Database, viewer: FiguresReader, address: Address) -> Response:
    """All charts of what the address asks for. The look is recorded."""
    archive = _archive(given, connection, viewer, address)
    places = visible(viewer, archive.places)
    if not places:
        return given.pages.show(request, "dashboard_empty.html", viewer=viewer, published=bool(archive.releases))
    look = _look(request, given, archive, places, address)
    audit.write(connection, given.now(), viewer.staff_id, Action.DASHBOARD_VIEW, look=look.choice.address)
    charts = {name.value: _chart(name, look, given, connection) for name in Name}
    return given.pages.show(
        request,
        "dashboard.html",
        viewer=viewer,
        look=look,
        choice=look.choice,
        charts=charts,
        tree=branches(places, look.choice.place),
        place_name=partial(wording.place_name, look),
        period_name=wording.spell_name(look, look.choice.spell),
        part_name=wording.part_name(look, look.choice.part),
        periods=options.periods(look),
        indicators=options.indicators(look),
        parts=options.parts(look),
        levels=options.levels(look),
        counted_at=_counted_at(look),
    )


@pages.get("/dashboard/{name}.{kind}")
def download(
    request: Request,
    given: Given,
    connection: Database,
    viewer: FiguresReader,
    address: Address,
    name: Name,
    kind: Literal["csv", "svg"],
) -> Response:
    """One chart as a table or as a picture, in the visitor's language. It is recorded."""
    archive = _archive(given, connection, viewer, address)
    look = _look(request, given, archive, visible(viewer, archive.places), address)
    made = _chart(name, look, given, connection)
    if kind == "svg" and made.picture is None:
        raise not_found()
    audit.write(
        connection,
        given.now(),
        viewer.staff_id,
        Action.DASHBOARD_EXPORT,
        chart=name,
        kind=kind,
        look=look.choice.address,
    )
    file = f"maixun-{name}-{look.choice.place.key}-{look.choice.spell.name}.{kind}"
    named = {"content-disposition": f'attachment; filename="{file}"'}
    return Response(_written(look, made, kind), media_type=MEDIA[kind], headers=named)


def visible(viewer: Viewer, places: Sequence[Place]) -> list[Place]:
    """The places whose figures the viewer may see: of the CDC its region and below, of a lead the own station."""
    if viewer.role is Role.ADMIN:
        return list(places)
    if viewer.role is Role.STATION_LEAD:
        return [each for each in places if each.station_id == viewer.station_id]
    return region.within(places, viewer.region_prefix) if viewer.region_prefix else []


def _archive(given: Services, connection: Connection[DictRow], viewer: Viewer, address: Asked) -> Archive:
    """What was published; for a lead the same of the own station, counted now."""
    if viewer.role is not Role.STATION_LEAD or viewer.station_id is None:
        return taken(connection, given.shelf)
    spells = in_order(each.spell for each in periods(connection))
    if not spells:
        return Archive({})
    return given.own_figures.read(connection, given.indicators, viewer.station_id, spells, address, given.now())


def _look(request: Request, given: Services, archive: Archive, places: Sequence[Place], address: Asked) -> Look:
    today = local_date(given.now())
    if not places:
        raise not_found()
    try:
        choice = choose(address, archive, places, today)
    except Unknown:
        raise not_found() from None
    return Look(
        archive=archive,
        places=places,
        choice=choice,
        indicators=given.indicators,
        language=language.of(request),
        today=today,
    )


def _chart(name: Name, look: Look, given: Services, connection: Connection[DictRow]) -> Chart:
    if name in FROM_FIGURES:
        return FROM_FIGURES[name](look)
    limits = settings(FleetSettings, "fleet").troubles
    counted = given.inventory.read(connection, limits, given.now())
    return fleet(look, by_place(counted, look.places), limits)


def _written(look: Look, made: Chart, kind: str) -> bytes:
    facts = _facts(look)
    if kind == "csv" or made.picture is None:
        return chart.as_csv(made, facts)
    above = [made.title, " · ".join(value for _, value in facts)]
    unverified = look.say(msgid("未对照原文核实"))
    below = [each.mark if each.verified else f"{each.mark} ({unverified})" for each in made.notes]
    return made.picture.saved(above, below).encode()


def _facts(look: Look) -> list[tuple[str, str]]:
    say, place = look.say, look.choice.place
    counted = _counted_at(look)
    return [
        (say(msgid("地区或机构")), f"{wording.place_name(look, place)} ({place.code})"),
        (say(msgid("统计期")), wording.spell_name(look, look.choice.spell)),
        (say(msgid("数据截至")), counted),
    ]


def _counted_at(look: Look) -> str:
    """When the shown figures were counted: of the chosen series, else the latest of the period."""
    release = look.archive.releases.get(look.choice.spell.name)
    series = look.series()
    moments = [series.counted_at] if series else [each.counted_at for each in release.series] if release else []
    return str(local_date(max(moments))) if moments else wording.NOTHING
