"""Makes a release from what was counted: hides small cells and what would give them away, as readers remember. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from api.reporting.counting import BY_HOUR, BY_PEOPLE, Drawn, statistics, ties
from api.reporting.guarding import Grid, Guarded, Memory, Remembered, guard
from api.reporting.region import Place
from api.reporting.released import Cell, Release, Series


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What a release is made over."""

    ends: date
    threshold: int
    age_bands: Sequence[int]
    places: Sequence[Place]
    grid: Grid


@dataclass(frozen=True, slots=True)
class Before:
    """What readers were shown of a period last, and what it was counted to be."""

    shown: Release
    exact: Release


def made(drawn: Sequence[Drawn], frame: Frame, before: Mapping[str, Before], now: datetime) -> Before:
    """The release as it may be shown, and as it was counted. `before`: the last ones by period."""
    grid = frame.grid
    guarded = guard(statistics(drawn, grid), ties(drawn), grid, frame.threshold, _memory(before))
    pairs = list(_pair(drawn, guarded, before, grid, now))
    exact = Release(
        ends=frame.ends,
        threshold=frame.threshold,
        age_bands=frame.age_bands,
        places=frame.places,
        cells=grid.view(BY_PEOPLE),
        hours=grid.view(BY_HOUR),
        series=[each for each, _ in pairs],
    )
    return Before(shown=exact.model_copy(update={"series": [each for _, each in pairs]}), exact=exact)


def exact_series(drawn: Drawn, now: datetime) -> Series:
    """The numbers as counted, small ones too."""
    denominators: Sequence[int | None] | None = None
    if drawn.is_rate:
        denominators = drawn.expected or [each.denominator for each in drawn.tallies]
    return Series(
        indicator=drawn.indicator,
        version=drawn.version,
        slice=drawn.slice,
        period=drawn.period,
        counted_at=now,
        numerator=[each.numerator for each in drawn.tallies],
        denominator=denominators,
        by_hour=drawn.way == BY_HOUR,
        is_expected=drawn.expected is not None,
    )


def _memory(before: Mapping[str, Before]) -> Memory:
    found: dict[str, dict[Cell, Remembered]] = {}
    for period, both in before.items():
        for shown in both.shown.series:
            exact = both.exact.find(shown.indicator, period, shown.slice) if shown.period == period else None
            if exact is not None:
                found |= _remembered(shown, exact, both.shown.grid(shown))
    return found


def _remembered(shown: Series, exact: Series, cells: Sequence[Cell]) -> dict[str, dict[Cell, Remembered]]:
    name = f"{shown.indicator} {shown.slice} {shown.period}"
    found = {f"{name} numerator": _pairs(cells, exact.numerator, shown.numerator)}
    if exact.denominator is not None and shown.denominator is not None and not exact.is_expected:
        found[f"{name} denominator"] = _pairs(cells, exact.denominator, shown.denominator)
        found[f"{name} others"] = _pairs(
            cells, _others(exact.numerator, exact.denominator), _others(shown.numerator, shown.denominator)
        )
    return found


def _others(numerator: Sequence[int | None], denominator: Sequence[int | None]) -> list[int | None]:
    return [None if n is None or d is None else d - n for n, d in zip(numerator, denominator, strict=True)]


def _pairs(cells: Sequence[Cell], counted: Sequence[int | None], shown: Sequence[int | None]) -> dict[Cell, Remembered]:
    return {
        cell: Remembered(count, seen is None)
        for cell, count, seen in zip(cells, counted, shown, strict=True)
        if count is not None
    }


def _pair(
    drawn: Sequence[Drawn], guarded: Guarded, before: Mapping[str, Before], grid: Grid, now: datetime
) -> Iterator[tuple[Series, Series]]:
    """Each series as counted and as shown. What cannot be protected beside what was shown before stays as it was."""
    for each in drawn:
        exact = exact_series(each, now)
        last = before.get(each.period)
        old = _old(each, last, grid.view(each.way)) if last and _is_withheld(each, guarded) else None
        yield old or (exact, _shown(each, exact, guarded, grid.views[each.way]))


def _is_withheld(drawn: Drawn, guarded: Guarded) -> bool:
    return any(f"{drawn.name} {part}" in guarded.withheld for part in drawn.parts)


def _shown(drawn: Drawn, exact: Series, guarded: Guarded, at: Sequence[int]) -> Series:
    if _is_withheld(drawn, guarded):
        nothing: list[int | None] = [None] * len(at)
        return exact.model_copy(
            update={"numerator": nothing, "denominator": None if exact.denominator is None else nothing}
        )
    denominator = exact.denominator
    if denominator is not None and not exact.is_expected:
        denominator = _without(denominator, at, guarded.hidden[f"{drawn.name} denominator"])
    numerator = _without(exact.numerator, at, guarded.hidden[f"{drawn.name} numerator"])
    return exact.model_copy(update={"numerator": numerator, "denominator": denominator})


def _without(numbers: Sequence[int | None], at: Sequence[int], hidden: Collection[int]) -> list[int | None]:
    return [None if n in hidden else number for n, number in zip(at, numbers, strict=True)]


def _old(drawn: Drawn, last: Before, cells: Sequence[Cell]) -> tuple[Series, Series] | None:
    exact = last.exact.find(drawn.indicator, drawn.period, drawn.slice)
    shown = last.shown.find(drawn.indicator, drawn.period, drawn.slice)
    if exact is None or shown is None:
        return None
    grid = last.shown.grid(shown)
    return _moved(exact, grid, cells), _moved(shown, grid, cells)


def _moved(series: Series, grid: Sequence[Cell], cells: Sequence[Cell]) -> Series:
    """The same numbers in the cells of today's tree; a new cell has none."""
    place = {cell: n for n, cell in enumerate(grid)}
    at = [place.get(cell) for cell in cells]

    def numbers(of: Sequence[int | None]) -> list[int | None]:
        return [None if n is None else of[n] for n in at]

    return series.model_copy(
        update={
            "numerator": numbers(series.numerator),
            "denominator": None if series.denominator is None else numbers(series.denominator),
        }
    )
