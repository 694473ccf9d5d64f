"""Counts people for a release: by station, age, sex and hour, summed over the tree; and the sums between figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Any

from psycopg import Connection, sql
from psycopg.rows import tuple_row

from api.reporting.definitions import Definition, Indicators
from api.reporting.figures import AGE_BAND, EVERYBODY, ROOM, Dimension, Scope, figures, parameters, relation
from api.reporting.guarding import Grid, Statistic, Tie, Vector
from api.reporting.period import Window
from api.reporting.released import WHOLE
from api.reporting.spell import Kind, Spell

SEXES = ("female", "male", "unknown")
HOURS = 7 * 24
RHYTHM = "measuring_hours"  # the indicator `measurements` by hour of the week
MEASUREMENTS = "measurements"
BY_PEOPLE, BY_HOUR = 0, 1  # the two ways to tell a wide place apart: age and sex, or hour of the week

_COUNTED = sql.SQL(
    "with counted as ({relation})"
    " select c.slice, c.station_id, {band} || ' ' || r.sex as detail, sum(c.numerator)::bigint,"
    " sum(c.denominator)::bigint, count(distinct c.resident_id) filter (where c.numerator > 0),"
    " count(distinct c.resident_id) filter (where c.denominator > 0),"
    " count(distinct c.resident_id) filter (where c.denominator > c.numerator)"
    " from counted c join care.resident r using (resident_id)"
    " group by grouping sets ((c.station_id, detail), (c.slice, c.station_id, detail))"
)
# A person counts at the own station, wherever measured: so people add up from station to county.
_RHYTHM = (
    "select r.station_id, slot::text, count(*), count(distinct p.resident_id)"
    " from reporting.person_month p join care.resident r using (resident_id), unnest(p.slots) slot"
    " where p.month >= %(begin)s and p.month < %(until)s group by grouping sets ((r.station_id, slot), (r.station_id))"
)


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums for a cell: numbers, and how many people are behind them."""

    numerator: int = 0
    denominator: int = 0
    with_numerator: int = 0
    with_denominator: int = 0
    with_others: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.numerator + other.numerator,
            self.denominator + other.denominator,
            self.with_numerator + other.with_numerator,
            self.with_denominator + other.with_denominator,
            self.with_others + other.with_others,
        )


NOBODY = Tally()
# For each part of a figure its number and how many people are behind it.
_NUMBERS: Mapping[str, tuple[Callable[[Tally], int], Callable[[Tally], int]]] = {
    "numerator": (lambda tally: tally.numerator, lambda tally: tally.with_numerator),
    "others": (lambda tally: tally.denominator - tally.numerator, lambda tally: tally.with_others),
    "denominator": (lambda tally: tally.denominator, lambda tally: tally.with_denominator),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One series as counted: a tally for each cell of its grid. `expected`: a public denominator, from populations."""

    indicator: str
    version: int
    outcomes: str  # series with the same may be all the outcomes there are
    slice: str
    period: str
    is_rate: bool
    tallies: Sequence[Tally]
    expected: Sequence[int | None] | None = None
    way: int = BY_PEOPLE

    @property
    def name(self) -> str:
        """What the memory finds it by."""
        return f"{self.indicator} {self.slice} {self.period}"

    @property
    def has_others(self) -> bool:
        """Whether the denominator is a number of people, and so the others are one too."""
        return self.is_rate and self.expected is None

    @property
    def parts(self) -> Sequence[str]:
        """The statistics it has."""
        return ("numerator", "others", "denominator") if self.has_others else ("numerator",)

    def statistics(self, grid: Grid) -> list[Statistic]:
        """The numbers of it that must be protected."""

        def spread(values: Iterator[int]) -> Vector:
            placed: list[int | None] = [None] * len(grid.cells)
            for at, value in zip(grid.views[self.way], values, strict=True):
                placed[at] = value
            return tuple(placed)

        return [
            Statistic(f"{self.name} {part}", spread(map(number, self.tallies)), spread(map(people, self.tallies)))
            for part in self.parts
            for number, people in [_NUMBERS[part]]
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """What is counted, as of which day, and over which places."""

    indicators: Indicators
    today: date
    grid: Grid
    age_bands: Sequence[int]
    scope: Scope = EVERYBODY


def drawn_series(connection: Connection[Any], census: Census, spells: Sequence[Spell]) -> Iterator[Drawn]:
    """Every indicator over every period it is published for: what adds up over time, by quarter alone.

    A month would follow from a quarter and the two others. A quarterly cohort is the same people in each of its months.
    """
    for spell in spells:
        for definition in census.indicators.all_on(spell.window(census.today).last_day):
            indicator = definition.indicator
            if spell.kind is Kind.QUARTER or (indicator.unit == "people" and not indicator.by_quarter):
                yield from _series(connection, census, definition, spell)


def _series(connection: Connection[Any], census: Census, definition: Definition, spell: Spell) -> Iterator[Drawn]:
    window, version, grid = spell.window(census.today), definition.version, census.grid
    expected = None
    if version.population is not None:
        expected = _expected(figures(connection, definition, window, [Dimension.STATION], census.scope), grid)
    for slice_, tallies in _counted(connection, census, definition, window):
        yield Drawn(
            indicator=definition.name,
            version=version.version,
            outcomes=f"{version.sql} {version.denominator}",
            slice=slice_,
            period=spell.name,
            is_rate=version.denominator is not None,
            tallies=_filled(tallies, grid, BY_PEOPLE, {}),
            expected=expected,
        )


Tallies = dict[tuple[int, str], Tally]  # by station and detail


def _counted(
    connection: Connection[Any], census: Census, definition: Definition, window: Window
) -> list[tuple[str, Tallies]]:
    """The whole under "", then each slice."""
    query = _COUNTED.format(relation=relation(definition, census.scope), band=AGE_BAND)
    given = parameters(definition, window, census.scope)
    given |= {"age_bands": list(census.age_bands), "last_day": window.last_day}
    with connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute(ROOM)
        rows = cursor.execute(query, given, prepare=False).fetchall()
    whole: Tallies = {}
    slices: dict[str, Tallies] = defaultdict(dict)
    # Without a slice the two groupings say the same.
    for slice_, station, detail, *numbers in rows:
        (whole if slice_ is None else slices[slice_])[station, detail] = Tally(*numbers)
    return [("", whole), *sorted(slices.items())]


def rhythm_series(connection: Connection[Any], spell: Spell, today: date, grid: Grid) -> Drawn:
    """Readings of a period by hour of the week."""
    window = spell.window(today)
    with connection.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(_RHYTHM, {"begin": window.begin, "until": window.until}).fetchall()
    by_slot = {(station, slot): Tally(n, 0, people) for station, slot, n, people in rows if slot is not None}
    whole = {station: Tally(n, 0, people) for station, slot, n, people in rows if slot is None}
    return Drawn(
        indicator=RHYTHM,
        version=1,
        outcomes="",
        slice="",
        period=spell.name,
        is_rate=False,
        tallies=_filled(by_slot, grid, BY_HOUR, whole),
        way=BY_HOUR,
    )


def _filled(tallies: Mapping[tuple[int, str], Tally], grid: Grid, way: int, whole: Mapping[int, Tally]) -> list[Tally]:
    """One tally a cell, larger places by adding up. `whole`: of each station, where people repeat among the details."""
    found: dict[tuple[str, str], Tally] = defaultdict(Tally)
    inside = grid.stations
    totals: dict[int, Tally] = defaultdict(Tally, whole)
    if not whole:
        for (station, _), tally in tallies.items():
            totals[station] += tally
    for station, tally in totals.items():
        for place in inside.get(station, ()):
            found[place, WHOLE] += tally
    for (station, detail), tally in tallies.items():
        for place in inside.get(station, ()):
            found[place, detail] += tally
    return [found.get((cell.place, cell.detail), NOBODY) for cell in grid.view(way)]


def _expected(by_station: Mapping[tuple[Any, ...], Any], grid: Grid) -> list[int | None]:
    """Expected people of each place; None where one of its stations has no population."""
    known = {station: figure.denominator for (station,), figure in by_station.items()}
    below: dict[str, list[int | None]] = defaultdict(list)
    for station, places in grid.stations.items():
        for place in places:
            below[place].append(known.get(station))
    return [None if cell.detail else _total(below[cell.place]) for cell in grid.view(BY_PEOPLE)]


def _total(numbers: Sequence[int | None]) -> int | None:
    return None if None in numbers else sum(each for each in numbers if each is not None)


def statistics(drawn: Sequence[Drawn], grid: Grid) -> list[Statistic]:
    """All the numbers of these series."""
    return list(chain.from_iterable(each.statistics(grid) for each in drawn))


def ties(drawn: Sequence[Drawn]) -> list[Tie]:
    """Every sum a reader can make between series: numerator and others, slices, outcomes that are all there are.

    And the readings by hour are those by age and sex: of each place as a whole one number.
    """
    names = {each.name for each in drawn}
    rhythms = [each for each in drawn if each.way == BY_HOUR]
    same = [(f"{each.name} numerator", f"{MEASUREMENTS}  {each.period}") for each in rhythms]
    found = [Tie(hours, [f"{whole} numerator"]) for hours, whole in same if whole in names]
    for each in drawn:
        if each.has_others:
            found.append(Tie(f"{each.name} denominator", [f"{each.name} numerator", f"{each.name} others"]))
        if not each.slice:
            found += _ties_of_slices(each, [other for other in drawn if other.slice and _same(each, other)])
    return found + list(_ties_of_outcomes(drawn))


def _same(one: Drawn, other: Drawn) -> bool:
    return (one.indicator, one.period) == (other.indicator, other.period)


def _ties_of_slices(whole: Drawn, slices: Sequence[Drawn]) -> list[Tie]:
    if not slices:
        return []
    return [Tie(f"{whole.name} {part}", [f"{each.name} {part}" for each in slices]) for part in whole.parts]


def _ties_of_outcomes(drawn: Sequence[Drawn]) -> Iterator[Tie]:
    """Controlled, uncontrolled, missed, no measurement: if one SQL's numerators add up to their common denominator."""
    groups: dict[tuple[str, str, tuple[int, ...]], list[Drawn]] = defaultdict(list)
    for each in drawn:
        if each.has_others and not each.slice:
            groups[each.outcomes, each.period, tuple(t.denominator for t in each.tallies)].append(each)
    for (_, _, denominators), members in groups.items():
        sums = tuple(map(sum, zip(*([t.numerator for t in each.tallies] for each in members), strict=True)))
        if len(members) > 2 and sums == denominators:
            yield Tie(f"{members[0].name} denominator", [f"{each.name} numerator" for each in members])
