"""Profiles whose meters send their stored records once subscribed, and forget each when it is confirmed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from devices.catalogue import Model
from gateway.drivers import NO_MATCH, PROFILE, Advert, meter_clock, record_access
from gateway.drivers.user_data import UserData
from gateway.session import Session


async def _ask_nothing(_session: Session) -> None:
    """Most meters of these profiles need no more than the subscription."""


class IndicatedDriver:
    """The driver for `services`. `ask`: what must be said after the subscription."""

    def __init__(
        self, services: set[str], *measurements: str, ask: Callable[[Session], Awaitable[None]] = _ask_nothing
    ) -> None:
        """`measurements`: characteristics, in the order in which they are subscribed."""
        self._services = frozenset(services)
        self._measurements = measurements
        self._ask = ask

    def match(self, advert: Advert, model: Model) -> int:  # noqa: ARG002 -- the profile is enough
        """Any meter with the profile."""
        return NO_MATCH if self._services.isdisjoint(advert.services) else PROFILE

    async def run(self, session: Session) -> None:
        """Read and set the clock as the model wants it, subscribe, and take records until the meter hangs up."""
        await meter_clock.prepare(session)
        for characteristic in self._measurements:
            if session.link.offers(characteristic):
                await session.link.subscribe(characteristic)
        await self._ask(session)
        while packets := await session.packets():
            for packet in packets:
                if packet.characteristic == meter_clock.CURRENT_TIME:
                    await meter_clock.told(session, packet)


async def _stored_spot_checks(session: Session) -> None:
    """An oximeter with a memory sends it when asked, all of it: its records cannot be chosen by number."""
    if session.link.offers(record_access.POINT):
        await session.link.subscribe(record_access.POINT)
        await record_access.report(session, None)


BLOOD_PRESSURE = IndicatedDriver({"1810"}, "2A35")
THERMOMETER = IndicatedDriver({"1809"}, "2A1C")
OXIMETER = IndicatedDriver({"1822"}, "2A5E", ask=_stored_spot_checks)
SCALE = IndicatedDriver({"181D", "181B"}, "2A9D", "2A9C", ask=UserData().consent)
