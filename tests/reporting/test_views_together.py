"""All that leaves the person level, put side by side by a reader who keeps everything: nobody small can be worked out.

Reports of a city and its counties with their corrections, the figures API with drill-down, ages and CSV, and releases
one after the other. The reader here knows every sum there is, and works with linear programmes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from api.counts import Counts, Sum
from api.disclosure import bounds
from api.reporting import figure_rows, quarterly, region
from api.reporting.counting import Drawn, Tally
from api.reporting.figure_rows import Asked, By, Places
from api.reporting.guarding import Grid
from api.reporting.period import Quarter, Span
from api.reporting.protected import Seen, as_released
from api.reporting.quarterly import Programme
from api.reporting.releasing import Before, Frame, made
from api.reporting.table import Table

TEN = 10
QUARTER = Quarter(2026, 3)
PERIODS = {Span.QUARTER: "2026Q3", Span.YEAR_TO_DATE: "2026Q3-ytd"}
NOW = datetime(2026, 10, 5, tzinfo=UTC)
STATIONS = [
    region.Station(station_id=n, name=f"站{n}", township=f"镇{n}", code=code)
    for n, code in enumerate(("330108001001", "330108002001", "330108003001", "330109001001", "330109002001"), 1)
]
PLACES = region.tree(STATIONS, {"330108": "甲县", "330109": "乙县"})
DETAILS = ("0 female", "0 male", "65 female", "65 male")
GRID = Grid.over(PLACES, DETAILS, [])
POPULATION = 900  # expected at each station: a public number
PARTS = ("standard", "control", "contract")
LEAVES = [(station.station_id, detail) for station in STATIONS for detail in DETAILS]

# Of each station, age and sex: under management, and of those how many count in each indicator and span.
Number = tuple[str, str]  # what is counted, over which span; "" where both spans have the same
Key = tuple[Number, str, str]  # and of which place and detail
County = Mapping[tuple[int, str], Mapping[Number, int]]


def numbers() -> st.SearchStrategy[Mapping[Number, int]]:
    """Few people in many places."""

    @st.composite
    def drawn(draw: st.DrawFn) -> Mapping[Number, int]:
        managed = draw(st.integers(0, 12) | st.integers(0, 40))
        found = {("managed", ""): managed, ("contract", ""): draw(st.integers(0, managed))}
        for part, span in product(("standard", "control"), Span):
            found[part, span] = draw(st.integers(0, managed))
        return found

    return drawn()


COUNTIES = st.lists(numbers(), min_size=len(LEAVES), max_size=len(LEAVES)).map(
    lambda found: dict(zip(LEAVES, found, strict=True))
)


def number_of(part: str, span: Span) -> Number:
    """The number behind a part of a span's tables; under management, or with a contract, one is on a day: in both."""
    return (part, "" if part in ("managed", "contract") else span)


def truth(county: County) -> dict[Key, int]:
    """Every number of every cell, the others of each indicator too."""
    cells = {(cell.place, cell.detail) for cell in GRID.cells}
    found: dict[Key, int] = {}
    for (station, detail), counted in county.items():
        others = {
            (f"not {part}", span): counted["managed", ""] - n
            for (part, span), n in counted.items()
            if part != "managed"
        }
        own = {**counted, **others}
        for number, place, told in product(own, GRID.stations[station], ("", detail)):
            if (place, told) in cells:
                found[number, place, told] = found.get((number, place, told), 0) + own[number]
    return found


def series(county: County) -> list[Drawn]:
    """The indicators of the report as they are counted."""
    values = truth(county)
    found = []
    for span, name in product(Span, ("management", *PARTS)):
        tallies = []
        for cell in GRID.cells:
            part = number_of("managed" if name == "management" else name, span)
            numerator, managed = values[part, cell.place, cell.detail], values[("managed", ""), cell.place, cell.detail]
            tallies.append(Tally(numerator, managed, numerator, managed, managed - numerator))
        expected = [None if cell.detail else POPULATION * inside(cell.place) for cell in GRID.cells]
        found.append(
            Drawn(
                indicator=f"hypertension_{name}_rate",
                version=1,
                outcomes=name,
                slice="",
                period=PERIODS[span],
                is_rate=True,
                tallies=tallies,
                expected=expected if name == "management" else None,
            )
        )
    return found


def inside(place: str) -> int:
    """How many stations a place has."""
    return sum(place in places for places in GRID.stations.values())


def released(county: County, before: Before | None = None) -> Before:
    """The release of these people, a day after an earlier one."""
    now = NOW + timedelta(days=before is not None)
    frame = Frame(ends=date(2026, 10, 1), threshold=TEN, age_bands=(65,), places=PLACES, grid=GRID)
    last = {} if before is None else dict.fromkeys(PERIODS.values(), before)
    return made(series(county), frame, last, now)


def report(county: County, prefix: str, release: Before) -> Seen:
    """The report of a region, taken when these were its people and that its latest release."""
    values = truth(county)
    stations = [
        quarterly.Station(
            station_id=each.station_id, name=each.name, township=each.township, county=each.code[:6], code=each.code
        )
        for each in STATIONS
        if each.code.startswith(prefix)
    ]
    tables = []
    for span in Span:
        figures: dict[tuple[str, int], tuple[int, int | None]] = {}
        for place, name in product(stations, ("management", *PARTS)):
            key = f"station-{place.station_id}"
            part = values[number_of("managed" if name == "management" else name, span), key, ""]
            whole = POPULATION if name == "management" else values[("managed", ""), key, ""]
            figures[f"hypertension_{name}_rate", place.station_id] = (part, whole)
        marks = {name: f"{name}/1" for name in quarterly.names(Programme.HYPERTENSION)}
        tables.append(quarterly.table(Programme.HYPERTENSION, span, stations, figures, marks))
    return as_released(tables, release.shown, QUARTER)


def read_figures(release: Before) -> Iterator[tuple[Key, int]]:
    """What the API tells a city and its counties, by every level and way; half of it read from CSV."""
    for within, level, by in product(("3301", "330108", "330109"), Places, (By.WHOLE, By.AGE_SEX)):
        asked = Asked(periods=list(PERIODS.values()), indicators=(), region=None, places=level, by=by, within=within)
        found = figure_rows.found(asked, dict.fromkeys(PERIODS.values(), release.shown))
        newest = max(each.counted_at for each in release.exact.series)
        rows = [row for row in figure_rows.rows(list(found)) if row.counted_at == newest]  # the others are of before
        lines: list[dict[str, Any]] = [row.model_dump() for row in rows]
        if by is By.WHOLE:
            lines = list(csv.DictReader(io.StringIO(figure_rows.as_csv(rows).decode("utf-8-sig"))))
        for line in lines:
            yield from _told_by(line)


def _told_by(line: Mapping[str, Any]) -> Iterator[tuple[Key, int]]:
    span = next(span for span, period in PERIODS.items() if period == line["period"])
    part = line["indicator"].split("_")[1]
    detail = "" if line["sex"] in (None, "") else f"{line['age_from']} {line['sex']}"
    told = {}
    if line["numerator"] not in (None, ""):
        told[number_of("managed" if part == "management" else part, span)] = int(line["numerator"])
    if line["denominator"] not in (None, "") and part != "management":
        told["managed", ""] = int(line["denominator"])
    for number, count in told.items():
        yield (number, line["region"], detail), count


def read_report(tables: tuple[Table, ...], prefix: str) -> Iterator[tuple[Key, int]]:
    """What a report tells, its rates taken apart."""
    for table, span in zip(tables, Span, strict=True):
        for row, (column, cell) in product(table.rows, enumerate(table.columns)):
            seen = row.cells[column]
            kind = row.key.partition(":")[0]
            place = {"total": prefix, "station": row.key.replace(":", "-"), "county": row.labels[0].zh}[kind]
            if not seen.hidden and seen.numerator is not None:
                yield from _told_in(cell.key, seen.numerator, seen.denominator, span, place)


def _told_in(column: str, numerator: int, denominator: int | None, span: Span, place: str) -> Iterator[tuple[Key, int]]:
    part = {
        "managed": "managed",
        "management_rate": "managed",
        "standard": "standard",
        "standard_rate": "standard",
        "controlled": "control",
        "control_rate": "control",
        "contracts": "contract",
        "contract_rate": "contract",
    }.get(column)
    if part is not None:
        yield (number_of(part, span), place, ""), numerator
        if denominator is not None and column != "management_rate":
            yield (("managed", ""), place, ""), denominator


def relations(values: Mapping[Key, int]) -> list[Sum[Key]]:
    """Every sum a reader knows of, from the map and from the words: not from the program's own."""
    found: list[Sum[Key]] = []
    for number in {number for number, _, _ in values}:
        counties = {"330108": ["station-1", "station-2", "station-3"], "330109": ["station-4", "station-5"]}
        for place, parts in ({"3301": list(counties)} | counties).items():
            found.append(Sum((number, place, ""), [(number, part, "") for part in parts]))
            found.append(Sum((number, place, ""), [(number, place, detail) for detail in DETAILS]))
        found += [Sum((number, "3301", each), [(number, part, each) for part in counties]) for each in DETAILS]
    for (part, span), place, detail in values:
        if part in PARTS:
            outcomes = [((name, span), place, detail) for name in (part, f"not {part}")]
            found.append(Sum((("managed", ""), place, detail), outcomes))
    return found


@dataclass
class Reader:
    """Keeps what was told of the county on one day."""

    values: Mapping[Key, int]
    told: dict[Key, int]

    @classmethod
    def of(cls, county: County, *told: Iterator[tuple[Key, int]]) -> Reader:
        """Two views never tell different numbers, nor a small one."""
        values, known = truth(county), dict[Key, int]()
        for key, count in (pair for view in told for pair in view):
            assert values[key] == count, key
            assert count == 0 or count >= TEN, key
            known[key] = count
        return cls(values, known)

    @property
    def hidden(self) -> set[Key]:
        """What was never told."""
        return self.values.keys() - self.told.keys()


def narrow(values: Mapping[Any, int], sums: list[Sum[Any]], hidden: set[Any]) -> dict[Any, Any]:
    """The small numbers that can be worked out to within the threshold."""
    counts = Counts(values, sums)
    small = {key for key in hidden if 0 < values[key] < TEN}
    found = bounds(counts, hidden)
    return {key: found[key] for key in small if found[key].width < TEN - 1e-6}


SLOW = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
Late = Mapping[tuple[int, str], Mapping[Number, int]]
LATE = st.dictionaries(st.sampled_from(LEAVES), numbers(), min_size=1, max_size=3)


def all_views(county: County, release: Before) -> Reader:
    """Everything one may read of a day."""
    reports = (read_report(report(county, prefix, release).tables, prefix) for prefix in ("3301", "330108", "330109"))
    return Reader.of(county, read_figures(release), *reports)


@SLOW
@given(COUNTIES)
def test_reports_and_figures_of_a_day_give_nobody_away(county: County) -> None:
    reader = all_views(county, released(county))
    assert narrow(reader.values, relations(reader.values), reader.hidden) == {}


NOBODY: Mapping[Number, int] = dict.fromkeys(
    (number_of(part, span) for part, span in product(("managed", *PARTS), Span)), 0
)
MANY = dict.fromkeys(NOBODY, 20)
FIRST = LEAVES[0]


@SLOW
@given(COUNTIES, LATE)
@example({leaf: NOBODY if leaf == FIRST else MANY for leaf in LEAVES}, {FIRST: {**NOBODY, ("managed", ""): 1}})
def test_a_correction_after_late_data_gives_nobody_away(county: County, late: Late) -> None:
    """Even to a reader who is told which numbers are still the same."""
    after = {**county, **late}
    first = released(county)
    one, two = all_views(county, first), all_views(after, released(after, first))
    same = {key for key in one.values if one.values[key] == two.values[key]}

    def name(day: int, key: Key) -> tuple[int, Key]:
        return (1 if key in same else day, key)

    values = {name(day, key): n for day, reader in ((1, one), (2, two)) for key, n in reader.values.items()}
    sums = [
        Sum(name(day, each.total), [name(day, part) for part in each.parts])
        for day, reader in ((1, one), (2, two))
        for each in relations(reader.values)
    ]
    told = {name(day, key) for day, reader in ((1, one), (2, two)) for key in reader.told}
    assert narrow(values, sums, values.keys() - told) == {}


@SLOW
@given(COUNTIES)
def test_a_day_without_news_tells_nothing_new(county: County) -> None:
    first = released(county)
    assert all_views(county, released(county, first)).told == all_views(county, first).told


@SLOW
@given(COUNTIES, LATE)
def test_a_report_taken_after_its_release_gives_nobody_away(county: County, late: Late) -> None:
    after = {**county, **late}
    release = released(county)
    reports = [(prefix, report(after, prefix, release)) for prefix in ("3301", "330108", "330109")]
    reader = Reader.of(after, *(read_report(seen.tables, prefix) for prefix, seen in reports))
    assert narrow(reader.values, relations(reader.values), reader.hidden) == {}
