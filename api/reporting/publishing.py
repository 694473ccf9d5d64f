"""Makes releases: counts everybody by place, age, sex and hour, hides small cells, and keeps what may be shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row, tuple_row
from psycopg.types.json import Jsonb

from api.reporting import region
from api.reporting.counting import (
    HOURS,
    SEXES,
    Census,
    drawn_series,
    rhythm_series,
)
from api.reporting.definitions import Indicators
from api.reporting.guarding import Grid
from api.reporting.period import local_date
from api.reporting.region import Station
from api.reporting.released import Release
from api.reporting.releasing import Before, Frame, made
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
    """Count, protect and keep the periods that end there. False when no number has changed since the last time.

    In the caller's transaction, which must see one state of the data for all of it.
    """
    today = local_date(now)
    spells = together(ends, today)
    places = region.tree(_stations(connection), county_names)
    people = [f"{band} {sex}" for band in (0, *age_bands) for sex in SEXES]
    grid = Grid.over(places, people, [str(slot) for slot in range(HOURS)])
    census = Census(indicators=indicators, today=today, grid=grid, age_bands=age_bands)
    drawn = list(drawn_series(connection, census, spells))
    drawn += [rhythm_series(connection, spell, today, grid) for spell in spells if spell.kind is Kind.QUARTER]
    frame = Frame(ends=ends, threshold=threshold, age_bands=age_bands, places=places, grid=grid)
    periods = [spell.name for spell in spells]
    return _keep(connection, made(drawn, frame, _before(connection, periods), now), periods, now)


def _stations(connection: Connection[Any]) -> list[Station]:
    query = "select station_id, name, township, region_code as code from care.station order by station_id"
    with connection.cursor(row_factory=class_row(Station)) as cursor:
        return cursor.execute(query).fetchall()


def _before(connection: Connection[Any], periods: Sequence[str]) -> dict[str, Before]:
    query = "select period, shown, exact from reporting.figure_memory where period = any(%s)"
    with connection.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(query, [list(periods)]).fetchall()
    return {
        period: Before(Release.model_validate(shown), Release.model_validate(exact)) for period, shown, exact in rows
    }


def _keep(connection: Connection[Any], release: Before, periods: Sequence[str], now: datetime) -> bool:
    """Store it, shown and exact. The revision grows when a reader would see another number."""
    shown, exact = release.shown, release.exact
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
