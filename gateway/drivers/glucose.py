"""Glucose Profile and continuous glucose: meters that keep their memory and are asked for what is new in it."""

from __future__ import annotations

from devices.catalogue import Model
from devices.gatt.quirks import UNSTABLE_SEQUENCE
from devices.progress import GLUCOSE_MEMORY, session_memory
from gateway.drivers import ASKED_PROFILE, NO_MATCH, Advert, meter_clock, record_access
from gateway.session import Session


class GlucoseDriver:
    """Finger-stick meters: measurements with their meals."""

    def match(self, advert: Advert, model: Model) -> int:  # noqa: ARG002 -- the profile is enough
        """Any meter with the profile."""
        return ASKED_PROFILE if "1808" in advert.services else NO_MATCH

    async def run(self, session: Session) -> None:
        """Subscribe, ask for what is new, and set the clock when everything is here that the old one stamped."""
        await meter_clock.read(session)
        await session.settle()
        await _subscribe(session, "2A18", "2A34", record_access.POINT)
        last = None if UNSTABLE_SEQUENCE in session.model.quirks else session.last_record(GLUCOSE_MEMORY)
        await record_access.report(session, last)
        if session.model.sets_clock:
            await meter_clock.write(session)


class ContinuousGlucoseDriver:
    """Sensors that are worn: their records are numbered by minutes since the session's start, which is never set."""

    def match(self, advert: Advert, model: Model) -> int:  # noqa: ARG002 -- the profile is enough
        """Any sensor with the profile."""
        return ASKED_PROFILE if "181F" in advert.services else NO_MATCH

    async def run(self, session: Session) -> None:
        """Read when the session began, subscribe, and ask for what is new in it."""
        start = await session.read("2AAA")
        await _subscribe(session, "2AA7", record_access.POINT)
        await record_access.report(session, session.last_record(session_memory(start.payload)))
        session.rest = session.patience.sensor_rest


async def _subscribe(session: Session, *characteristics: str) -> None:
    for characteristic in characteristics:
        if session.link.offers(characteristic):
            await session.link.subscribe(characteristic)


GLUCOSE = GlucoseDriver()
CONTINUOUS_GLUCOSE = ContinuousGlucoseDriver()
