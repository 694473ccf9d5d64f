"""Published figures as rows, one a number and place: what the figures API answers, as JSON and as CSV. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.reporting import region
from api.reporting.counting import RHYTHM
from api.reporting.files import harmless
from api.reporting.region import Level, Place
from api.reporting.released import Cell, Release, Series
from api.reporting.spell import Spell

Part = Literal["numerator", "denominator"]


class By(StrEnum):
    """How a place's figure is told apart."""

    WHOLE = "whole"
    SLICE = "slice"
    AGE_SEX = "age_sex"
    HOUR = "hour"


class Places(StrEnum):
    """Which places of a region are asked for: itself, the next ones below it, or all of one level in it."""

    SELF = "self"
    CHILDREN = "children"
    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    TOWNSHIP = "township"
    STATION = "station"


class FigureRow(BaseModel):
    """One figure of one place. What a count or a view does not have is null; `hidden` says what is not told."""

    model_config = ConfigDict(frozen=True)
    indicator: str = Field(examples=["hypertension_control_rate"])
    definition_version: int = Field(description="of the indicator: see /api/v1/indicators")
    slice: str = Field(description="a programme or a kind of reading; empty: the whole")
    period: str = Field(examples=["2026Q3"])
    begins: date
    last_day: date
    region: str = Field(description="digits of a region code, or station-<id>")
    level: Level
    name: str
    age_from: int | None = Field(description="where the age band begins; it ends where the next one does")
    sex: str | None
    weekday: int | None = Field(description="1 is Monday")
    hour: int | None
    numerator: int | None
    denominator: int | None = Field(description="null too where a population is not known")
    rate: float | None
    hidden: Sequence[Part] = Field(description="small, or it would give away something small")
    counted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody wants to know. `indicators`: none given: all. `within`: the viewer's region, "" for all."""

    periods: Sequence[str]
    indicators: Collection[str]
    region: str | None
    places: Places
    by: By
    within: str


class NoSuchPlace(Exception):
    """No place of that name in the viewer's region."""


Found = tuple[Release, Series, Place, int]  # and where in the series the number stands


def found(asked: Asked, releases: Mapping[str, Release]) -> Iterator[Found]:
    """The numbers asked for: by period, indicator, place. Raises `NoSuchPlace` when no release has it."""
    chosen = {period: _places(asked, release) for period, release in releases.items()}
    if all(places is None for places in chosen.values()):
        raise NoSuchPlace
    for period in asked.periods:
        release = releases[period]
        for series in release.series:
            if series.period == period and _is_asked(asked, series):
                yield from _cells(asked, release, series, chosen[period] or [])


def _is_asked(asked: Asked, series: Series) -> bool:
    return (
        series.by_hour is (asked.by is By.HOUR)
        and bool(series.slice) is (asked.by is By.SLICE)
        and (not asked.indicators or series.indicator in asked.indicators)
    )


def _cells(asked: Asked, release: Release, series: Series, places: Sequence[Place]) -> Iterator[Found]:
    told_apart = asked.by in (By.AGE_SEX, By.HOUR)
    for place in places:
        for n in release.cells_of(series, place.key, told_apart=told_apart):
            yield release, series, place, n


def visible(release: Release, within: str) -> list[Place]:
    """The places of the viewer's region."""
    return region.within(release.places, within)


def _places(asked: Asked, release: Release) -> list[Place] | None:
    """None when the region asked for is not there, or not the viewer's."""
    own = visible(release, asked.within)
    roots = region.tops(own) if asked.region is None else region.named(own, asked.region)
    if not roots:
        return None
    if asked.places is Places.SELF:
        return roots
    if asked.places is Places.CHILDREN:
        keys = {each.key for each in roots}
        return [each for each in own if each.parent in keys]
    return [each for each in region.inside(own, roots) if each.level.value == asked.places.value]


def row(place: Place, series: Series, cell: Cell, n: int) -> FigureRow:
    """The figure of one cell."""
    spell = _spell(series.period)
    numerator, denominator = series.numerator[n], None if series.denominator is None else series.denominator[n]
    hidden: list[Part] = ["numerator"] if numerator is None else []
    if series.denominator is not None and denominator is None and not series.is_expected:
        hidden.append("denominator")
    return FigureRow.model_construct(  # thousands a page, and nothing in them came from outside
        indicator=series.indicator,
        definition_version=series.version,
        slice=series.slice,
        period=series.period,
        begins=spell.begin,
        last_day=spell.last_day,
        region=place.key,
        level=place.level,
        name=place.name,
        numerator=numerator,
        denominator=denominator,
        rate=None if numerator is None or not denominator else numerator / denominator,
        hidden=hidden,
        counted_at=series.counted_at,
        **_detail(series, cell.detail),
    )


_spell = lru_cache(maxsize=64)(Spell.parse)


def _detail(series: Series, detail: str) -> dict[str, Any]:
    nothing = {"age_from": None, "sex": None, "weekday": None, "hour": None}
    if not detail:
        return nothing
    if series.by_hour:
        day, hour = divmod(int(detail), 24)
        return nothing | {"weekday": day + 1, "hour": hour}
    age, sex = detail.split()
    return nothing | {"age_from": int(age), "sex": sex}


def rows(numbers: Sequence[Found]) -> list[FigureRow]:
    """Them as rows."""
    return [row(place, series, release.grid(series)[n], n) for release, series, place, n in numbers]


def knows(name: str, by: By, known: Collection[str]) -> bool:
    """Whether an indicator of this name can be told apart so: the hours are those of the readings alone."""
    return name == RHYTHM if by is By.HOUR else name in known


_TEXT: Mapping[str, Callable[[Any], str]] = {"name": harmless, "hidden": " ".join}  # the rest is written as it is


def as_csv(figures: Sequence[FigureRow]) -> bytes:
    """UTF-8 with a mark, so that spreadsheets show Chinese; the columns are the fields of a row in JSON."""
    file = io.StringIO(newline="")
    lines = csv.writer(file)
    lines.writerow(FigureRow.model_fields)
    for figure in figures:
        values = figure.model_dump(mode="json")
        lines.writerow([_TEXT[name](value) if name in _TEXT else value for name, value in values.items()])
    return file.getvalue().encode("utf-8-sig")
