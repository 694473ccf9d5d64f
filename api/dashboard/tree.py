"""The tree of places as the page shows it: opened along the way to the chosen one. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from api.reporting import region
from api.reporting.region import Place


@dataclass(frozen=True, slots=True)
class Branch:
    """A place with what is shown below it."""

    place: Place
    is_chosen: bool
    below: Sequence[Branch]


def branches(places: Sequence[Place], chosen: Place) -> list[Branch]:
    """Everything at the top, and what lies next below each place on the way to the chosen one."""
    by_key = {each.key: each for each in places}
    way, key = set(), chosen.key
    while key in by_key:
        way.add(key)
        key = by_key[key].parent or ""

    def branch(place: Place) -> Branch:
        inside = region.below(places, place.key) if place.key in way else []
        return Branch(place, place.key == chosen.key, [branch(each) for each in inside])

    return [branch(each) for each in region.tops(places)]
