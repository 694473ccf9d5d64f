"""Gateways and meters by place, and how many of them need somebody: from what the page of the fleet knows. Pure.

Nothing here is about a person: a meter counts at the station it was given out by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from api.fleet_state import Gateway, Meter
from api.fleet_trouble import of_gateway, of_meter
from api.reporting.region import Place
from ingest.fleet_settings import Troubles

SILENT = {"offline", "silent", "never_seen"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """Counts of a place. A gateway or a meter may have several troubles; `well` ones have none."""

    gateways: int = 0
    gateways_well: int = 0
    gateways_silent: int = 0
    meters: int = 0
    meters_well: int = 0
    meters_battery: int = 0
    meters_clock: int = 0
    meters_failing: int = 0
    meters_silent: int = 0

    def __add__(self, other: Equipment) -> Equipment:
        return Equipment(**{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)})

    @property
    def gateways_ill(self) -> int:
        """Heard, and something is wrong."""
        return self.gateways - self.gateways_well - self.gateways_silent


NONE = Equipment()


def by_station(
    gateways: Sequence[Gateway], meters: Sequence[Meter], limits: Troubles, now: datetime
) -> dict[int | None, Equipment]:
    """What each station has; None is the station of what was never given to one. Revoked gateways do not count."""
    found: dict[int | None, Equipment] = {}
    for gateway in gateways:
        if not gateway.revoked:
            codes = {each.code for each in of_gateway(gateway, limits, now)}
            found[gateway.station_id] = found.get(gateway.station_id, NONE) + _gateway(codes)
    for meter in meters:
        if meter.registered:
            codes = {each.code for each in of_meter(meter, limits, now)}
            found[meter.station_id] = found.get(meter.station_id, NONE) + _meter(codes)
    return found


def _gateway(codes: set[str]) -> Equipment:
    return Equipment(gateways=1, gateways_well=int(not codes), gateways_silent=int(bool(codes & SILENT)))


def _meter(codes: set[str]) -> Equipment:
    return Equipment(
        meters=1,
        meters_well=int(not codes),
        meters_battery=int("battery" in codes),
        meters_clock=int("clock" in codes),
        meters_failing=int("failing" in codes),
        meters_silent=int("silent" in codes),
    )


def by_place(stations: Mapping[int | None, Equipment], places: Sequence[Place]) -> dict[str, Equipment]:
    """Summed up the tree, for these places."""
    parents = {each.key: each.parent for each in places}
    found = dict.fromkeys(parents, NONE)
    for place in places:
        key: str | None = place.key
        while place.station_id is not None and key is not None and key in found:
            found[key] += stations.get(place.station_id, NONE)
            key = parents[key]
    return found
