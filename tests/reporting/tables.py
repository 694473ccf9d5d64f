"""Tables of counts for the tests of suppression: two-way with margins, and rates over a tree of regions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from api.counts import Counts, Sum

Key = tuple[object, ...]
ALL = "all"


def two_way(cells: np.ndarray) -> Counts[Key]:
    """Every cell, the total of every row and column, and the grand total."""
    rows, columns = ([*range(length), ALL] for length in cells.shape)
    values: dict[Key, int] = {}
    for row in rows:
        for column in columns:
            part = cells[slice(None) if row is ALL else row, slice(None) if column is ALL else column]
            values[row, column] = int(part.sum())
    across = [Sum[Key]((row, ALL), [(row, column) for column in columns[:-1]]) for row in rows]
    down = [Sum[Key]((ALL, column), [(row, column) for row in rows[:-1]]) for column in columns]
    return Counts(values, across + down)


def rates(tree: Mapping[str, Sequence[str]], controlled: Mapping[str, tuple[int, int]]) -> Counts[Key]:
    """Numerator, the others and the denominator of each station, and of each region above it.

    `tree` names the parts of each region, leaves first; `controlled` gives (numerator, denominator) of each station.
    """
    figures = dict(controlled)
    for region, parts in tree.items():
        figures[region] = (sum(figures[part][0] for part in parts), sum(figures[part][1] for part in parts))
    values: dict[Key, int] = {}
    sums: list[Sum[Key]] = []
    for place, (numerator, denominator) in figures.items():
        values |= {(place, "yes"): numerator, (place, "no"): denominator - numerator, (place, ALL): denominator}
        sums.append(Sum((place, ALL), [(place, "yes"), (place, "no")]))
    for region, parts in tree.items():
        sums += [Sum((region, what), [(part, what) for part in parts]) for what in ("yes", "no", ALL)]
    return Counts(values, sums)
