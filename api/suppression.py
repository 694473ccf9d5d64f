"""Small cells: which counts of a table must be hidden so that nobody is given away, also not by subtraction.

Primary: a count from 1 to below the threshold. Complementary: as many more as it takes until every hidden count could
as well be another one, at least `threshold` apart, and everything that is shown would still be the same. How many more
is kept small by linear programming after the classical heuristic for complementary suppression: find the cheapest way
to move a hidden count by the threshold, and hide what had to move with it.

A percentage is shown only where its numerator, its denominator and the difference of the two are shown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic

import highspy
import numpy as np

from api.counts import Counts, K
from api.linear_program import LinearProgram

AT_ONCE = 20  # one in so many of the counts that still lack their range is given it in one linear program
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
        self.sums: dict[int, set[int]] = defaultdict(set)  # of each place, the sums it stands in
        for number, each in enumerate(counts.sums):
            for key in (each.total, *each.parts):
                self.sums[counts.index[key]].add(number)
        self.program = self._program({counts.index[key] for key in published})

    def protect(self, small: Collection[K]) -> Suppression[K]:
        """Hide these, and more until each hidden count has its range."""
        places = [self.counts.index[key] for key in small]
        self._hide(places)
        waiting = sorted(places, key=lambda place: (-self.true[place], place))
        while waiting:
            narrow = [place for place in waiting if self.high[place] - self.low[place] < self.threshold]
            together = self._apart(narrow, 1 + len(narrow) // AT_ONCE)
            waiting = [place for place in narrow if place not in together] + self._widen(together)
        return Suppression(frozenset(self.counts.keys[place] for place in self.hidden), tuple(self.proof))

    def _apart(self, narrow: Sequence[int], most: int) -> list[int]:
        """Up to so many from the end, no two of them in one sum: what protects the one leaves the other alone."""
        chosen: list[int] = []
        taken: set[int] = set()
        for place in reversed(narrow):
            if taken.isdisjoint(self.sums[place]):
                chosen.append(place)
                taken.update(self.sums[place])
                if len(chosen) == most:
                    break
        return chosen

    def _widen(self, places: Sequence[int]) -> list[int]:
        """Give hidden counts their range. Returns what had to be hidden with them."""
        moved = self._solve(places)
        if moved is None:
            half = len(places) // 2
            return self._widen(places[:half]) + self._widen(places[half:])
        fresh: set[int] = set()
        for shift in moved:
            fresh.update(int(each) for each in np.flatnonzero(shift) if int(each) not in self.hidden)
            self.low, self.high = np.minimum(self.low, shift), np.maximum(self.high, shift)
            self.proof.append({self.counts.keys[each]: int(shift[each]) for each in np.flatnonzero(shift)})
        self._hide(fresh)
        return sorted(fresh, key=lambda each: (-self.true[each], each))

    def _solve(self, places: Sequence[int]) -> list[np.ndarray] | None:
        """The cheapest pair of other tables in which these counts differ by the threshold, in whole people.

        None if several of them find no such pair together.
        """
        row = self.program.getNumRow()
        for number, place in enumerate(places):
            by = self.threshold if number % 2 == 0 else -self.threshold  # in turn, so that they balance each other
            columns = np.array(self._columns(place), np.int32)
            self.program.addRow(by, by, 4, columns, np.array([1.0, -1.0, -1.0, 1.0]))
        try:
            shifts = self._run()
            if shifts is not None and any(np.abs(shift - np.rint(shift)).max() >= 1e-6 for shift in shifts):
                shifts = self._whole(shifts) if len(places) == 1 else None
        finally:
            self.program.deleteRows(len(places), np.arange(row, row + len(places), dtype=np.int32))
        if shifts is None and len(places) == 1:
            raise CannotBeProtected(f"{self.counts.keys[places[0]]} follows from what was published before")
        return shifts and [np.rint(shift).astype(np.int64) for shift in shifts if np.rint(shift).any()]

    def _whole(self, parts: Sequence[np.ndarray]) -> list[np.ndarray] | None:
        """By integer programming: where sums run in several directions, the cheapest table may have fractions.

        First among the counts that are hidden or moved in `parts`, which is quick; only then among all.
        """
        moving = np.zeros(self.size, bool)
        moving[list(self.hidden)] = True
        for shift in parts:
            moving |= shift != 0
        still = np.flatnonzero(np.tile(~moving, 4)).astype(np.int32)
        nothing = np.zeros(len(still))
        self.program.changeColsBounds(len(still), still, nothing, nothing)
        shifts = self._run_whole(np.flatnonzero(np.tile(moving, 4)).astype(np.int32))
        self.program.changeColsBounds(len(still), still, nothing, self.most[still])
        return shifts or self._run_whole(np.arange(4 * self.size, dtype=np.int32))

    def _run_whole(self, columns: np.ndarray) -> list[np.ndarray] | None:
        kind = highspy.HighsVarType
        self.program.changeColsIntegrality(len(columns), columns, np.full(len(columns), kind.kInteger))
        shifts = self._run()
        self.program.changeColsIntegrality(len(columns), columns, np.full(len(columns), kind.kContinuous))
        return shifts

    def _run(self) -> list[np.ndarray] | None:
        self.program.run()
        if self.program.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
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
        self.most = np.concatenate([room, floor] * 2)
        program.addCols(4 * self.size, cost, np.zeros(4 * self.size), self.most, 0, none, none, np.zeros(0))
        for each in self.counts.sums:
            places = [self.counts.index[key] for key in (each.total, *each.parts)]
            signs = np.array([-1.0] + [1.0] * len(each.parts))
            for table in (0, 2):
                columns = [place + table * self.size for place in places]
                columns += [place + (table + 1) * self.size for place in places]
                program.addRow(0.0, 0.0, len(columns), np.array(columns, np.int32), np.concatenate([signs, -signs]))
        return program
