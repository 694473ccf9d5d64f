"""A table of figures as it leaves the person level: the one value that pages, files and other systems are made from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from api.reporting.definitions import Words

HIDDEN = "*"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Shape(StrEnum):
    """What a column's cells show: the numerator, or its share of the denominator."""

    COUNT = "count"
    RATE = "rate"


class Column(_Frozen):
    """One column of figures; neighbours of one group share a merged heading."""

    key: str  # stable: how files and other systems name it
    label: Words
    shape: Shape
    indicator: str  # name/version
    group: Words | None = None


class Cell(_Frozen):
    """One figure. None where there is none (a population nobody gave, a rate of nobody), or where it is hidden."""

    numerator: int | None
    denominator: int | None = None
    hidden: bool = False  # too small to leave the person level, or it would give a small one away

    @property
    def rate(self) -> float | None:
        """The share, 0 to 1."""
        return None if self.numerator is None or not self.denominator else self.numerator / self.denominator


class Row(_Frozen):
    """One area: a station, a county, or everything (合计)."""

    key: str  # "station:<id>", "county:<6 digits>", "total"
    labels: tuple[Words, ...]  # one a heading of the table
    cells: tuple[Cell, ...]
    total: bool = False  # the sum of rows above it


class Table(_Frozen):
    """Rows of areas, columns of figures. Cells are aggregates; nothing here is a person."""

    name: str
    title: Words
    headings: tuple[Words, ...]
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    @property
    def groups(self) -> list[tuple[Words | None, int]]:
        """The merged headings with how many columns each spans, in order."""
        found: list[tuple[Words | None, int]] = []
        for column in self.columns:
            if found and found[-1][0] == column.group:
                found[-1] = (column.group, found[-1][1] + 1)
            else:
                found.append((column.group, 1))
        return found


def text(cell: Cell, shape: Shape) -> str:
    """A cell as it is printed: 3,402 or 70.0 %; `HIDDEN` has its words in `api.reporting.sheet`."""
    if cell.hidden:
        return HIDDEN
    if shape is Shape.RATE:
        return "–" if cell.rate is None else f"{100 * cell.rate:.1f} %"
    return "–" if cell.numerator is None else f"{cell.numerator:,}"


def has_hidden(table: Table) -> bool:
    """Whether any of its cells is hidden."""
    return any(cell.hidden for row in table.rows for cell in row.cells)


def added_up(key: str, labels: Sequence[Words], rows: Iterable[Row]) -> Row:
    """The row that sums these, column by column; a figure that one of them lacks is lacking in the sum."""
    columns = list(zip(*(row.cells for row in rows), strict=True))
    cells = tuple(
        Cell(
            numerator=_sum(cell.numerator for cell in column),
            denominator=_sum(cell.denominator for cell in column),
        )
        for column in columns
    )
    return Row(key=key, labels=tuple(labels), cells=cells, total=True)


def _sum(values: Iterator[int | None]) -> int | None:
    total = 0
    for value in values:
        if value is None:
            return None
        total += value
    return total


class Change(_Frozen):
    """One cell that differs between two versions of a table."""

    row: str
    labels: tuple[Words, ...]
    column: Column
    before: Cell | None
    after: Cell | None


def changes(before: Table, after: Table) -> list[Change]:
    """Every cell in which two versions of a table differ, rows that came or went included."""
    old, new = _cells(before), _cells(after)
    labels = {row.key: row.labels for table in (before, after) for row in table.rows}
    columns = {column.key: column for table in (before, after) for column in table.columns}
    return [
        Change(row=key[0], labels=labels[key[0]], column=columns[key[1]], before=old.get(key), after=new.get(key))
        for key in dict.fromkeys([*old, *new])
        if old.get(key) != new.get(key)
    ]


def _cells(table: Table) -> dict[tuple[str, str], Cell]:
    return {
        (row.key, column.key): cell for row in table.rows for column, cell in zip(table.columns, row.cells, strict=True)
    }
