"""Takes the figures of a report: keeps who counts how and why, and makes the tables of just these people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection, sql
from psycopg.rows import tuple_row
from psycopg.types.json import Jsonb
from pydantic import BaseModel, ConfigDict

from api.reporting import figures, protected, quarterly, shelf
from api.reporting.definitions import Definition, Group, Indicators, Version, Words
from api.reporting.figures import Dimension, Scope
from api.reporting.period import Quarter, Span, Window, local_date
from api.reporting.quarterly import Programme, Station
from api.reporting.table import Table


class Printed(BaseModel):
    """A definition as a report keeps it: in full, so that it can be read when the configuration has moved on."""

    model_config = ConfigDict(frozen=True)
    name: str
    label: Words
    group: Group
    version: Version

    @property
    def mark(self) -> str:
        """Name and version, as in a column."""
        return f"{self.name}/{self.version.version}"


@dataclass(frozen=True, slots=True)
class Place:
    """What a report is about: a quarter of a region."""

    quarter: Quarter
    region_prefix: str
    county_names: dict[str, str]


def take(connection: Connection[Any], known: Indicators, report_id: int, place: Place, now: datetime) -> None:
    """Write down who counts how and why, and make the tables of just that."""
    connection.execute("delete from reporting.report_basis where report_id = %s", [report_id])
    connection.execute(figures.ROOM)
    stations = _stations(connection, place)
    tables: list[Table] = []
    used: dict[str, Definition] = {}
    for span in (Span.YEAR_TO_DATE, Span.QUARTER):
        window = Window.of(place.quarter, span, local_date(now))
        for programme in Programme:
            definitions = [known.on(name, window.last_day) for name in quarterly.names(programme)]
            used |= {definition.mark: definition for definition in definitions}
            found: dict[tuple[str, int], tuple[int, int | None]] = {}
            for definition in definitions:
                sums = _basis(connection, report_id, span, definition, window, Scope(region_prefix=place.region_prefix))
                found |= {(definition.name, station): figure for station, figure in sums.items()}
                if definition.version.population is not None:  # where nobody lives and nobody is known, it is not known
                    for station in stations:
                        found.setdefault((definition.name, station.station_id), (0, None))
            marks = {definition.name: definition.mark for definition in definitions}
            tables.append(quarterly.table(programme, span, stations, found, marks))
    printed = [
        Printed(name=each.name, label=each.indicator.label, group=each.indicator.group, version=each.version)
        for each in used.values()
    ]
    seen = protected.as_released(tables, shelf.release(connection, str(place.quarter)), place.quarter)
    connection.execute(
        "update reporting.report set taken_at = %s, tables = %s, definitions = %s, shown = %s, waits = %s"
        " where report_id = %s",
        [now, _documents(tables), _documents(printed), _documents(seen.tables), seen.waits, report_id],
    )


_BASIS = """
with counted as ({relation}), grouped as (
    select c.station_id, c.why, c.denominator, c.numerator, array_agg(r.token order by r.token) as persons
    from counted c join care.resident r using (resident_id) group by 1, 2, 3, 4
), kept as (
    insert into reporting.report_basis
        (report_id, span, indicator, station_id, why, denominator, numerator, persons)
    select %(report)s, %(span)s, %(indicator)s, station_id, why, denominator, numerator, persons from grouped
)
select station_id, sum(numerator * cardinality(persons))::integer, sum(denominator * cardinality(persons))::integer
from grouped group by 1"""


def _basis(
    connection: Connection[Any], report_id: int, span: Span, definition: Definition, window: Window, scope: Scope
) -> dict[int, tuple[int, int | None]]:
    """Keep the people behind one indicator; returns numerator and denominator by station, summed over just them."""
    query = sql.SQL(_BASIS).format(relation=figures.relation(definition, scope))
    given = figures.parameters(definition, window, scope)
    given |= {"report": report_id, "span": span, "indicator": definition.name}
    with connection.cursor(row_factory=tuple_row) as cursor:
        sums: dict[int, tuple[int, int | None]] = {row[0]: (row[1], row[2]) for row in cursor.execute(query, given)}
    if definition.version.population is None:
        return sums
    by_station = figures.populations(connection, definition, window, [Dimension.STATION], scope) or {}
    expected = {station: people for (station,), people in by_station.items()}
    return {key: (sums.get(key, (0, 0))[0], expected.get(key)) for key in sums.keys() | expected.keys()}


def _stations(connection: Connection[Any], place: Place) -> list[Station]:
    with connection.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(
            "select station_id, name, township, left(region_code, 6), region_code from care.station"
            " where starts_with(region_code, %s)",
            [place.region_prefix],
        ).fetchall()
    called = place.county_names
    return [
        Station(station_id=number, name=name, township=township, county=called.get(county) or county, code=code)
        for number, name, township, county, code in rows
    ]


def _documents(values: Sequence[BaseModel]) -> Jsonb:
    return Jsonb([value.model_dump(mode="json") for value in values])
