"""A station's own figures for its lead, who may look at each of its people: counted now, nothing hidden."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from api.reporting.counting import Census, drawn_series
from api.reporting.definitions import Indicators
from api.reporting.figures import Scope
from api.reporting.guarding import Grid
from api.reporting.period import local_date
from api.reporting.region import Level, Place, Station
from api.reporting.released import Release
from api.reporting.releasing import exact_series
from api.reporting.spell import Spell


def count(
    connection: Connection[Any],
    indicators: Indicators,
    station_id: int,
    spells: Sequence[Spell],
    *,
    now: datetime,
    names: Collection[str] = (),
) -> Release:
    """These periods in the form of a release with one place. `names`: just these indicators; none given: all."""
    chosen = Indicators({name: each for name, each in indicators.by_name.items() if not names or name in names})
    own = place(connection, station_id)
    census = Census(
        indicators=chosen,
        today=local_date(now),
        grid=Grid.over([own], [], []),
        age_bands=(),
        scope=Scope(station_id=station_id),
    )
    cells = census.grid.view(0)
    return Release(
        ends=max(each.ends for each in spells),
        threshold=0,
        age_bands=(),
        places=[own],
        cells=cells,
        hours=cells,
        series=[exact_series(each, now) for each in drawn_series(connection, census, spells)],
    )


def place(connection: Connection[Any], station_id: int) -> Place:
    """The station as the one place of a tree."""
    query = "select station_id, name, township, region_code as code from care.station where station_id = %s"
    with connection.cursor(row_factory=class_row(Station)) as cursor:
        station = cursor.execute(query, [station_id]).fetchone()
    assert station is not None  # noqa: S101 - a lead without a station cannot be registered
    return Place(
        key=station.key, code=station.code, level=Level.STATION, name=station.name, parent=None, station_id=station_id
    )
