"""Heart Rate Service: a belt sends a value a second while it is worn, so it is listened to for a short spell."""

from __future__ import annotations

import asyncio

from devices.catalogue import Model
from gateway.drivers import BY_PRODUCT, NO_MATCH, Advert
from gateway.session import Session


class HeartRateDriver:
    """The driver. Other meters tell the heart rate besides, so it is the last choice."""

    def match(self, advert: Advert, model: Model) -> int:  # noqa: ARG002 -- the service is enough
        """Any sensor with the service."""
        return BY_PRODUCT if "180D" in advert.services else NO_MATCH

    async def run(self, session: Session) -> None:
        """Listen for a spell, whose last good value is the reading, and leave the wearer alone for a while."""
        await session.link.subscribe("2A37")
        clock = asyncio.get_running_loop().time
        end = clock() + session.patience.spell
        while (left := end - clock()) > 0 and await session.packets(within=left):
            session.rest = session.patience.sensor_rest


HEART_RATE = HeartRateDriver()
