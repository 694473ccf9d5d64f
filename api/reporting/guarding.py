"""Suppression of a whole release: which numbers are one, which add up to which, what readers saw before. Pure.

A statistic is a number a cell: an indicator's numerator, the others, its denominator. Statistics that are equal in
every cell are one (the people under management are the denominator of four indicators), and what is tied by sums is
protected together. Readers remember: see `protect`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from api.counts import Counts, Sum
from api.reporting.region import Place
from api.reporting.released import Cell
from api.suppression import CannotBeProtected, suppress

Key = tuple[int, int]  # statistic, cell
Vector = tuple[int | None, ...]  # a number a cell; None where the statistic is not told apart so


@dataclass(frozen=True, slots=True)
class Statistic:
    """One number a cell. `people`: how many people are behind it, where it does not count people itself."""

    name: str  # stable: the memory finds it by this
    values: Vector
    people: Vector | None = None


@dataclass(frozen=True, slots=True)
class Grid:
    """Cells and how they add up: a place to those below it, a wide place to its details."""

    cells: Sequence[Cell]
    sums: Sequence[tuple[int, Sequence[int]]]
    stations: Mapping[int, Sequence[str]]  # the places each station lies in, itself included
    views: Sequence[Sequence[int]]  # for each way to tell apart the cells it has: the whole ones, then its details

    @classmethod
    def over(cls, places: Sequence[Place], *ways: Sequence[str]) -> Grid:
        """All places as a whole, and the wide ones told apart in each of these ways, each a list of details."""
        wide = [each.key for each in places if each.is_wide]
        cells = [Cell(each.key) for each in places]
        views = []
        for details in ways:
            fine = [Cell(key, detail) for key in wide for detail in details]
            views.append([*range(len(places)), *range(len(cells), len(cells) + len(fine))])
            cells += fine
        at = {cell: n for n, cell in enumerate(cells)}
        sums = [(at[total], [at[part] for part in parts]) for total, parts in _sums(places, ways)]
        return cls(cells, sums, _lies_in(places), views)

    def view(self, way: int) -> list[Cell]:
        """The cells of one way to tell apart."""
        return [self.cells[n] for n in self.views[way]]


def _sums(places: Sequence[Place], ways: Sequence[Sequence[str]]) -> Iterator[tuple[Cell, list[Cell]]]:
    for place in places:
        parts = [each for each in places if each.parent == place.key]
        if parts:
            yield Cell(place.key), [Cell(each.key) for each in parts]
        for details in ways if place.is_wide else ():
            if details:
                yield Cell(place.key), [Cell(place.key, detail) for detail in details]
            if parts and all(each.is_wide for each in parts):
                for detail in details:
                    yield Cell(place.key, detail), [Cell(each.key, detail) for each in parts]


def _lies_in(places: Sequence[Place]) -> dict[int, list[str]]:
    parents = {each.key: each.parent for each in places}
    found: dict[int, list[str]] = {}
    for place in places:
        if place.station_id is not None:
            key: str | None = place.key
            while key is not None:
                found.setdefault(place.station_id, []).append(key)
                key = parents[key]
    return found


@dataclass(frozen=True, slots=True)
class Tie:
    """One statistic is the sum of others, in every cell."""

    total: str
    parts: Sequence[str]


@dataclass(frozen=True, slots=True)
class Remembered:
    """What readers saw of a number last time."""

    count: int
    hidden: bool


Memory = Mapping[str, Mapping[Cell, Remembered]]  # by statistic and cell


@dataclass(frozen=True, slots=True)
class Guarded:
    """What is hidden of each statistic, by cell; and the statistics of which nothing new may be shown."""

    hidden: Mapping[str, frozenset[int]]
    withheld: frozenset[str]


def guard(statistics: Sequence[Statistic], ties: Sequence[Tie], grid: Grid, threshold: int, memory: Memory) -> Guarded:
    """Protect all of them, family by family."""
    something = [each for each in statistics if any(each.values)]  # nobody anywhere: nothing to hide
    counted = {each.name for each in something}
    ties = [Tie(tie.total, [part for part in tie.parts if part in counted]) for tie in ties if tie.total in counted]
    hidden: dict[str, frozenset[int]] = {each.name: frozenset() for each in statistics}
    withheld: set[str] = set()
    for family in families(something, ties):
        try:
            hidden |= protect(family, [t for t in ties if t.total in family.names], grid, threshold, memory)
        except CannotBeProtected:
            withheld |= family.names.keys()
    return Guarded(hidden, frozenset(withheld))


@dataclass(frozen=True, slots=True)
class Family:
    """Statistics that must be protected together. `names`: which of its numbers each is."""

    names: Mapping[str, int]
    members: Sequence[Statistic]  # one for each number


def families(statistics: Sequence[Statistic], ties: Sequence[Tie]) -> Iterator[Family]:
    """What hangs together by ties, equal statistics taken as one."""
    members, names = _numbers(statistics, ties)
    group = list(range(len(members)))
    for tie in ties:
        tied = {group[names[name]] for name in (tie.total, *tie.parts)}
        group = [min(tied) if each in tied else each for each in group]
    for root in sorted(set(group)):
        inside = [n for n, each in enumerate(group) if each == root]
        place = {n: at for at, n in enumerate(inside)}
        yield Family({name: place[n] for name, n in names.items() if n in place}, [members[n] for n in inside])


def _numbers(statistics: Sequence[Statistic], ties: Sequence[Tie]) -> tuple[list[Statistic], dict[str, int]]:
    """One number for equal statistics; but two parts of one sum stay two, equal or not."""
    beside: dict[str, set[str]] = defaultdict(set)
    for tie in ties:
        for part in tie.parts:
            beside[part] |= set(tie.parts) - {part}
    known: dict[Vector, list[int]] = defaultdict(list)
    members: list[Statistic] = []
    names: dict[str, int] = {}
    for each in statistics:
        taken = {names[name] for name in beside[each.name] if name in names}
        fitting = [number for number in known[each.values] if number not in taken]
        if not fitting:
            known[each.values].append(len(members))
            fitting, members = [len(members)], [*members, each]
        names[each.name] = fitting[0]
    return members, names


def protect(
    family: Family, ties: Sequence[Tie], grid: Grid, threshold: int, memory: Memory
) -> dict[str, frozenset[int]]:
    """The cells to hide of each statistic.

    A number that has not changed stays as it was, hidden or shown, and what was shown cannot help to hide another. When
    nothing has changed, the pattern is the old one; else the last release is protected once more, together with this
    one, as from a reader who knows which numbers are still the same. Raises `CannotBeProtected`.
    """
    counts = _counts(family, ties, grid)
    small = _small(family, threshold)
    hid, showed = _remembered(family, grid, memory)
    if len(hid) + len(showed) == len(counts.values) and small <= hid:
        hidden: Collection[Key] = hid
    else:
        past = _past(family, ties, grid, threshold, memory)
        both = Counts({**past.values, **counts.values}, [*counts.sums, *past.sums])
        hidden = suppress(
            both, threshold, hidden=small | hid | past.hidden, published=(showed - small) | past.shown
        ).hidden
    by_number: dict[int, set[int]] = defaultdict(set)
    for number, cell in hidden:
        by_number[number].add(cell)
    return {name: frozenset(by_number[number]) for name, number in family.names.items()}


def _counts(family: Family, ties: Sequence[Tie], grid: Grid) -> Counts[Key]:
    values = {
        (n, cell): count
        for n, each in enumerate(family.members)
        for cell, count in enumerate(each.values)
        if count is not None
    }
    sums = [
        Sum((n, total), [(n, part) for part in parts])
        for n in range(len(family.members))
        for total, parts in grid.sums
        if (n, total) in values and (n, parts[0]) in values
    ]
    across = {(family.names[tie.total], tuple(family.names[part] for part in tie.parts)) for tie in ties}
    sums += [
        Sum((total, cell), [(part, cell) for part in parts])
        for total, parts in sorted(across)
        if (total,) != parts
        for cell in range(len(grid.cells))
        if all((number, cell) in values for number in (total, *parts))
    ]
    return Counts(values, sums)


def _small(family: Family, threshold: int) -> set[Key]:
    return {
        (n, cell)
        for n, each in enumerate(family.members)
        for cell, people in enumerate(each.people or each.values)
        if people is not None and 0 < people < threshold
    }


def _remembered(family: Family, grid: Grid, memory: Memory) -> tuple[set[Key], set[Key]]:
    """The unchanged numbers that were hidden, and those that were shown anywhere."""
    hid: set[Key] = set()
    showed: set[Key] = set()
    for name, n in family.names.items():
        known = memory.get(name, {})
        for place, cell in enumerate(grid.cells):
            before = known.get(cell)
            if before is not None and before.count == family.members[n].values[place]:
                (hid if before.hidden else showed).add((n, place))
    return hid - showed, showed


@dataclass(frozen=True, slots=True)
class _Past:
    """The last release. What has not changed since has the key it has now, and is not among `hidden` and `shown`."""

    values: Mapping[Key, int]
    sums: Sequence[Sum[Key]]
    hidden: set[Key]
    shown: set[Key]


def _past(family: Family, ties: Sequence[Tie], grid: Grid, threshold: int, memory: Memory) -> _Past:
    keys = _past_keys(family, grid, memory)
    values = {key: memory[name][grid.cells[cell]].count for name, own in keys.items() for cell, key in own.items()}
    changed: dict[Key, bool] = {}  # whether it was hidden
    for name, own in keys.items():
        for cell, key in own.items():
            if key[0] < 0:
                changed[key] = changed.get(key, True) and memory[name][grid.cells[cell]].hidden
    # Shown although small by today's threshold: known to every reader, and nothing any more that could be protected.
    known = {key for key, hidden in changed.items() if not hidden and 0 < values[key] < threshold}
    possible = [
        *((own.get(total), [own.get(part) for part in parts]) for own in keys.values() for total, parts in grid.sums),
        *(
            (keys[tie.total].get(cell), [keys[part].get(cell) for part in tie.parts])
            for tie in ties
            for cell in range(len(grid.cells))
        ),
    ]
    sums = {
        (total, *parts): Sum(total, parts)
        for total, found in possible
        if total is not None
        and len(parts := [part for part in found if part is not None]) == len(found)
        and [total] != parts
        and known.isdisjoint((total, *parts))
        and values[total] == sum(values[part] for part in parts)  # not so where the map has changed
    }
    return _Past(
        {key: count for key, count in values.items() if key not in known},
        list(sums.values()),
        {key for key, hidden in changed.items() if hidden},
        {key for key, hidden in changed.items() if not hidden} - known,
    )


def _past_keys(family: Family, grid: Grid, memory: Memory) -> dict[str, dict[int, Key]]:
    """By statistic and cell: of what has changed a number below zero, one for all that were equal and are."""
    numbers: dict[object, int] = {}
    found = {}
    for name, number in family.names.items():
        known = memory.get(name, {})
        then = {cell: known[place].count for cell, place in enumerate(grid.cells) if place in known}
        now = family.members[number].values
        old = numbers.setdefault((number, tuple(then.items())), -1 - len(numbers))
        found[name] = {cell: (number if count == now[cell] else old, cell) for cell, count in then.items()}
    return found
