"""How to get the readings out of a kind of meter: what a driver is. `gateway.installed` finds those there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol, TypeAlias, runtime_checkable

from devices.catalogue import Model
from devices.visit import Packet
from gateway.session import Session

# What `match` answers, best last: cannot read it, reads what it sends besides, knows its profile, knows its profile and
# asks for what it wants, knows the very model.
NO_MATCH, BY_PRODUCT, PROFILE, ASKED_PROFILE, MODEL = 0, 1, 10, 11, 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Advert:
    """What is known of a meter: its name, its services (advertised, from the catalogue, or found on the link) and the
    data it advertises under a service. Services by short name ("1810")."""

    name: str | None
    services: frozenset[str]
    data: Mapping[str, bytes]


class VisitDriver(Protocol):
    """Reads meters that are connected to."""

    def match(self, advert: Advert, model: Model) -> int:
        """How well it fits; the best driver is taken."""

    async def run(self, session: Session) -> None:
        """Take everything the meter has to give. The link is closed when this returns.

        Raises `Interrupted`, `BleakError`, `OutboxFull`; what came before is kept in any case.
        """


class Overheard(NamedTuple):
    """What one advertisement says of a measurement. `key` tells measurements of one meter apart; None: one is under
    way. `shows`: its stamp, naive. `complete`: nothing more is to come of it."""

    key: bytes | None
    shows: datetime | None
    complete: bool


@runtime_checkable
class AdvertDriver(Protocol):
    """Reads meters that are never connected to: their advertisements are the measurements."""

    def match(self, advert: Advert, model: Model) -> int:
        """How well it fits; the best driver is taken."""

    def overhear(self, packet: Packet) -> Overheard | None:
        """What an advertisement says; None when it is no measurement of this kind of meter."""


Driver: TypeAlias = VisitDriver | AdvertDriver
