"""A report that leaves the person level gives nobody away: not in a cell, a rate, a sum, nor through another table."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from api.counts import Counts, Sum
from api.disclosure import bounds
from api.reporting.period import Span
from api.reporting.protected import protected
from api.reporting.quarterly import PLANS, Figures, Programme, Station, names, table
from api.reporting.table import Cell, Row, Shape, Table

TEN = 10
COUNTIES = ("甲县", "乙县")


def stations(number: int, counties: int) -> list[Station]:
    return [
        Station(station_id=n, name=f"站{n}", township="镇", county=COUNTIES[n % counties], code=f"{n % counties}{n:04}")
        for n in range(number)
    ]


@st.composite
def reports(draw: st.DrawFn) -> tuple[Table, ...]:
    """Hypertension of a quarter and of the year so far: managed people, of whom some meet the standard, and so on."""
    places = stations(draw(st.integers(1, 5)), draw(st.integers(1, 2)))
    found = []
    for span in (Span.QUARTER, Span.YEAR_TO_DATE):
        figures: dict[tuple[str, int], tuple[int, int | None]] = {}
        for place in places:
            managed = draw(st.integers(0, 60) | st.just(0))
            for name in names(Programme.HYPERTENSION):
                part = draw(st.integers(0, managed))
                whole = draw(st.integers(0, 200)) if name.endswith("management_rate") else managed
                figures[name, place.station_id] = (managed if name.endswith("management_rate") else part, whole)
        found.append(made(span, places, figures))
    return tuple(found)


def made(span: Span, places: Sequence[Station], figures: Figures) -> Table:
    marks = {name: f"{name}/1" for name in names(Programme.HYPERTENSION)}
    return table(Programme.HYPERTENSION, span, places, figures, marks)


@settings(max_examples=60)
@given(reports())
def test_no_hidden_figure_follows_from_a_column_and_its_sums(tables: tuple[Table, ...]) -> None:
    """The attack a reader would make on paper: one column with its subtotals, everything shown put in."""
    for true, shown in zip(tables, protected(tables, TEN), strict=True):
        for number, column in enumerate(true.columns):
            if column.shape is Shape.COUNT:
                truth = {row.key: row.cells[number].numerator or 0 for row in true.rows}
                hidden = {row.key for row in shown.rows if row.cells[number].hidden}
                assert {key for key, value in truth.items() if 0 < value < TEN} <= hidden
                for key, range_ in bounds(Counts(truth, sums(true.rows)), hidden).items():
                    assert range_.width > TEN - 1e-6, (column.key, key)


@settings(max_examples=60)
@given(reports())
def test_a_rate_is_shown_only_where_its_three_numbers_are_large(tables: tuple[Table, ...]) -> None:
    for true, shown in zip(tables, protected(tables, TEN), strict=True):
        for row, seen in zip(true.rows, shown.rows, strict=True):
            for column, cell, there in zip(true.columns, row.cells, seen.cells, strict=True):
                if column.shape is Shape.RATE and not there.hidden:
                    numerator, denominator = cell.numerator or 0, cell.denominator or 0
                    for number in (numerator, denominator, denominator - numerator):
                        assert number <= 0 or number >= TEN
                if there.hidden:
                    assert there == Cell(numerator=None, hidden=True)


def sums(rows: Sequence[Row]) -> list[Sum[str]]:
    own = [row.key for row in rows if not row.total]
    found = [Sum("total", own)]
    for row in rows:
        if row.key.startswith("county:"):
            found.append(
                Sum(row.key, [each.key for each in rows if not each.total and each.labels[0] == row.labels[0]])
            )
    return found


def test_the_managed_are_one_number_wherever_they_stand() -> None:
    """What hides them as the denominator of a rate hides them in their own column and in the year's table."""
    places = stations(2, 1)
    figures: dict[tuple[str, int], tuple[int, int | None]] = {}
    for place, managed in zip(places, (4, 40), strict=True):
        for name in names(Programme.HYPERTENSION):
            whole = 900 if name.endswith("management_rate") else managed
            figures[name, place.station_id] = (managed if name.endswith("management_rate") else 0, whole)
    tables = (made(Span.QUARTER, places, figures), made(Span.YEAR_TO_DATE, places, figures))
    columns = [plan.key for plan in PLANS[Programme.HYPERTENSION]]
    for shown in protected(tables, TEN):
        small = dict(zip(columns, shown.rows[0].cells, strict=True))
        assert small["managed"].hidden
        assert small["standard_rate"].hidden
        assert small["control_rate"].hidden
        assert not small["patients"].hidden


def test_large_figures_stay_as_they_are() -> None:
    places = stations(3, 1)
    figures: Figures = {
        (name, place.station_id): (500, 900) for place in places for name in names(Programme.HYPERTENSION)
    }
    tables = (made(Span.QUARTER, places, figures),)
    assert protected(tables, TEN) == tables
