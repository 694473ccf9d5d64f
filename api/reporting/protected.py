"""A report's tables as they may leave the person level: of each number what the release of its quarter tells. Pure.

What a report shows are numbers that a release has told, and where the release hides one, the report does. So it adds
nothing to what readers of the release know, whatever other reports they hold against it: every table that fits the
release fits the report, and with it the range of each hidden number.

A report is taken at another moment than the release. Where the two differ in a number that the release tells, nothing
of that indicator is shown; the report waits for a release that is made together with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from api.reporting.period import Quarter, Span
from api.reporting.quarterly import PLANS, Programme
from api.reporting.released import Release, Series
from api.reporting.spell import Spell
from api.reporting.table import Cell, Column, Row, Table

NOT_SHOWN = Cell(numerator=None, hidden=True)
# What a column counts: numerator, denominator or rate.
_PARTS = {(programme, plan.key): plan.part for programme, plans in PLANS.items() for plan in plans}


@dataclass(frozen=True, slots=True)
class Seen:
    """The tables with hidden cells. `waits`: some are hidden only because the release does not have these numbers."""

    tables: tuple[Table, ...]
    waits: bool


class _Verdict(Enum):
    SHOWN = auto()
    HIDDEN = auto()  # by the release
    OTHER = auto()  # the release tells another number, or does not know the place


def as_released(tables: Sequence[Table], release: Release | None, quarter: Quarter) -> Seen:
    """The tables of a report on a quarter. Without a release nothing of them may be shown yet."""
    source = _Source(release, quarter)
    verdicts = [[source.column(table, number) for number in range(len(table.columns))] for table in tables]
    waits = any(_Verdict.OTHER in column for columns in verdicts for column in columns)
    return Seen(tuple(map(_hidden, tables, verdicts)), waits)


def blank(tables: Sequence[Table]) -> tuple[Table, ...]:
    """The tables with nothing to be seen in them."""
    return tuple(_hidden(table, [[_Verdict.HIDDEN] * len(table.rows)] * len(table.columns)) for table in tables)


def _hidden(table: Table, verdicts: Sequence[Sequence[_Verdict]]) -> Table:
    """Without what is hidden, and without every indicator of which the release has another number."""
    other = {column.indicator for column, found in zip(table.columns, verdicts, strict=True) if _Verdict.OTHER in found}
    rows = tuple(
        row.model_copy(
            update={
                "cells": tuple(
                    cell if found[at] is _Verdict.SHOWN and column.indicator not in other else NOT_SHOWN
                    for cell, column, found in zip(row.cells, table.columns, verdicts, strict=True)
                )
            }
        )
        for at, row in enumerate(table.rows)
    )
    return table.model_copy(update={"rows": rows})


class _Source:
    """A release, asked for the cells of a report."""

    def __init__(self, release: Release | None, quarter: Quarter) -> None:
        self._release, self._quarter = release, quarter
        self._places = _by_stations(release) if release else {}

    def column(self, table: Table, number: int) -> list[_Verdict]:
        """Row by row. A sum over stations that are no place of the release is shown where all of them are."""
        column, areas = table.columns[number], stations(table.rows)
        series = self._series(table, column)
        part = _PARTS[Programme(table.name.partition("_")[0]), column.key]
        own = {
            row.key: self._verdict(series, part, self._places.get(area), row.cells[number])
            for row, area in zip(table.rows, areas, strict=True)
        }
        return [
            _of_parts([own[f"station:{station}"] for station in sorted(area)])
            if row.total and area not in self._places
            else own[row.key]
            for row, area in zip(table.rows, areas, strict=True)
        ]

    def _series(self, table: Table, column: Column) -> Series | None:
        """The same indicator in the same version over the same days."""
        span = table.name.partition("_")[2]
        period = Spell.parse(f"{self._quarter}-ytd" if span == Span.YEAR_TO_DATE else str(self._quarter)).name
        name, _, version = column.indicator.partition("/")
        found = self._release.find(name, period) if self._release else None
        return found if found is not None and str(found.version) == version else None

    def _verdict(self, series: Series | None, part: str, place: str | None, cell: Cell) -> _Verdict:
        if self._release is None or series is None or place is None:
            return _Verdict.OTHER
        told = self._release.at(series, place)
        hidden = {
            "numerator": told.numerator is None,
            "denominator": told.denominator is None and not series.is_expected,  # then it is not known
        }
        numbers = {"numerator": told.numerator, "denominator": told.denominator}
        if part == "rate":
            same = (cell.numerator, cell.denominator) == (told.numerator, told.denominator)
        else:
            same = cell.numerator == numbers[part]
        if any(hidden[each] for each in (hidden if part == "rate" else [part])):
            return _Verdict.HIDDEN
        return _Verdict.SHOWN if same else _Verdict.OTHER


def _of_parts(verdicts: Sequence[_Verdict]) -> _Verdict:
    return _Verdict.SHOWN if all(each is _Verdict.SHOWN for each in verdicts) else _Verdict.HIDDEN


def _by_stations(release: Release) -> dict[frozenset[int], str]:
    """Each place by the stations in it."""
    parents = {each.key: each.parent for each in release.places}
    inside: dict[str, set[int]] = {}
    for place in release.places:
        key: str | None = place.key if place.station_id is not None else None
        while key is not None:
            inside.setdefault(key, set()).add(place.station_id or 0)
            key = parents[key]
    return {frozenset(found): key for key, found in inside.items()}


def stations(rows: Sequence[Row]) -> list[frozenset[int]]:
    """The stations each row is about: one, or of a sum those since the last sum; of the final one all."""
    found: list[frozenset[int]] = []
    since: list[int] = []
    every: list[int] = []
    for at, row in enumerate(rows):
        if not row.total:
            since.append(int(row.key.partition(":")[2]))
            every.append(since[-1])
            found.append(frozenset(since[-1:]))
        else:
            found.append(frozenset(every if at == len(rows) - 1 else since))
            since = []
    return found
