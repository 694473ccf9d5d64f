"""How to get the readings out of a kind of meter, one driver a Bluetooth profile."""

from __future__ import annotations

from typing import Protocol

from gateway.drivers.blood_pressure import BloodPressureDriver
from gateway.drivers.glucose import GlucoseDriver
from gateway.session import Session


class Driver(Protocol):
    """Knows one profile. `service` is what its meters advertise, `measurement` the characteristic that tells them."""

    service: str
    measurement: str

    async def run(self, session: Session) -> None:
        """Take everything the meter has to give. The link is closed when this returns.

        Raises `Interrupted`, `BleakError`, `OutboxFull`; what came before is kept in any case.
        """


DRIVERS: tuple[Driver, ...] = (BloodPressureDriver(), GlucoseDriver())
