"""A report's tables as they may leave the person level: small counts hidden, and whatever would give them away. Pure.

All tables of a report are protected together. What is the same number for every institution is one number, whichever
column or table shows it: people under management are the denominator of three rates. A rate stands for three numbers,
its numerator, the others and its denominator, and is shown only where all three are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from api.counts import Counts, Sum
from api.reporting.table import Cell, Row, Shape, Table
from api.suppression import Suppression, suppress

Vector = tuple[int | None, ...]  # a figure of every row: what tells one statistic from another
Key = tuple[str, str, int]  # row, whether it is the figure or the others of a rate, number of the statistic

FIGURE, OTHERS = "figure", "others"


@lru_cache(maxsize=64)  # a page, its files and its next look ask for the same
def protected(tables: tuple[Table, ...], threshold: int) -> tuple[Table, ...]:
    """The tables of one report with hidden cells. Raises `api.suppression.CannotBeProtected`."""
    statistics = _Statistics(tables)
    found = suppress(statistics.counts, threshold)
    return tuple(_hidden(table, statistics, found) for table in tables)


class _Statistics:
    """The numbers behind the tables' cells, each once, with the sums between them."""

    def __init__(self, tables: Sequence[Table]) -> None:
        self._numbers: dict[tuple[Vector, Vector | None], int] = {}
        self._values: dict[Key, int] = {}
        self._sums: dict[tuple[Key, ...], Sum[Key]] = {}
        self._keys: dict[tuple[str, int], list[tuple[Key, ...]]] = {}
        for table in tables:
            self._take(table)

    @property
    def counts(self) -> Counts[Key]:
        """As suppression takes them."""
        return Counts(self._values, list(self._sums.values()))

    def behind(self, table: Table, row: Row, column: int) -> tuple[Key, ...]:
        """The numbers that a cell shows or gives away."""
        place = [each.key for each in table.rows].index(row.key)
        return self._keys[table.name, column][place]

    def _take(self, table: Table) -> None:
        for number, column in enumerate(table.columns):
            cells = [row.cells[number] for row in table.rows]
            numerators = tuple(cell.numerator for cell in cells)
            if column.shape is Shape.COUNT:
                parts = [self._statistic(FIGURE, table, numerators)]
            else:
                parts = self._rate(table, numerators, tuple(cell.denominator for cell in cells))
            self._keys[table.name, number] = [
                tuple(key for part in parts if (key := part[place]) is not None) for place in range(len(cells))
            ]

    def _rate(self, table: Table, numerators: Vector, denominators: Vector) -> list[list[Key | None]]:
        figure, whole = (self._statistic(FIGURE, table, vector) for vector in (numerators, denominators))
        left = tuple(
            d - n if n is not None and d is not None and d >= n else None  # more managed than expected: no part of it
            for n, d in zip(numerators, denominators, strict=True)
        )
        others = self._statistic(OTHERS, table, left, of=(numerators, denominators))
        for total, one, other in zip(whole, figure, others, strict=True):
            if total is not None and one is not None and other is not None and total != one:  # else it is everybody
                self._add(total, [one, other])
        return [figure, others, whole]

    def _statistic(
        self, what: str, table: Table, vector: Vector, of: tuple[Vector, Vector] | None = None
    ) -> list[Key | None]:
        """The keys of a figure by row; None where it is not known. Its sums over institutions are noted."""
        number = self._numbers.setdefault(of or (vector, None), len(self._numbers))
        keys: list[Key | None] = []
        for row, value in zip(table.rows, vector, strict=True):
            keys.append((row.key, what, number) if value is not None else None)
            if value is not None:
                self._values[row.key, what, number] = value
        for total, parts in _sums(table.rows):
            below = [key for part in parts if (key := keys[part]) is not None]
            above = keys[total]
            if above is not None and len(below) == len(parts):
                self._add(above, below)
        return keys

    def _add(self, total: Key, parts: Sequence[Key]) -> None:
        self._sums[total, *parts] = Sum(total, list(parts))


def _sums(rows: Sequence[Row]) -> Iterator[tuple[int, list[int]]]:
    """The places of each sum's row and of the institutions it sums: those since the last sum, the final one all."""
    institutions = [place for place, row in enumerate(rows) if not row.total]
    begun = 0
    for place, row in enumerate(rows):
        if row.total:
            last = place == len(rows) - 1
            yield place, institutions if last else [each for each in institutions if begun <= each < place]
            begun = place


def _hidden(table: Table, statistics: _Statistics, found: Suppression[Key]) -> Table:
    rows = tuple(
        row.model_copy(
            update={
                "cells": tuple(
                    cell if found.shows(*statistics.behind(table, row, column)) else Cell(numerator=None, hidden=True)
                    for column, cell in enumerate(row.cells)
                )
            }
        )
        for row in table.rows
    )
    return table.model_copy(update={"rows": rows})
