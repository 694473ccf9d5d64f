"""What a page looks at: place, period, indicator and part, as they stand in its address. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar
from urllib.parse import urlencode

from api.dashboard.archive import Archive
from api.reporting import region
from api.reporting.region import Level, Place
from api.reporting.spell import Kind, Spell

Named = TypeVar("Named")
USUAL = "hypertension_control_rate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The parameters of an address as they came; empty means the usual."""

    region: str = ""
    period: str = ""
    indicator: str = ""
    part: str = ""
    level: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What is looked at: everything exists and may be seen."""

    place: Place
    spell: Spell
    indicator: str
    part: str = ""  # a slice of the indicator: a programme, a kind of reading
    level: Level | None = None  # of the places that are compared; None: as fine as there is something to compare

    @property
    def address(self) -> Mapping[str, str]:
        """The parameters that lead here again."""
        whole = {"region": self.place.key, "period": self.spell.name, "indicator": self.indicator}
        level = {"level": self.level.value} if self.level else {}
        return whole | level | ({"part": self.part} if self.part else {})

    def query(self, **other: str) -> str:
        """The same with something else, for an address."""
        return urlencode({**self.address, **other})

    def at(self, place: Place) -> Choice:
        """The same for another place."""
        return replace(self, place=place)


class Unknown(Exception):
    """An address names something that does not exist or may not be seen; the message is the parameter's name."""


def choose(asked: Asked, archive: Archive, places: Sequence[Place], today: date) -> Choice:
    """What an address asks for. Raises `Unknown`. `places`: those the viewer may see, at least one.

    A part or a level that does not suit what else was chosen is left out: it stayed in the form when the rest changed.
    """
    place = _named("region", {each.key: each for each in places}, asked.region, region.tops(places)[0].key)
    spells = {each.name: each for each in archive.spells}
    spell = _named("period", spells, asked.period, usual_spell(archive.spells, today).name)
    indicators = dict.fromkeys(archive.indicators)
    usual = usual_indicator(archive.indicators)
    indicator = _named("indicator", {each: each for each in indicators}, asked.indicator, usual)
    return Choice(
        place=place,
        spell=spell,
        indicator=indicator,
        part=asked.part if asked.part in archive.parts(indicator) else "",
        level=Level(asked.level) if asked.level in list(Level) else None,
    )


def usual_indicator(indicators: Sequence[str]) -> str:
    """The control rate of hypertension, or whatever there is."""
    return USUAL if USUAL in indicators else next(iter(indicators), "")


def usual_spell(spells: Sequence[Spell], today: date) -> Spell:
    """The latest quarter that has ended; where there is none, the latest there is."""
    ended = [each for each in spells if each.kind is Kind.QUARTER and each.ends <= today]
    return ended[-1] if ended else spells[-1]


def _named(parameter: str, known: Mapping[str, Named], asked: str, usual: str) -> Named:
    try:
        return known[asked or usual]
    except KeyError:
        raise Unknown(parameter) from None
