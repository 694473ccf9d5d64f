"""One look at the dashboard: what is published, what was chosen, in which language. What every chart is made from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from api.dashboard.archive import Archive
from api.dashboard.choice import Choice
from api.language import Language, translator
from api.reporting import region
from api.reporting.definitions import Definition, Group, Indicators
from api.reporting.region import Level, Place
from api.reporting.released import WHOLE, Series, Shown
from api.reporting.spell import Spell


@dataclass(frozen=True, kw_only=True)
class Look:
    """Everything a chart needs; places are those the viewer may see."""

    archive: Archive
    places: Sequence[Place]
    choice: Choice
    indicators: Indicators
    language: Language
    today: date

    @cached_property
    def names(self) -> list[str]:
        """The indicators there are figures of, by group."""
        groups = list(Group)
        return sorted(self.archive.indicators, key=lambda name: groups.index(self.indicators.by_name[name].group))

    @property
    def say(self) -> Callable[[str], str]:
        """Gives a marked text in the reader's language."""
        return translator(self.language)

    def series(self, indicator: str = "", period: str = "", part: str = "") -> Series | None:
        """A series; left out: the chosen indicator with its part, the chosen period."""
        chosen = self.choice
        part = part if indicator else chosen.part
        return self.archive.find(indicator or chosen.indicator, period or chosen.spell.name, part)

    def shown(self, series: Series | None, place: str = "", detail: str = WHOLE) -> Shown | None:
        """What may be said of a place, left out: the chosen one. None where nothing was published."""
        return self.archive.at(series, place or self.choice.place.key, detail) if series else None

    def definition(self, indicator: str, version: int) -> Definition:
        """What a figure was counted by. Raises `KeyError` for what is not configured any more."""
        known = self.indicators.by_name[indicator]
        return Definition(known, {each.version: each for each in known.versions}[version])

    def label(self, indicator: str = "") -> str:
        """What an indicator is called; left out: the chosen one."""
        return self.indicators.by_name[indicator or self.choice.indicator].label[self.language.value]

    def titled(self, text: str) -> str:
        """A marked text with what the chosen indicator is called."""
        return f"{self.say(text)} · {self.label()}"

    def is_running(self, spell: Spell) -> bool:
        """Whether a period has not ended."""
        return spell.ends > self.today

    def inside(self, level: Level) -> list[Place]:
        """The places of a level within the chosen one."""
        wanted = self.choice.place
        return [each for each in self.places if each.level is level and _lies_in(each, wanted, self.places)]

    @cached_property
    def levels(self) -> list[Level]:
        """The levels there are places of within the chosen one, larger ones first."""
        return [level for level in Level if level is not self.choice.place.level and self.inside(level)]

    @cached_property
    def compared(self) -> Level:
        """The level whose places are compared: the chosen one, else the finest of which two places are told."""
        if self.choice.level in self.levels:
            return self.choice.level
        series = self.series()
        for level in reversed(self.levels):
            if sum(is_told(self.shown(series, each.key)) for each in self.inside(level)) > 1:
                return level
        return Level.STATION

    def parts_of_place(self) -> list[Place]:
        """The places next below the chosen one."""
        return region.below(self.places, self.choice.place.key)


def is_told(shown: Shown | None) -> bool:
    """Whether there is a share, or of what is only counted a number."""
    return shown is not None and (shown.rate if shown.is_rate else shown.numerator) is not None


def _lies_in(place: Place, wanted: Place, places: Sequence[Place]) -> bool:
    parents = {each.key: each.parent for each in places}
    key: str | None = place.key
    while key is not None and key != wanted.key:
        key = parents.get(key)
    return key is not None
