"""Small cells: which counts of a table must be hidden so that nobody is given away, also not by subtraction.

Primary: a count from 1 to below the threshold. Complementary: as many more as it takes until every hidden count could
as well be another one, at least `threshold` apart, and everything that is shown would still be the same. How many more
is kept small by linear programming after the classical heuristic for complementary suppression: find the cheapest way
to move a hidden count by the threshold, and hide what had to move with it.

A percentage is shown only where its numerator, its denominator and the difference of the two are shown.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Generic

import highspy
import numpy as np

from api.counts import Counts, K
from api.linear_program import LinearProgram

TIE_BREAK = 0.01  # far below the difference between any two weights

Shift = Mapping[K, int]  # by how much counts may differ from the true ones together; a count that is missing does not


class CannotBeProtected(Exception):
    """What was published before leaves no way to hide the rest: publish nothing of this table, and say so."""


@dataclass(frozen=True, slots=True)
class Suppression(Generic[K]):
    """What is hidden, and the proof: other tables that would look the same, as shifts from the true one."""

    hidden: frozenset[K]
    proof: tuple[Shift[K], ...]

    def shows(self, *keys: K) -> bool:
        """True if all of these may be shown."""
        return self.hidden.isdisjoint(keys)


def suppress(
    counts: Counts[K], threshold: int, *, hidden: Collection[K] = (), published: Collection[K] = ()
) -> Suppression[K]:
    """Choose what to hide. The same counts give the same choice.

    `hidden` was hidden in an earlier answer about these very counts and stays so; `published` was shown and cannot be
    taken back. Raises `CannotBeProtected`.
    """
    small = {key for key, value in counts.values.items() if 0 < value < threshold} | set(hidden)
    exposed = sorted(map(str, small & set(published)))
    if exposed:
        raise CannotBeProtected(f"published before, though small: {', '.join(exposed[:3])}")
    if not small:
        return Suppression(frozenset(), ())
    return _Search(counts, threshold, published).protect(small)


class _Search(Generic[K]):
    """One table under work: a linear program that is changed a little and solved again for each hidden count.

    Each count has four variables: its rise and fall in a first other table, and in a second one. In both, every sum
    holds, no count falls below nothing, and a count that is hidden already moves at no cost.
    """

    def __init__(self, counts: Counts[K], threshold: int, published: Collection[K]) -> None:
        self.counts, self.threshold = counts, threshold
        self.size = len(counts.keys)
        self.true = np.fromiter(counts.values.values(), np.int64, self.size)
        self.hidden: set[int] = set()
        self.low, self.high = np.zeros(self.size, np.int64), np.zeros(self.size, np.int64)
        self.proof: list[Shift[K]] = []
        self.program = self._program({counts.index[key] for key in published})

    def protect(self, small: Collection[K]) -> Suppression[K]:
        """Hide these, and more until each hidden count has its range."""
        places = [self.counts.index[key] for key in small]
        self._hide(places)
        waiting = sorted(places, key=lambda place: (-self.true[place], place))
        while waiting:
            place = waiting.pop()
            if self.high[place] - self.low[place] < self.threshold:
                waiting += self._widen(place)
        return Suppression(frozenset(self.counts.keys[place] for place in self.hidden), tuple(self.proof))

    def _widen(self, place: int) -> list[int]:
        """Give a hidden count its range. Returns what had to be hidden with it."""
        row, columns = self.program.getNumRow(), np.array(self._columns(place), np.int32)
        self.program.addRow(self.threshold, self.threshold, 4, columns, np.array([1.0, -1.0, -1.0, 1.0]))
        moved = self._solve(place)
        self.program.deleteRows(1, np.array([row], np.int32))
        fresh: set[int] = set()
        for shift in moved:
            fresh.update(int(each) for each in np.flatnonzero(shift) if int(each) not in self.hidden)
            self.low, self.high = np.minimum(self.low, shift), np.maximum(self.high, shift)
            self.proof.append({self.counts.keys[each]: int(shift[each]) for each in np.flatnonzero(shift)})
        self._hide(fresh)
        return sorted(fresh, key=lambda each: (-self.true[each], each))

    def _solve(self, place: int) -> list[np.ndarray]:
        """The cheapest pair of other tables in which this count differs by the threshold, in whole people."""
        shifts = self._run(place)
        if all(np.abs(shift - np.rint(shift)).max() < 1e-6 for shift in shifts):
            return [np.rint(shift).astype(np.int64) for shift in shifts if np.rint(shift).any()]
        return self._whole(place)

    def _whole(self, place: int) -> list[np.ndarray]:
        """By integer programming: where sums run in several directions, the cheapest table may have fractions."""
        every = np.arange(4 * self.size, dtype=np.int32)
        kind = highspy.HighsVarType
        self.program.changeColsIntegrality(len(every), every, np.full(len(every), kind.kInteger))
        shifts = self._run(place)
        self.program.changeColsIntegrality(len(every), every, np.full(len(every), kind.kContinuous))
        return [np.rint(shift).astype(np.int64) for shift in shifts if np.rint(shift).any()]

    def _run(self, place: int) -> list[np.ndarray]:
        self.program.run()
        if self.program.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise CannotBeProtected(f"{self.counts.keys[place]} follows from what was published before")
        values = np.asarray(self.program.getSolution().col_value).reshape(4, self.size)
        return [values[0] - values[1], values[2] - values[3]]

    def _columns(self, place: int) -> list[int]:
        return [place + quarter * self.size for quarter in range(4)]

    def _hide(self, places: Collection[int]) -> None:
        self.hidden.update(places)
        for place in places:
            for column in self._columns(place):
                self.program.changeColCost(column, 0.0)

    def _program(self, published: Collection[int]) -> LinearProgram:
        program = LinearProgram()
        program.setOptionValue("threads", 1)
        room = np.full(self.size, highspy.kHighsInf)
        floor = self.true.astype(float)
        for place in published:
            room[place] = floor[place] = 0.0
        # Of two equally dear counts one is a little dearer, so that a shift goes through few, not a bit through many.
        uneven = 1 + TIE_BREAK * np.arange(self.size) / self.size
        cost = np.tile(np.asarray(self.counts.weights, float) * uneven, 4)
        none = np.zeros(0, np.int32)
        program.addCols(
            4 * self.size, cost, np.zeros(4 * self.size), np.concatenate([room, floor] * 2), 0, none, none, np.zeros(0)
        )
        for each in self.counts.sums:
            places = [self.counts.index[key] for key in (each.total, *each.parts)]
            signs = np.array([-1.0] + [1.0] * len(each.parts))
            for table in (0, 2):
                columns = [place + table * self.size for place in places]
                columns += [place + (table + 1) * self.size for place in places]
                program.addRow(0.0, 0.0, len(columns), np.array(columns, np.int32), np.concatenate([signs, -signs]))
        return program
