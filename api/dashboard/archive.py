"""Every published period with the release that holds it: what a page may ask about. Pure, but for `taken`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from psycopg import Connection

from api.reporting.region import Place
from api.reporting.released import WHOLE, Release, Series, Shown
from api.reporting.shelf import Shelf, periods
from api.reporting.spell import Kind, Spell


@dataclass(frozen=True)
class Archive:
    """Releases by period."""

    releases: Mapping[str, Release]

    @cached_property
    def places(self) -> Sequence[Place]:
        """The tree as it was published last, larger places first."""
        return max(self.releases.values(), key=lambda each: each.ends).places if self.releases else []

    @cached_property
    def spells(self) -> list[Spell]:
        """Every period there are figures for, oldest first."""
        return in_order(map(Spell.parse, self.releases))

    def of_kind(self, kind: Kind) -> list[Spell]:
        """The periods of one kind, oldest first."""
        return of_kind(self.spells, kind)

    def find(self, indicator: str, period: str, part: str = "") -> Series | None:
        """A series of a period."""
        release = self.releases.get(period)
        return release.find(indicator, period, part) if release else None

    @cached_property
    def _series(self) -> list[Series]:
        return [each for period, release in self.releases.items() for each in release.series if each.period == period]

    @cached_property
    def indicators(self) -> Sequence[str]:
        """Every indicator there are figures of, in the order they were counted; not the hours of the week."""
        return list(dict.fromkeys(each.indicator for each in self._series if not each.by_hour))

    def parts(self, indicator: str) -> Sequence[str]:
        """The slices an indicator is told apart by."""
        return sorted({each.slice for each in self._series if each.indicator == indicator and each.slice})

    def at(self, series: Series, place: str, detail: str = WHOLE) -> Shown | None:
        """What may be said of a cell; None for a place that did not stand in the tree of that period."""
        release = self.releases.get(series.period)
        try:
            return release.at(series, place, detail) if release else None
        except KeyError:
            return None


def in_order(spells: Iterable[Spell]) -> list[Spell]:
    """Periods by their ends, of those that end together the longest first."""
    return sorted(spells, key=lambda each: (each.ends, each.begin))


def of_kind(spells: Sequence[Spell], kind: Kind) -> list[Spell]:
    """The periods of one kind. A first quarter is the year to date as well."""
    if kind is Kind.YEAR_TO_DATE:
        return [each for each in spells if each.kind is kind or (each.kind is Kind.QUARTER and each.begin.month == 1)]
    return [each for each in spells if each.kind is kind]


def taken(connection: Connection[Any], shelf: Shelf) -> Archive:
    """Everything that is published now."""
    return Archive({each.period: shelf.take(connection, each) for each in periods(connection)})
