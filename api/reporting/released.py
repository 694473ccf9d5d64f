"""Figures as they leave the person level, hidden cells left empty: what dashboard, API and exports are made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cached_property
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from api.reporting.region import Place

WHOLE = ""  # the detail of a figure that is not told apart any further


class Cell(NamedTuple):
    """A place; and in a wide place age and sex ("45 female") or the hour of the week ("0" to "167")."""

    place: str
    detail: str = WHOLE


class Series(BaseModel):
    """One indicator (and slice) over one period, a number for each cell. None: hidden, or not known."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    indicator: str
    version: int
    slice: str
    period: str
    counted_at: datetime
    numerator: Sequence[int | None]
    denominator: Sequence[int | None] | None  # None: a count
    by_hour: bool = False  # its details are the hours of the week
    is_expected: bool = False  # the denominator is of a population, and public


class Release(BaseModel):
    """All figures of the periods that end before `ends`, protected together."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    ends: date
    threshold: int
    age_bands: Sequence[int]
    places: Sequence[Place]
    cells: Sequence[Cell]
    hours: Sequence[Cell]
    series: Sequence[Series]

    @cached_property
    def _at(self) -> dict[tuple[bool, Cell], int]:
        return {(False, each): n for n, each in enumerate(self.cells)} | {
            (True, each): n for n, each in enumerate(self.hours)
        }

    @cached_property
    def _of_place(self) -> Mapping[tuple[bool, str], Sequence[int]]:
        found: dict[tuple[bool, str], list[int]] = {}
        for (by_hour, cell), n in self._at.items():
            found.setdefault((by_hour, cell.place), []).append(n)
        return found

    def cells_of(self, series: Series, place: str, *, told_apart: bool) -> list[int]:
        """Where the numbers of a place stand in a series: as a whole, or told apart."""
        grid = self.grid(series)
        found = self._of_place.get((series.by_hour, place), ())
        return [n for n in found if bool(grid[n].detail) is told_apart]

    def grid(self, series: Series) -> Sequence[Cell]:
        """The cells its numbers stand in."""
        return self.hours if series.by_hour else self.cells

    def only(self, period: str) -> Release:
        """The same with the series of one period alone."""
        return self.model_copy(update={"series": [each for each in self.series if each.period == period]})

    def find(self, indicator: str, period: str, slice_: str = "") -> Series | None:
        """The series, if it was released."""
        return next(
            (s for s in self.series if (s.indicator, s.period, s.slice) == (indicator, period, slice_)),
            None,
        )

    def slices(self, indicator: str, period: str) -> list[str]:
        """The slices of an indicator beside the whole."""
        return [s.slice for s in self.series if (s.indicator, s.period) == (indicator, period) and s.slice]

    def at(self, series: Series, place: str, detail: str = WHOLE) -> Shown:
        """What may be said of a cell. Raises `KeyError` for one that does not exist."""
        n = self._at[series.by_hour, Cell(place, detail)]
        denominator = series.denominator[n] if series.denominator is not None else None
        return Shown(numerator=series.numerator[n], denominator=denominator, is_rate=series.denominator is not None)


class Shown(BaseModel):
    """A figure for a reader."""

    model_config = ConfigDict(frozen=True)
    numerator: int | None
    denominator: int | None
    is_rate: bool

    @property
    def rate(self) -> float | None:
        """The share; only where numerator and denominator are shown, and with them the others."""
        if self.numerator is None or not self.denominator:
            return None
        return self.numerator / self.denominator
