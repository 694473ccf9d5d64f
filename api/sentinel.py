"""The watch for outbreaks (哨点监测) as the CDC sees it: its region's epidemic curve, the places, and the signals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

import holidays
from fastapi import APIRouter, Depends, Request, Response
from psycopg import Connection, sql
from psycopg.rows import DictRow
from pydantic import BaseModel, Field

from api import outbreaks
from api.access import FiguresReader, Viewer, stations_of
from api.language import Language, msgid, of, translator
from api.services import Database, Given, plain_rows
from api.small_cells import SmallCells
from ingest.alerting import sentinel_counts
from ingest.alerting.sentinel import CAUSES, PLACES, SIGNS, SentinelSettings, Series, Sign, watch
from maixun.configuration import settings

pages = APIRouter(include_in_schema=False)
json = APIRouter(prefix="/api/v1", tags=["figures"])

SIGNALS = 20  # the latest signals on the page
LATEST = 14  # days in the table of places: two weeks, an incubation time of most of what is watched for


class PlaceCounts(BaseModel):
    """People a day at one place; null is hidden as too small."""

    station: str
    place: str = Field(description="station, school or enterprise")
    people: Sequence[int | None]
    signal: Sequence[bool]


class EpidemicCurve(BaseModel):
    """One sign in the viewer's region, a number for each of `days`; null is hidden, or has too short a past."""

    sign: Sign
    days: Sequence[date]
    people: Sequence[int | None]
    expected: Sequence[float | None]
    limit: Sequence[float | None] = Field(description="EARS C2, from what is shown of the past")
    signal: Sequence[bool] = Field(description="EARS C2 or CUSUM speaks for the whole region")
    places: Sequence[PlaceCounts]
    threshold: int = Field(description="counts from 1 to below it are hidden, unless they are a signal")


def read(given: Given, connection: Database, viewer: FiguresReader, sign: Sign = Sign.FEVER) -> EpidemicCurve:
    """The curve of the viewer's stations, worked out anew."""
    configured, small = settings(SentinelSettings, "sentinel"), settings(SmallCells, "small_cells")
    with plain_rows(connection) as tuples:
        every = sentinel_counts.read(tuples, configured, given.now())
    own = _stations(connection, viewer)
    series = [each for each in every if each.sign is sign and each.station_id in own]
    days = sentinel_counts.watched_days(configured, given.now())
    works = holidays.country_holidays("CN").is_working_day
    region = Series(
        station_id=0,
        station="",
        place="station",
        sign=sign,
        days=days,
        people=[sum(each.people[n] for each in series) for n in range(len(days))],
    )
    found = outbreaks.curve(
        watch(region, configured, works),
        [watch(each, configured, works) for each in series],
        [not works(day) for day in days],
        configured,
        threshold=small.threshold,
    )
    return EpidemicCurve(
        sign=sign,
        days=found.days,
        people=found.people,
        expected=found.expected,
        limit=found.limit,
        signal=found.signal,
        places=[
            PlaceCounts(station=each.station, place=each.place, people=each.people, signal=each.signal)
            for each in found.places
        ],
        threshold=small.threshold,
    )


Curve = Annotated[EpidemicCurve, Depends(read, scope="function")]


@pages.get("/sentinel")
def show(request: Request, given: Given, connection: Database, viewer: FiguresReader, curve: Curve) -> Response:
    """The curve, the signals of the last days and what they say, and the places."""
    return given.pages.show(
        request,
        "sentinel.html",
        viewer=viewer,
        curve=curve,
        signs=SIGNS,
        places=PLACES,
        incidents=_incidents(connection, viewer, curve.sign),
        latest=LATEST,
    )


@pages.get("/sentinel/chart")
def chart(request: Request, curve: Curve) -> dict[str, Any]:
    """What `sentinel.js` draws, with its words."""
    return curve.model_dump(mode="json", exclude={"places"}) | {"words": _words(of(request), curve)}


@json.get("/sentinel", summary="Daily counts of signs of an outbreak")
def curve_of(curve: Curve) -> EpidemicCurve:
    """Fever, diarrhoea or raised temperature by day and place, with what was to be expected. Nothing about a person."""
    return curve


def _stations(connection: Connection[DictRow], viewer: Viewer) -> set[int]:
    query = sql.SQL("select t.station_id from care.station t where {}")
    rows = connection.execute(query.format(stations_of(viewer)), viewer.parameters).fetchall()
    return {row["station_id"] for row in rows}


def _incidents(connection: Connection[DictRow], viewer: Viewer, sign: Sign) -> list[DictRow]:
    query = sql.SQL(
        "select i.state, i.opened_at, i.changed_at, i.finding, t.name as station, t.township"
        " from care.incident i join care.station t using (station_id)"
        " where i.cause = %(cause)s and {} order by (i.state = 'closed'), i.opened_at desc limit %(limit)s"
    )
    given = {"cause": CAUSES[sign], "limit": SIGNALS, **viewer.parameters}
    return connection.execute(query.format(stations_of(viewer)), given).fetchall()


def _words(language: Language, curve: EpidemicCurve) -> dict[str, str]:
    say = translator(language)
    return {
        "people": say(msgid("人数")),
        "expected": say(msgid("预期")),
        "limit": say(msgid("警戒线")),
        "signal": say(msgid("超出预期")),
        "hidden": say(msgid("1 至 %(most)s 人（不显示）")) % {"most": curve.threshold - 1},
    }
