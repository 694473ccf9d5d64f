"""What is published for the CDC: the indicators' own numbers, small cells hidden, whatever is put together."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import errors

from api.counts import Counts, Sum
from api.disclosure import bounds
from api.reporting import definitions, region, shelf
from api.reporting.guarding import Grid, Memory, Remembered, Statistic, Tie, guard
from api.reporting.publisher import FiguresSettings, Publisher
from api.reporting.region import Level, Station
from api.reporting.released import Cell, Release
from api.reporting.settings import ReportingSettings
from api.reporting.spell import Spell, together, wanted
from ingest.rollup import fold
from maixun import configuration
from tests.reporting.town import Town, at

THRESHOLD = 10
STATIONS = [
    Station(station_id=1, name="青河卫生站", township="青河镇", code="330108001001"),
    Station(station_id=2, name="东桥卫生站", township="青河镇", code="330108001002"),
    Station(station_id=3, name="云岭卫生站", township="云岭镇", code="330108002001"),
    Station(station_id=4, name="南山卫生站", township="南山镇", code="330109001001"),
]
DETAILS = ("0 female", "0 male", "65 female", "65 male")
NOW = at("2026-05-20 08:00")


def test_a_region_that_is_the_same_as_a_smaller_one_is_left_out() -> None:
    places = region.tree(STATIONS, {"330108": "滨江区"})
    assert [(each.key, each.level, each.name, each.parent) for each in places] == [
        ("3301", Level.CITY, "3301", None),
        ("330108", Level.COUNTY, "滨江区", "3301"),
        ("330109", Level.COUNTY, "330109", "3301"),
        ("330108001", Level.TOWNSHIP, "青河镇", "330108"),
        ("station-1", Level.STATION, "青河卫生站", "330108001"),
        ("station-2", Level.STATION, "东桥卫生站", "330108001"),
        ("station-3", Level.STATION, "云岭卫生站", "330108"),
        ("station-4", Level.STATION, "南山卫生站", "330109"),
    ]
    assert [each.key for each in region.tops(region.within(places, "330108"))] == ["330108"]


def test_periods_that_are_counted_up_to_one_day_are_published_together() -> None:
    names = [[each.name for each in together(ends, NOW.date())] for ends in wanted(NOW.date(), 2, 3)]
    assert names == [
        ["2026-05", "2026Q2", "2026Q2-ytd"],
        ["2026-04"],
        ["2026-03", "2026Q1"],
        ["2025-12", "2025Q4", "2025Q4-ytd"],
    ]
    for name in ("2026-05", "2026Q2", "2026Q2-ytd"):
        assert Spell.parse(name).name == name
    assert Spell.parse("2026Q1-ytd").name == "2026Q1"
    with pytest.raises(ValueError, match="no period"):
        Spell.parse("2026Q5")


def _filled(grid: Grid, leaves: list[list[int]]) -> tuple[int, ...]:
    """A number a cell from one a station and detail."""
    values = dict.fromkeys(grid.cells, 0)
    for station, row in zip(STATIONS, leaves, strict=True):
        for place in grid.stations[station.station_id]:
            values[Cell(place)] += sum(row)
            for detail, number in zip(DETAILS, row, strict=True):
                if Cell(place, detail) in values:
                    values[Cell(place, detail)] += number
    return tuple(values.values())


def _statistics(grid: Grid, leaves: list[list[tuple[int, int, int]]]) -> tuple[list[Statistic], list[Tie]]:
    """Two indicators over one denominator, as the control rate and the contract rate are."""
    whole = _filled(grid, [[total for total, _, _ in row] for row in leaves])
    found, ties = [Statistic("total", whole)], []
    for n, name in enumerate(("controlled", "contract"), 1):
        part = _filled(grid, [[min(each[n], each[0]) for each in row] for row in leaves])
        others = tuple(all_ - some for all_, some in zip(whole, part, strict=True))
        found += [Statistic(name, part), Statistic(f"not {name}", others)]
        ties.append(Tie("total", [name, f"not {name}"]))
    return found, ties


def _joined(grid: Grid, statistics: list[Statistic], ties: list[Tie]) -> Counts[tuple[str, Cell]]:
    """Everything a reader can put side by side, over all views: each number once, and every sum."""
    values = {
        (each.name, cell): n
        for each in statistics
        for cell, n in zip(grid.cells, each.values, strict=True)
        if n is not None
    }
    sums = [
        Sum((each.name, grid.cells[total]), [(each.name, grid.cells[part]) for part in parts])
        for each in statistics
        for total, parts in grid.sums
    ]
    sums += [Sum((tie.total, cell), [(part, cell) for part in tie.parts]) for tie in ties for cell in grid.cells]
    return Counts(values, sums)


CELL = st.tuples(*[st.integers(0, 40) | st.integers(0, 12)] * 3)
COUNTY = st.lists(st.lists(CELL, min_size=4, max_size=4), min_size=4, max_size=4)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(COUNTY)
def test_no_hidden_number_of_a_county_can_be_worked_out_from_all_views_together(
    leaves: list[list[tuple[int, int, int]]],
) -> None:
    """Drill-down, age and sex, two indicators of one denominator: audited as one table by the attack itself."""
    grid = Grid.over(region.tree(STATIONS, {}), DETAILS)
    statistics, ties = _statistics(grid, leaves)
    guarded = guard(statistics, ties, grid, THRESHOLD, {})
    assert not guarded.withheld
    hidden = {(each.name, grid.cells[n]) for each in statistics for n in guarded.hidden[each.name]}
    every = _joined(grid, statistics, ties)
    assert {key for key, count in every.values.items() if 0 < count < THRESHOLD} <= hidden
    narrow = {key: at_ for key, at_ in bounds(every, hidden).items() if at_.width < THRESHOLD - 1e-6}
    assert narrow == {}


@settings(max_examples=15, deadline=None)
@given(COUNTY, st.integers(0, 3), CELL)
def test_what_has_not_changed_stays_hidden_or_shown(
    leaves: list[list[tuple[int, int, int]]], station: int, changed: tuple[int, int, int]
) -> None:
    grid = Grid.over(region.tree(STATIONS, {}), DETAILS)
    before, ties = _statistics(grid, leaves)
    first = guard(before, ties, grid, THRESHOLD, {})
    memory: Memory = {
        each.name: {
            cell: Remembered(count, n in first.hidden[each.name])
            for n, (cell, count) in enumerate(zip(grid.cells, each.values, strict=True))
            if count is not None
        }
        for each in before
    }
    assert guard(before, ties, grid, THRESHOLD, memory).hidden == first.hidden
    leaves[station][0] = changed
    after, _ = _statistics(grid, leaves)
    second = guard(after, ties, grid, THRESHOLD, memory)
    shown_of = {each.name: each for each in before}
    for each in after:
        if each.name in second.withheld:
            continue
        for n, count in enumerate(each.values):
            if shown_of[each.name].values[n] == count and n in first.hidden[each.name] and count:
                same = [o.name for o in before if o.values == shown_of[each.name].values]
                if len(same) == 1:
                    assert n in second.hidden[each.name], (each.name, grid.cells[n])


@pytest.fixture
def publisher() -> Publisher:
    """As configured, nothing old ever."""
    return Publisher(
        definitions.load(),
        configuration.settings(FiguresSettings, "figures").model_copy(update={"quarters": 1, "months": 0}),
        configuration.settings(ReportingSettings, "reporting"),
        THRESHOLD,
    )


@pytest.fixture
def county(town: Town) -> Town:
    """23 patients in 青河, of whom 12 are controlled; 4 in 东桥, all controlled; 30 in 云岭, 15 controlled."""
    east = town.station("东桥卫生站", "青河镇", "330108001002")
    hill = town.station("云岭卫生站", "云岭镇", "330108002001")
    for station, people, controlled in ((town.station_id, 23, 12), (east, 4, 4), (hill, 30, 15)):
        for n in range(people):
            resident = town.patient(station_id=station, sex="female" if n % 2 else "male")
            town.visit(resident, "2026-04-15 09:00", "128/80" if n < controlled else "162/98")
    return town


def _release(town: Town) -> Release:
    return Release.model_validate(town.one("select shown from reporting.figure_release order by ends desc limit 1"))


def _exact(town: Town, period: str) -> Release:
    return Release.model_validate(town.one("select exact from reporting.figure_memory where period = %s", period))


def test_published_numbers_are_the_indicators_own_and_small_ones_are_hidden(county: Town, publisher: Publisher) -> None:
    assert publisher.publish_due(county.connection, NOW) == 1
    assert publisher.publish_due(county.connection, NOW) == 0, "published once a day"
    release = _release(county)
    series = release.find("hypertension_control_rate", "2026Q2")
    assert series is not None
    assert series.version == 2
    places = {each.name: each.key for each in release.places}
    county_wide = release.at(series, places["330108"])
    own = county.figure("hypertension_control_rate")
    assert own.denominator == 57
    assert (county_wide.numerator, county_wide.denominator) == (31, 57)
    small = release.at(series, places["东桥卫生站"])
    assert (small.numerator, small.denominator, small.rate) == (None, None, None)
    # 青河镇 minus 青河卫生站 would be it.
    township, larger = release.at(series, places["青河镇"]), release.at(series, places["青河卫生站"])
    assert None in (township.denominator, larger.denominator)


def test_small_numbers_are_not_in_what_the_pages_read(county: Town, publisher: Publisher) -> None:
    publisher.publish_due(county.connection, NOW)
    for series in _release(county).series:
        for number in [*series.numerator, *([] if series.is_expected else series.denominator or [])]:
            assert number is None or number == 0 or number >= THRESHOLD


def test_the_next_day_an_unchanged_number_is_not_uncovered(county: Town, publisher: Publisher) -> None:
    publisher.publish_due(county.connection, NOW)
    before = _release(county)
    resident = county.patient(station_id=county.station_id + 2)
    county.visit(resident, "2026-04-16 09:00", "128/80")
    assert publisher.publish_due(county.connection, NOW + timedelta(hours=25)) == 1
    after = _release(county)
    for old in before.series:
        new = after.find(old.indicator, old.period, old.slice)
        now = _exact(county, old.period).find(old.indicator, old.period, old.slice)
        assert new is not None
        assert now is not None
        key = next(each.key for each in before.places if each.name == "东桥卫生站")
        if now.numerator[[*after.grid(now)].index(Cell(key))]:
            assert after.at(new, key).numerator is None


def test_what_adds_up_over_time_is_published_by_quarter_alone(county: Town, publisher: Publisher) -> None:
    publisher.publish_due(county.connection, NOW)
    release = _release(county)
    assert {s.period for s in release.series if s.indicator == "measurements"} == {"2026Q2"}
    assert {s.period for s in release.series if s.indicator == "hypertension_control_rate"} == {
        "2026-05",
        "2026Q2",
        "2026Q2-ytd",
    }


def test_the_pages_cannot_read_what_was_hidden(county: Town, publisher: Publisher) -> None:
    county.connection.execute("set role maixun_figures")
    publisher.publish_due(county.connection, NOW)
    with pytest.raises(errors.InsufficientPrivilege):
        county.connection.execute("select from identity.person")
    county.connection.execute("set role maixun_api")
    assert _release(county).series
    with pytest.raises(errors.InsufficientPrivilege):
        county.connection.execute("select exact from reporting.figure_memory")
    with pytest.raises(errors.InsufficientPrivilege):
        county.connection.execute("update reporting.figure_release set shown = '{}'")


def test_readings_by_hour_hide_the_same_places_as_readings_by_age(county: Town, publisher: Publisher) -> None:
    """They are the same readings: what one hides of a place as a whole, the other may not show."""
    people = county.connection.execute("select resident_id, station_id from care.resident order by 1").fetchall()
    for n, (resident, _) in enumerate(people):
        county.reading(resident, f"2026-04-{1 + n % 28:02} {n % 24:02}:10", systolic=130, diastolic=80)
    fold(county.connection)
    publisher.publish_due(county.connection, NOW)
    release = _release(county)
    readings, rhythm = release.find("measurements", "2026Q2"), release.find("measuring_hours", "2026Q2")
    assert readings is not None
    assert rhythm is not None
    assert release.at(rhythm, "330108").numerator == len(people)
    for place in release.places:
        assert release.at(readings, place.key).numerator == release.at(rhythm, place.key).numerator, place
    assert any(release.at(readings, place.key).numerator is None for place in release.places)
    hidden = {
        n
        for n, cell in enumerate(release.hours)
        if cell.detail and rhythm.numerator[n] is None and cell.place == "330108"
    }
    assert hidden, "57 people over 24 hours are few in each"


def test_a_month_is_remembered_when_it_gets_a_release_of_its_own(county: Town) -> None:
    known = Publisher(
        definitions.load(),
        configuration.settings(FiguresSettings, "figures").model_copy(update={"quarters": 1, "months": 1}),
        configuration.settings(ReportingSettings, "reporting"),
        THRESHOLD,
    )
    known.publish_due(county.connection, NOW)
    before = _release(county)
    known.publish_due(county.connection, at("2026-06-02 08:00"))
    published = {each.period: each for each in shelf.periods(county.connection)}
    after = shelf.Shelf().take(county.connection, published["2026-05"])
    assert published["2026-05"].ends == date(2026, 6, 1)
    old, new = (each.find("hypertension_control_rate", "2026-05") for each in (before, after))
    assert old is not None
    assert new is not None
    assert old.counted_at < new.counted_at
    assert old.numerator == new.numerator
    assert old.denominator == new.denominator


def test_a_quarterly_cohort_is_published_by_quarter_alone(county: Town, publisher: Publisher) -> None:
    """In each month of a quarter it is the same people."""
    publisher.publish_due(county.connection, NOW)
    series = _release(county).series
    assert {s.period for s in series if s.indicator.startswith("hearts_cohort")} == {"2026Q2"}
    assert {s.period for s in series if s.indicator == "hearts_controlled"} == {"2026-05", "2026Q2", "2026Q2-ytd"}
