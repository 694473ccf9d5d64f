"""Puts an indicator's SQL to the database: person by person with the reason, or summed by area, doctor, age, sex.

The person-level relation is the only source: one row a person (and slice), in it how often the person counts in
numerator and denominator and why. Every figure anywhere is a sum over it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any

from psycopg import Connection, sql
from psycopg.rows import tuple_row
from psycopg.types.json import Jsonb

from api.reporting.definitions import Definition, source
from api.reporting.period import Window

# A county's people then fit into memory while they are counted; for the rest of the caller's transaction. And the
# queries are never prepared: one plan for any region and any time would be a bad one for most.
ROOM = "select set_config('work_mem', '64MB', true)"
BOUNDARIES = {"<": sql.SQL("<"), "<=": sql.SQL("<="), ">": sql.SQL(">"), ">=": sql.SQL(">=")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose figures: all that is given must hold. Nothing given: everybody in the database."""

    region_prefix: str | None = None
    station_id: int | None = None
    doctor_id: int | None = None
    resident_id: int | None = None

    @property
    def condition(self) -> sql.Composable:
        """The condition on `care.resident r` and `care.station s`."""
        given = [_CONDITIONS[name] for name in _CONDITIONS if getattr(self, name) is not None]
        return sql.SQL(" and ").join(given) if given else sql.SQL("true")

    @property
    def of_stations(self) -> sql.Composable:
        """The same on `care.station s` alone: populations know no doctor."""
        given = [text for name, text in _OF_STATIONS.items() if getattr(self, name) is not None]
        return sql.SQL(" and ").join(given) if given else sql.SQL("true")

    @property
    def parameters(self) -> dict[str, Any]:
        """What the conditions ask for."""
        return {f"scope_{name}": getattr(self, name) for name in _CONDITIONS}


_CONDITIONS = {
    "region_prefix": sql.SQL("starts_with(s.region_code, %(scope_region_prefix)s)"),
    "station_id": sql.SQL("r.station_id = %(scope_station_id)s"),
    "doctor_id": sql.SQL("r.doctor_id = %(scope_doctor_id)s"),
    "resident_id": sql.SQL("r.resident_id = %(scope_resident_id)s"),
}
_OF_STATIONS = {
    "region_prefix": _CONDITIONS["region_prefix"],
    "station_id": sql.SQL("s.station_id = %(scope_station_id)s"),
}

EVERYBODY = Scope()


class Dimension(StrEnum):
    """What figures can be told apart by."""

    STATION = "station"
    TOWNSHIP = "township"
    COUNTY = "county"
    DOCTOR = "doctor"
    AGE_BAND = "age_band"
    SEX = "sex"
    SLICE = "slice"  # the indicator's own: a kind of reading, a programme


AGE_BAND = sql.SQL(
    "(select coalesce(max(band), 0) from unnest(%(age_bands)s::integer[]) band"
    " where band <= reporting.age_on(r.birth_date, %(last_day)s))"
)
# A township is named within its county: two counties may have one of the same name.
_KEYS = {
    Dimension.STATION: sql.SQL("s.station_id"),
    Dimension.TOWNSHIP: sql.SQL("left(s.region_code, 6) || ' ' || s.township"),
    Dimension.COUNTY: sql.SQL("left(s.region_code, 6)"),
    Dimension.DOCTOR: sql.SQL("r.doctor_id"),
    Dimension.AGE_BAND: AGE_BAND,
    Dimension.SEX: sql.SQL("r.sex"),
    Dimension.SLICE: sql.SQL("c.slice"),
}
_AREAS = (Dimension.STATION, Dimension.TOWNSHIP, Dimension.COUNTY)

Key = tuple[Any, ...]  # one value a dimension asked for


@dataclass(frozen=True, slots=True)
class Counted:
    """How one person counts in an indicator, and why."""

    resident_id: int
    station_id: int
    slice: str | None
    denominator: int
    numerator: int
    why: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A sum over people. The denominator is None for a count, and where a population is not known so finely."""

    numerator: int
    denominator: int | None

    @property
    def rate(self) -> float | None:
        """The share; None when there is nobody to have one."""
        return self.numerator / self.denominator if self.denominator else None


def people(
    connection: Connection[Any], definition: Definition, window: Window, scope: Scope = EVERYBODY
) -> list[Counted]:
    """Everybody the indicator looks at, one row a person and slice, by resident."""
    query = sql.SQL(
        "with counted as ({}) select resident_id, station_id, slice, denominator, numerator, why from counted"
        " order by resident_id, slice"
    ).format(relation(definition, scope))
    with connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute(ROOM)
        rows = cursor.execute(query, parameters(definition, window, scope), prepare=False).fetchall()
    return [Counted(*row) for row in rows]


def figures(
    connection: Connection[Any],
    definition: Definition,
    window: Window,
    by: Sequence[Dimension] = (),
    scope: Scope = EVERYBODY,
    age_bands: Collection[int] = (),
) -> dict[Key, Figure]:
    """Sums by the dimensions asked for, in their order; without any, the one sum under the empty key."""
    keys = [_KEYS[dimension] for dimension in by]
    query = sql.SQL(
        "with counted as ({relation})"
        " select {keys} sum(c.numerator)::bigint, sum(c.denominator)::bigint from counted c"
        " join care.resident r using (resident_id) join care.station s on s.station_id = c.station_id {group}"
    ).format(
        relation=relation(definition, scope),
        keys=sql.SQL("").join(key + sql.SQL(", ") for key in keys),
        group=sql.SQL("group by ") + sql.SQL(", ").join(map(sql.Literal, range(1, len(keys) + 1)))
        if keys
        else sql.SQL(""),
    )
    given = parameters(definition, window, scope) | {"age_bands": list(age_bands), "last_day": window.last_day}
    with connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute(ROOM)
        rows = cursor.execute(query, given, prepare=False).fetchall()
    sums = {tuple(row[:-2]): (int(row[-2] or 0), int(row[-1] or 0)) for row in rows}
    if definition.version.denominator is None:
        return {key: Figure(numerator, None) for key, (numerator, _) in sums.items()}
    if definition.version.population is None:
        return {key: Figure(*pair) for key, pair in sums.items()}
    return _over_population(sums, populations(connection, definition, window, by, scope))


def _over_population(sums: Mapping[Key, tuple[int, int]], populations: Mapping[Key, int] | None) -> dict[Key, Figure]:
    if populations is None:
        return {key: Figure(numerator, None) for key, (numerator, _) in sums.items()}
    keys = sorted(sums.keys() | populations.keys(), key=repr)
    return {key: Figure(sums.get(key, (0, 0))[0], populations.get(key)) for key in keys}


def populations(
    connection: Connection[Any], definition: Definition, window: Window, by: Sequence[Dimension], scope: Scope
) -> dict[Key, int] | None:
    """Expected people by area, rounded a station so that totals are the sums of their parts; None by anything else."""
    population = definition.version.population
    if population is None or any(dimension not in _AREAS for dimension in by) or scope.doctor_id or scope.resident_id:
        return None
    query = sql.SQL(
        "select distinct on (s.station_id) s.region_code, p.{column} {keys}"
        " from reporting.population p join care.station s using (station_id)"
        " where p.year <= %(year)s and {scope} order by s.station_id, p.year desc"
    ).format(
        column=sql.Identifier(population.column),
        keys=sql.SQL("").join(sql.SQL(", ") + _KEYS[dimension] for dimension in by),
        scope=scope.of_stations,
    )
    totals: dict[Key, int] = defaultdict(int)
    with connection.cursor(row_factory=tuple_row) as cursor:
        for code, people, *key in cursor.execute(query, {"year": window.last_day.year, **scope.parameters}):
            totals[tuple(key)] += expected(people, code, population.times, population.local)
    return dict(totals)


def expected(people: int, region_code: str, times: float, local: Mapping[str, float]) -> int:
    """How many of them are expected to have it, by the prevalence of the narrowest region that has one of its own."""
    fitting = [prefix for prefix in local if region_code.startswith(prefix)]
    share = local[max(fitting, key=len)] if fitting else times
    return int((people * Decimal(str(share))).to_integral_value(ROUND_HALF_UP))


def relation(definition: Definition, scope: Scope) -> sql.Composed:
    """The indicator's person-level query, with the fragments it shares with others put in."""
    version = definition.version
    residents = sql.SQL("(select r.* from care.resident r join care.station s using (station_id) where {})").format(
        scope.condition
    )
    left = sql.SQL(source("_left"))
    managed = sql.SQL(source("_managed")).format(residents=residents, left=left)
    return sql.SQL(source(version.sql)).format(
        residents=residents,
        left=left,
        managed=managed,
        boundary=BOUNDARIES.get(version.boundary or "", sql.SQL("")),
    )


def parameters(definition: Definition, window: Window, scope: Scope) -> dict[str, Any]:
    """Everything a person-level query may ask for by name."""
    version = definition.version
    begin_at, until_at = window.bounds
    return {
        "begin": window.begin,
        "until": window.until,
        "begin_at": begin_at,
        "until_at": until_at,
        "lost_counts": version.lost == "not_in_numerator",
        "died_counts": version.died == "counted",
        "moved_counts": version.moved == "counted",
        **{name: _bindable(value) for name, value in version.parameters.items()},
        **scope.parameters,
    }


def _bindable(value: Any) -> Any:
    """Lists of mappings (limits by age) go as JSON, everything else as it is."""
    return Jsonb(value) if isinstance(value, list) and value and isinstance(value[0], dict) else value
