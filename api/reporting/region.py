"""The tree of regions over the stations, from province to station: the places whose figures are published. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

LENGTHS = {2: "province", 4: "city", 6: "county", 9: "township"}  # digits of a 统计用区划代码 that name each level


class Level(StrEnum):
    """How large a place is."""

    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    TOWNSHIP = "township"
    STATION = "station"


class Place(BaseModel):
    """A region or a station. `parent` is the next larger one in the tree; None for what stands at the top."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    key: str  # the digits of a region; "station-<id>"
    code: str  # of a region its digits, of a station its 12-digit region code
    level: Level
    name: str
    parent: str | None
    station_id: int | None = None

    @property
    def is_wide(self) -> bool:
        """A county or more: large enough to be shown by age and sex, and by hour."""
        return self.level in (Level.PROVINCE, Level.CITY, Level.COUNTY)


class Station(BaseModel):
    """What the tree needs to know of a station."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    station_id: int
    name: str
    township: str
    code: str

    @property
    def key(self) -> str:
        """Its key as a place."""
        return f"station-{self.station_id}"


def tree(stations: Sequence[Station], county_names: Mapping[str, str]) -> list[Place]:
    """Every place, larger ones first. A region that holds the very stations of another is left out."""
    regions = _regions(stations)
    kept = sorted((code for code in regions if not _is_repeated(code, regions)), key=lambda code: (len(code), code))
    places = [
        Place(
            key=code,
            code=code,
            level=Level(LENGTHS[len(code)]),
            name=_name(code, regions[code], county_names),
            parent=_parent(code, kept),
        )
        for code in kept
    ]
    ordered = sorted(stations, key=lambda each: (each.code, each.station_id))
    return places + [
        Place(
            key=each.key,
            code=each.code,
            level=Level.STATION,
            name=each.name,
            parent=_parent(each.code, kept),
            station_id=each.station_id,
        )
        for each in ordered
    ]


def below(places: Sequence[Place], key: str) -> list[Place]:
    """The places that add up to this one."""
    return [each for each in places if each.parent == key]


def within(places: Sequence[Place], prefix: str) -> list[Place]:
    """The places that lie entirely in the region with this prefix."""
    return [each for each in places if each.code.startswith(prefix)]


def tops(places: Sequence[Place]) -> list[Place]:
    """Those whose parent is not among them: where a reader begins."""
    keys = {each.key for each in places}
    return [each for each in places if each.parent not in keys]


def inside(places: Sequence[Place], roots: Sequence[Place]) -> list[Place]:
    """These and everything below them, larger ones first."""
    keys: set[str | None] = {each.key for each in roots}
    found = []
    for place in places:
        if place.key in keys or place.parent in keys:
            keys.add(place.key)
            found.append(place)
    return found


def named(places: Sequence[Place], key: str) -> list[Place]:
    """The place of this key; of digits that name a region left out of the tree, the ones that stand for it."""
    exact = [each for each in places if each.key == key]
    return exact or (tops(within(places, key)) if key.isdigit() else [])


def _regions(stations: Sequence[Station]) -> dict[str, list[Station]]:
    found: dict[str, list[Station]] = {}
    for station in stations:
        for length in LENGTHS:
            found.setdefault(station.code[:length], []).append(station)
    return found


def _is_repeated(code: str, regions: Mapping[str, Sequence[Station]]) -> bool:
    """Whether a township is its county or its one station, or a larger region a smaller one. A county always stands."""
    inside, level = regions[code], LENGTHS[len(code)]
    if level == Level.COUNTY:
        return False
    if level == Level.TOWNSHIP:
        return len(inside) == 1 or len(inside) == len(regions[code[:6]])
    return any(
        len(code) < len(each) <= 6 and each.startswith(code) and len(regions[each]) == len(inside) for each in regions
    )


def _parent(code: str, kept: Sequence[str]) -> str | None:
    larger = [each for each in kept if len(each) < len(code) and code.startswith(each)]
    return max(larger, key=len) if larger else None


def _name(code: str, stations: Sequence[Station], county_names: Mapping[str, str]) -> str:
    if LENGTHS[len(code)] == Level.TOWNSHIP:
        return "、".join(dict.fromkeys(each.township for each in stations))
    return county_names.get(code, code)
