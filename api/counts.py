"""Counts of people that hang together by sums: the form in which a table meets suppression and its auditor."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True)
class Sum(Generic[K]):
    """`total` = the sum of `parts`: a row and its stations, managed people and the controlled and the others."""

    total: K
    parts: Sequence[K]


@dataclass(frozen=True)
class Counts(Generic[K]):
    """Numbers of people by a key of the caller's, and every sum that a reader could work out between them.

    What is one number has one key, also where two tables show it. Raises `ValueError` when a count is negative, a sum
    names a key that has no count, or does not add up: a table that is wrong must not be published as if it were right.
    """

    values: Mapping[K, int]
    sums: Sequence[Sum[K]]

    def __post_init__(self) -> None:
        negative = [key for key, value in self.values.items() if value < 0]
        if negative:
            raise ValueError(f"negative counts: {negative[:3]}")
        for each in self.sums:
            if self.values[each.total] != sum(self.values[part] for part in each.parts):
                raise ValueError(f"{each.total} is not the sum of its parts")

    @cached_property
    def keys(self) -> tuple[K, ...]:
        """All keys, in order."""
        return tuple(self.values)

    @cached_property
    def index(self) -> Mapping[K, int]:
        """The place of each key in `keys`."""
        return {key: place for place, key in enumerate(self.keys)}

    @cached_property
    def weights(self) -> Sequence[int]:
        """How much is lost with each count, in the order of `keys`: a total is worth the elementary counts below it."""
        worth: dict[K, int] = {}
        parts = {each.total: each.parts for each in self.sums}

        def of(key: K) -> int:
            if key not in worth:
                worth[key] = sum(map(of, parts[key])) if key in parts else 1
            return worth[key]

        return [of(key) for key in self.keys]


def joined(tables: Sequence[Counts[K]]) -> Counts[K]:
    """Several tables as one, so that none gives away what another hides. The same key must have the same count."""
    values: dict[K, int] = {}
    for key, value in chain.from_iterable(table.values.items() for table in tables):
        if values.setdefault(key, value) != value:
            raise ValueError(f"{key} has two different counts")
    return Counts(values, [each for table in tables for each in table.sums])
