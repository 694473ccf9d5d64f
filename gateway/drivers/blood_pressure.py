"""Blood Pressure Profile: once subscribed, a cuff indicates its stored records and forgets each when confirmed."""

from __future__ import annotations

from devices.catalogue import TimePolicy
from gateway.drivers import meter_clock
from gateway.session import Session

_MEASUREMENT = "2A35"


class BloodPressureDriver:
    """The driver."""

    service = "1810"
    measurement = _MEASUREMENT

    async def run(self, session: Session) -> None:
        """Read and set the clock as the model wants it, subscribe, and take records until the cuff hangs up."""
        await meter_clock.read(session)
        if session.model.time_policy is TimePolicy.BEFORE:
            await meter_clock.write(session)
        await session.settle()
        if session.model.time_policy is TimePolicy.AFTER_NOTIFY:
            await meter_clock.listen(session)
        await session.link.subscribe(_MEASUREMENT)
        while packets := await session.packets():
            for packet in packets:
                if packet.characteristic == meter_clock.CURRENT_TIME:
                    await meter_clock.told(session, packet)
