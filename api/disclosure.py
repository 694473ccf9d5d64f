"""The auditor of suppression: what can a reader work out from what a table shows?

`unproved` checks a proof by whole-number arithmetic alone and trusts nobody. `bounds` is the attack itself: the exact
range that the shown counts leave for each hidden one, by linear programming.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

import highspy
import numpy as np

from api.counts import Counts, K
from api.linear_program import LinearProgram
from api.suppression import Shift, Suppression


class Bounds(NamedTuple):
    """The least and the most a hidden count can be."""

    least: float
    most: float

    @property
    def width(self) -> float:
        """How far a reader stays from knowing it."""
        return self.most - self.least


def unproved(counts: Counts[K], suppression: Suppression[K], threshold: int) -> list[K]:
    """The hidden counts whose proof does not hold; none: no hidden count can be solved to within the threshold.

    The proof of a count are two tables that look exactly like the true one and differ in it by the threshold or more.
    """
    low: dict[K, int] = {}
    high: dict[K, int] = {}
    for shift in suppression.proof:
        if _looks_the_same(counts, suppression.hidden, shift):
            for key, by in shift.items():
                low[key], high[key] = min(low.get(key, 0), by), max(high.get(key, 0), by)
    return [key for key in counts.keys if key in suppression.hidden and high.get(key, 0) - low.get(key, 0) < threshold]


def exposed(counts: Counts[K], suppression: Suppression[K], threshold: int) -> list[K]:
    """The shown counts that are small themselves."""
    return [key for key, value in counts.values.items() if 0 < value < threshold and key not in suppression.hidden]


def bounds(counts: Counts[K], hidden: Collection[K]) -> Mapping[K, Bounds]:
    """For each hidden count what the shown ones and their sums leave open. Slow: two linear programs a count."""
    program = _attack(counts, hidden)
    return {key: Bounds(*(_extreme(program, counts.index[key], sense) for sense in (1, -1))) for key in hidden}


def _looks_the_same(counts: Counts[K], hidden: Collection[K], shift: Shift[K]) -> bool:
    return all(key in hidden and counts.values[key] + by >= 0 for key, by in shift.items()) and all(
        shift.get(each.total, 0) == sum(shift.get(part, 0) for part in each.parts) for each in counts.sums
    )


def _attack(counts: Counts[K], hidden: Collection[K]) -> LinearProgram:
    program = LinearProgram()
    least = np.array([0.0 if key in hidden else value for key, value in counts.values.items()])
    most = np.array([highspy.kHighsInf if key in hidden else value for key, value in counts.values.items()])
    none = np.zeros(0, np.int32)
    program.addCols(len(least), np.zeros(len(least)), least, most, 0, none, none, np.zeros(0))
    for each in counts.sums:
        places = np.array([counts.index[key] for key in (each.total, *each.parts)], np.int32)
        program.addRow(0.0, 0.0, len(places), places, np.array([-1.0] + [1.0] * len(each.parts)))
    return program


def _extreme(program: LinearProgram, place: int, sense: int) -> float:
    program.changeColCost(place, float(sense))
    program.run()
    unbounded = program.getModelStatus() != highspy.HighsModelStatus.kOptimal
    value = np.inf * -sense if unbounded else program.getSolution().col_value[place]
    program.changeColCost(place, 0.0)
    return float(value)
