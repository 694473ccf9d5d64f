"""Charts of made-up releases: whatever is published and hidden, every chart can be drawn and tells hidden from none."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.dashboard import ranking, svg
from api.dashboard.archive import Archive
from api.dashboard.chart import Chart
from api.dashboard.choice import Asked, Unknown, choose
from api.dashboard.look import Look
from api.dashboard.outcomes import OUTCOMES, outcomes
from api.dashboard.overview import overview
from api.dashboard.pyramid import pyramid
from api.dashboard.rhythm import rhythm, shade
from api.dashboard.tree import branches
from api.dashboard.trend import trend
from api.language import Language
from api.reporting import definitions, region
from api.reporting.counting import HOURS, RHYTHM, SEXES
from api.reporting.region import Level, Station
from api.reporting.released import Cell, Release, Series

CONTROL = "hypertension_control_rate"
TODAY = date(2026, 11, 21)
AGES = (35, 65)
PLACES = region.tree(
    [
        Station(station_id=1, name="青河卫生站", township="青河镇", code="330108001001"),
        Station(station_id=2, name="东桥卫生站", township="青河镇", code="330108001002"),
        Station(station_id=3, name="云岭卫生站", township="云岭镇", code="330108002001"),
    ],
    {"330108": "滨江区"},
)
PEOPLE = [Cell(each.key) for each in PLACES] + [Cell("330108", f"{age} {sex}") for age in (0, *AGES) for sex in SEXES]
SLOTS = [Cell(each.key) for each in PLACES] + [Cell("330108", str(slot)) for slot in range(HOURS)]
CHARTS = (trend, ranking.ranking, outcomes, pyramid, rhythm, overview)


def series(indicator: str, period: str, shares: list[tuple[int | None, int | None]]) -> Series:
    by_hour = indicator == RHYTHM
    size = len(SLOTS if by_hour else PEOPLE)
    numbers = [shares[n % len(shares)] for n in range(size)]
    return Series(
        indicator=indicator,
        version=2 if indicator == CONTROL else 1,
        slice="",
        period=period,
        counted_at=datetime(2026, 11, 21, tzinfo=UTC),
        numerator=[each[0] for each in numbers],
        denominator=None if by_hour or indicator == "measurements" else [each[1] for each in numbers],
        by_hour=by_hour,
    )


def look(numbers: dict[tuple[str, str], list[tuple[int | None, int | None]]], **asked: str) -> Look:
    """A look at releases with these series: by indicator and period a few figures, repeated over the cells."""
    release = Release(
        ends=date(2026, 10, 1),
        threshold=10,
        age_bands=AGES,
        places=PLACES,
        cells=PEOPLE,
        hours=SLOTS,
        series=[series(indicator, period, shares) for (indicator, period), shares in numbers.items()],
    )
    archive = Archive({period: release for _, period in numbers})
    return Look(
        archive=archive,
        places=PLACES,
        choice=choose(Asked(**asked), archive, PLACES, TODAY),
        indicators=definitions.load(),
        language=Language.ENGLISH,
        today=TODAY,
    )


def share(group: tuple[int, int, bool, bool]) -> tuple[int | None, int | None]:
    denominator, numerator, hides, hides_all = group
    return (
        None if hides or hides_all else min(numerator, denominator),
        None if hides_all else denominator,
    )


SHARES = st.lists(
    st.tuples(st.integers(0, 900), st.integers(0, 900), st.booleans(), st.booleans()).map(share),
    min_size=1,
    max_size=12,
)
NAMES = (CONTROL, "measurements", RHYTHM, *(each.indicator for each in OUTCOMES))
KEYS = st.sampled_from([(name, period) for name in NAMES for period in ("2026Q1", "2026Q2", "2026Q3", "2026Q3-ytd")])


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(KEYS, SHARES, min_size=1).filter(lambda d: any(name != RHYTHM for name, _ in d)),
    st.sampled_from(["330108", "330108001", "station-2"]),
)
def test_whatever_is_published_can_be_drawn(
    numbers: dict[tuple[str, str], list[tuple[int | None, int | None]]], place: str
) -> None:
    seen = look(numbers, region=place)
    for make in CHARTS:
        chart = make(seen)
        assert len({len(chart.numbers.headings), *(len(row.cells) for row in chart.numbers.rows)}) == 1
        if chart.picture is not None:
            assert "nan" not in chart.picture.__html__()
            assert "inf" not in chart.picture.__html__()


def cells(chart: Chart) -> dict[str, list[str]]:
    return {row.cells[0]: list(row.cells[1:]) for row in chart.numbers.rows}


def test_hidden_has_a_word_and_nobody_is_a_zero() -> None:
    seen = look({(CONTROL, "2026Q3"): [(24, 40), (None, None), (0, 30), (None, 25)]})
    ranked = ranking.ranking(seen)
    # the cells in order: 滨江区 24/40, 青河镇 hidden, 青河卫生站 0/30, 东桥卫生站 hidden of 25, 云岭卫生站 24/40
    assert cells(ranked)["青河卫生站"][:3] == ["0", "30", "0.0 %"]
    assert cells(ranked)["东桥卫生站"] == ["hidden", "25", "hidden", "–", "–"]
    assert "Not in the plot: 1." in " ".join(ranked.says)
    assert any(each.startswith('"hidden": ') for each in ranked.says)
    assert cells(ranked)["青河卫生站"][4] == "below the 99.8% limit"
    assert cells(ranked)["云岭卫生站"][4] == "within the limits"


def test_where_stations_are_hidden_larger_places_are_compared() -> None:
    # the cells in order: 滨江区, 青河镇, and the stations 青河, 东桥, 云岭
    hidden = look({(CONTROL, "2026Q3"): [(60, 100), (40, 60), (None, 40), (None, 20), (20, 40)]})
    assert "Most stations' shares" not in " ".join(ranking.ranking(hidden).says), "there is but one township"
    assert list(cells(ranking.ranking(hidden))) == ["云岭卫生站", "青河卫生站", "东桥卫生站"]
    places = [each.model_copy(update={"level": Level.TOWNSHIP}) if each.station_id == 3 else each for each in PLACES]
    larger = replace(hidden, places=places)
    assert list(cells(ranking.ranking(larger))) == ["青河镇", "云岭卫生站"]
    assert "Most stations' shares are hidden" in " ".join(ranking.ranking(larger).says)
    chosen = replace(larger, choice=replace(larger.choice, level=Level.STATION))
    assert list(cells(ranking.ranking(chosen))) == ["青河卫生站", "东桥卫生站"]


def test_what_nobody_counted_is_not_called_hidden() -> None:
    seen = look({(CONTROL, "2026Q3"): [(0, 0)]})
    assert cells(trend(seen)) == {"Quarter 3 of 2026": ["0", "0", "–", "–"]}
    assert not any("hidden" in each for each in trend(seen).says)


def test_a_missing_quarter_leaves_its_room_and_no_line_over_it() -> None:
    every = look({(CONTROL, period): [(24, 40)] for period in ("2026Q1", "2026Q2", "2026Q3")})
    gap = look({(CONTROL, period): [(24, 40)] for period in ("2026Q1", "2026Q3")})
    lines = [str(trend(each).picture.__html__()).count('stroke-width="2"><') for each in (every, gap)]  # type: ignore[union-attr]
    assert lines[0] - lines[1] == 3, "two lines and a point"


def test_an_indicator_that_adds_up_is_shown_by_quarter_whatever_is_chosen() -> None:
    figures: dict[tuple[str, str], list[tuple[int | None, int | None]]] = {
        ("measurements", "2026Q2"): [(500, None)],
        ("measurements", "2026Q3"): [(700, None)],
        (CONTROL, "2026-09"): [(24, 40)],
    }
    seen = look(figures, period="2026-09", indicator="measurements")
    shown = trend(seen)
    assert list(cells(shown)) == ["Quarter 3 of 2026", "Quarter 2 of 2026"]
    assert "published by quarter alone" in " ".join(shown.says)
    assert "not published for this period" in " ".join(ranking.ranking(seen).says)


def test_the_outcomes_of_a_quarter_fill_its_column() -> None:
    named = [each.indicator for each in OUTCOMES]
    shares: list[list[tuple[int | None, int | None]]] = [[(50, 100)], [(30, 100)], [(None, 100)], [(None, 100)]]
    seen = look({(name, "2026Q3"): share for name, share in zip(named, shares, strict=True)}, indicator=named[0])
    shown = outcomes(seen)
    assert cells(shown) == {"Quarter 3 of 2026": ["100", "50 (50.0 %)", "30 (30.0 %)", "hidden", "hidden"]}
    assert shown.picture is not None
    assert str(shown.picture.__html__()).count('fill="url(#outcomes-hidden)"') == 2, "the column's rest, and the legend"


def test_ages_and_hours_are_not_told_of_places_smaller_than_a_county() -> None:
    for place in ("330108001", "station-1"):
        seen = look({(CONTROL, "2026Q3"): [(24, 40)], (RHYTHM, "2026Q3"): [(50, None)]}, region=place)
        for chart in (pyramid(seen), rhythm(seen)):
            assert chart.picture is None
            assert chart.numbers.rows == []
            assert "could be recognised" in " ".join(chart.says)


def test_the_tree_is_open_on_the_way_to_what_is_chosen() -> None:
    chosen = next(each for each in PLACES if each.key == "station-2")
    (county,) = branches(PLACES, chosen)
    assert [each.place.name for each in county.below] == ["青河镇", "云岭卫生站"]
    township, station = county.below
    assert [each.place.name for each in township.below] == ["青河卫生站", "东桥卫生站"]
    assert [each.is_chosen for each in township.below] == [False, True]
    assert station.below == []


def test_only_what_exists_can_be_chosen() -> None:
    archive = look({(CONTROL, "2026Q3"): [(24, 40)]}).archive
    own = region.within(PLACES, "330108001")
    assert choose(Asked(), archive, own, TODAY).place.key == "330108001"
    for asked in (Asked(region="330108"), Asked(period="2026Q4"), Asked(indicator="nothing")):
        with pytest.raises(Unknown):
            choose(asked, archive, own, TODAY)


def test_shades_go_from_none_to_most() -> None:
    assert [shade(count, 100) for count in (0, 19, 20, 99, 100)] == [0, 0, 1, 4, 4]


@given(st.floats(0, 1e6), st.floats(0.01, 1e6))
def test_ticks_are_round_and_within(low: float, width: float) -> None:
    scale = svg.Scale(low, low + width, 0, 100)
    ticks = scale.ticks()
    assert 1 <= len(ticks) <= 11
    assert all(low - width / 1e6 <= each <= low + width * (1 + 1e-6) for each in ticks)


def test_what_is_written_into_a_picture_is_escaped() -> None:
    assert svg.text(0, 0, "<b>&") == '<text x="0" y="0">&lt;b&gt;&amp;</text>'
