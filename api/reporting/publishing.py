"""Makes releases: counts everybody by place, age, sex and hour, hides small cells, and keeps what may be shown."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row, tuple_row
from psycopg.types.json import Jsonb

from api.reporting import region
from api.reporting.counting import (
    BY_HOUR,
    BY_PEOPLE,
    HOURS,
    SEXES,
    Census,
    Drawn,
    drawn_series,
    rhythm_series,
    statistics,
    ties,
)
from api.reporting.definitions import Indicators
from api.reporting.guarding import Grid, Guarded, Memory, Remembered, guard
from api.reporting.period import local_date
from api.reporting.region import Station
from api.reporting.released import Cell, Release, Series
from api.reporting.spell import Kind, together


def publish(
    connection: Connection[Any],
    indicators: Indicators,
    ends: date,
    *,
    now: datetime,
    threshold: int,
    age_bands: Sequence[int],
    county_names: Mapping[str, str],
) -> bool:
    """Count, protect and keep the periods that end there. False when no number has changed since the last time."""
    today = local_date(now)
    spells = together(ends, today)
    places = region.tree(_stations(connection), county_names)
    people = [f"{band} {sex}" for band in (0, *age_bands) for sex in SEXES]
    grid = Grid.over(places, people, [str(slot) for slot in range(HOURS)])
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read")  # one state of the data for all of it
        census = Census(indicators=indicators, today=today, grid=grid, age_bands=age_bands)
        drawn = list(drawn_series(connection, census, spells))
        drawn += [rhythm_series(connection, spell, today, grid) for spell in spells if spell.kind is Kind.QUARTER]
        before = _before(connection, [spell.name for spell in spells])
        guarded = guard(statistics(drawn, grid), ties(drawn), grid, threshold, _memory(before))
        pairs = list(_pair(drawn, guarded, before, grid, now))
        exact = Release(
            ends=ends,
            threshold=threshold,
            age_bands=age_bands,
            places=places,
            cells=grid.view(BY_PEOPLE),
            hours=grid.view(BY_HOUR),
            series=[each for each, _ in pairs],
        )
        shown = exact.model_copy(update={"series": [each for _, each in pairs]})
        return _keep(connection, exact, shown, [spell.name for spell in spells], now)


def _stations(connection: Connection[Any]) -> list[Station]:
    query = "select station_id, name, township, region_code as code from care.station order by station_id"
    with connection.cursor(row_factory=class_row(Station)) as cursor:
        return cursor.execute(query).fetchall()


def exact_series(drawn: Drawn, now: datetime) -> Series:
    """The numbers as counted, small ones too."""
    denominators: Sequence[int | None] | None = None
    if drawn.is_rate:
        denominators = drawn.expected or [each.denominator for each in drawn.tallies]
    return Series(
        indicator=drawn.indicator,
        version=drawn.version,
        slice=drawn.slice,
        period=drawn.period,
        counted_at=now,
        numerator=[each.numerator for each in drawn.tallies],
        denominator=denominators,
        by_hour=drawn.way == BY_HOUR,
        is_expected=drawn.expected is not None,
    )


@dataclass(frozen=True, slots=True)
class Before:
    """What readers were shown of a period last, and what it was counted to be."""

    shown: Release
    exact: Release


def _before(connection: Connection[Any], periods: Sequence[str]) -> dict[str, Before]:
    query = "select period, shown, exact from reporting.figure_memory where period = any(%s)"
    with connection.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(query, [list(periods)]).fetchall()
    return {
        period: Before(Release.model_validate(shown), Release.model_validate(exact)) for period, shown, exact in rows
    }


def _memory(before: Mapping[str, Before]) -> Memory:
    found: dict[str, dict[Cell, Remembered]] = {}
    for period, both in before.items():
        for shown in both.shown.series:
            exact = both.exact.find(shown.indicator, period, shown.slice) if shown.period == period else None
            if exact is not None:
                found |= _remembered(shown, exact, both.shown.grid(shown))
    return found


def _remembered(shown: Series, exact: Series, cells: Sequence[Cell]) -> dict[str, dict[Cell, Remembered]]:
    name = f"{shown.indicator} {shown.slice} {shown.period}"
    found = {f"{name} numerator": _pairs(cells, exact.numerator, shown.numerator)}
    if exact.denominator is not None and shown.denominator is not None and not exact.is_expected:
        found[f"{name} denominator"] = _pairs(cells, exact.denominator, shown.denominator)
        found[f"{name} others"] = _pairs(
            cells, _others(exact.numerator, exact.denominator), _others(shown.numerator, shown.denominator)
        )
    return found


def _others(numerator: Sequence[int | None], denominator: Sequence[int | None]) -> list[int | None]:
    return [None if n is None or d is None else d - n for n, d in zip(numerator, denominator, strict=True)]


def _pairs(cells: Sequence[Cell], counted: Sequence[int | None], shown: Sequence[int | None]) -> dict[Cell, Remembered]:
    return {
        cell: Remembered(count, seen is None)
        for cell, count, seen in zip(cells, counted, shown, strict=True)
        if count is not None
    }


def _pair(
    drawn: Sequence[Drawn], guarded: Guarded, before: Mapping[str, Before], grid: Grid, now: datetime
) -> Iterator[tuple[Series, Series]]:
    """Each series as counted and as shown. What cannot be protected beside what was shown before stays as it was."""
    for each in drawn:
        exact = exact_series(each, now)
        last = before.get(each.period)
        old = _old(each, last, grid.view(each.way)) if last and _is_withheld(each, guarded) else None
        yield old or (exact, _shown(each, exact, guarded, grid.views[each.way]))


def _is_withheld(drawn: Drawn, guarded: Guarded) -> bool:
    return any(f"{drawn.name} {part}" in guarded.withheld for part in drawn.parts)


def _shown(drawn: Drawn, exact: Series, guarded: Guarded, at: Sequence[int]) -> Series:
    if _is_withheld(drawn, guarded):
        nothing: list[int | None] = [None] * len(at)
        return exact.model_copy(
            update={"numerator": nothing, "denominator": None if exact.denominator is None else nothing}
        )
    denominator = exact.denominator
    if denominator is not None and not exact.is_expected:
        denominator = _without(denominator, at, guarded.hidden[f"{drawn.name} denominator"])
    numerator = _without(exact.numerator, at, guarded.hidden[f"{drawn.name} numerator"])
    return exact.model_copy(update={"numerator": numerator, "denominator": denominator})


def _without(numbers: Sequence[int | None], at: Sequence[int], hidden: Collection[int]) -> list[int | None]:
    return [None if n in hidden else number for n, number in zip(at, numbers, strict=True)]


def _old(drawn: Drawn, last: Before, cells: Sequence[Cell]) -> tuple[Series, Series] | None:
    exact = last.exact.find(drawn.indicator, drawn.period, drawn.slice)
    shown = last.shown.find(drawn.indicator, drawn.period, drawn.slice)
    if exact is None or shown is None:
        return None
    grid = last.shown.grid(shown)
    return _moved(exact, grid, cells), _moved(shown, grid, cells)


def _moved(series: Series, grid: Sequence[Cell], cells: Sequence[Cell]) -> Series:
    """The same numbers in the cells of today's tree; a new cell has none."""
    place = {cell: n for n, cell in enumerate(grid)}
    at = [place.get(cell) for cell in cells]

    def numbers(of: Sequence[int | None]) -> list[int | None]:
        return [None if n is None else of[n] for n in at]

    return series.model_copy(
        update={
            "numerator": numbers(series.numerator),
            "denominator": None if series.denominator is None else numbers(series.denominator),
        }
    )


def _keep(connection: Connection[Any], exact: Release, shown: Release, periods: Sequence[str], now: datetime) -> bool:
    """Store both. The revision grows when a reader would see another number."""
    query = "select shown from reporting.figure_release where ends = %s"
    with connection.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(query, [exact.ends]).fetchone()
    same = row is not None and _numbers(Release.model_validate(row[0])) == _numbers(shown)
    connection.execute(
        "insert into reporting.figure_release as kept (ends, revision, counted_at, periods, shown)"
        " values (%(ends)s, 1, %(now)s, %(periods)s, %(shown)s)"
        " on conflict (ends) do update set revision = kept.revision + %(step)s, counted_at = excluded.counted_at,"
        " periods = excluded.periods, shown = excluded.shown",
        {"ends": exact.ends, "now": now, "periods": periods, "shown": _document(shown), "step": 0 if same else 1},
    )
    for period in periods:
        connection.execute(
            "insert into reporting.figure_memory (period, shown, exact) values (%s, %s, %s)"
            " on conflict (period) do update set shown = excluded.shown, exact = excluded.exact",
            [period, _document(shown.only(period)), _document(exact.only(period))],
        )
    return not same


def _document(release: Release) -> Jsonb:
    return Jsonb(release.model_dump(mode="json"))


def _numbers(release: Release) -> object:
    """A release without the moments."""
    return release.model_dump(exclude={"series": {"__all__": {"counted_at"}}})
