"""Instruments for a demonstration: whatever the visit waits for is measured after a few seconds, on the real ways.

Blood pressure, oxygen, temperature and glucose come as GATT bytes through the collector, height, weight and lipids as
lines through the driver of our serial protocol.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from random import Random

from devices.gatt.blood_pressure import BloodPressure
from devices.gatt.cuff_pressure import CuffPressure
from devices.gatt.glucose import Concentration, Glucose
from devices.gatt.oximetry import Oximetry
from devices.gatt.temperature import Temperature
from devices.ieee11073 import DateTime, Quantity, Special, quantity
from devices.metrics import Catalogue
from gateway.collector import Collector
from gateway.kiosk.intake import Intake
from gateway.kiosk.line_driver import MARK, LineDriver, framed
from gateway.kiosk.names import Measurement
from gateway.outbox import OutboxFull

_LOOK_EVERY = 0.5  # seconds
_CUFF_STEPS = range(0, 180, 15)  # mmHg shown while it fills

Sent = tuple[str, bytes]


class SimulatedInstruments:
    """What stands in a simulated kiosk. `devices`: the registered name of each measurement's instrument."""

    def __init__(
        self, devices: Mapping[Measurement, str], catalogue: Catalogue, *, zone: tzinfo, seconds: float = 3.0
    ) -> None:
        """`seconds`: from the page's asking to the result."""
        self._devices = devices
        self._zone = zone
        self._seconds = seconds
        self._random = Random()  # noqa: S311 a demonstration's values
        self._drivers = {
            measurement: LineDriver(devices[measurement], measurement, catalogue)
            for measurement in (Measurement.BODY, Measurement.LIPIDS)
            if measurement in devices
        }
        self._number = 0

    async def run(self, intake: Intake, collector: Collector) -> None:
        """Measure for whoever is there, until cancelled."""
        while True:
            measurement = intake.kiosk.visit.awaits
            if measurement is not None and measurement in self._devices:
                await self._measure(measurement, intake, collector)
            await asyncio.sleep(_LOOK_EVERY)

    async def _measure(self, measurement: Measurement, intake: Intake, collector: Collector) -> None:
        if measurement in self._drivers:
            await asyncio.sleep(self._seconds)
            for message in self._drivers[measurement].feed(self._line(measurement), datetime.now(UTC)):
                if message.said is not None:
                    intake.take_in(message.said)
            return
        visit = collector.open(self._devices[measurement])
        try:
            if measurement is Measurement.BLOOD_PRESSURE:
                for pressure in _CUFF_STEPS:
                    visit.packet("2A36", CuffPressure(cuff=Quantity(pressure, 0)).encode(), datetime.now(UTC))
                    await asyncio.sleep(self._seconds / len(_CUFF_STEPS))
            else:
                await asyncio.sleep(self._seconds)
            now = datetime.now(UTC)
            visit.clock(self._local(now), now)
            visit.packet(*self._packet(measurement, DateTime.of(self._local(now))), now)
            visit.close()
        except OutboxFull:
            await asyncio.sleep(self._seconds)

    def _local(self, now: datetime) -> datetime:
        return now.astimezone(self._zone).replace(tzinfo=None, microsecond=0)

    def _packet(self, measurement: Measurement, stamp: DateTime) -> Sent:
        draw = self._random.gauss
        match measurement:
            case Measurement.BLOOD_PRESSURE:
                packet = BloodPressure(
                    systolic=Quantity(round(draw(136, 6)), 0),
                    diastolic=Quantity(round(draw(82, 4)), 0),
                    mean_arterial=Special.NAN,
                    time=stamp,
                    pulse=Quantity(round(draw(72, 5)), 0),
                )
                return "2A35", packet.encode()
            case Measurement.OXIMETRY:
                spo2 = min(99, round(draw(97, 1)))
                return "2A5E", Oximetry(spo2=Quantity(spo2, 0), pulse=Quantity(round(draw(72, 5)), 0)).encode()
            case Measurement.TEMPERATURE:
                return "2A1C", Temperature(value=quantity(draw(36.5, 0.2), -1), time=stamp).encode()
            case Measurement.GLUCOSE:
                self._number += 1
                result = Concentration(unit="mol/L", value=Quantity(round(draw(62, 9)), -4), sample=1, location=1)
                return "2A18", Glucose(sequence=self._number, base_time=stamp, concentration=result).encode()
        raise ValueError(f"{measurement} is not measured by radio here")

    def _line(self, measurement: Measurement) -> bytes:
        self._number += 1
        draw = self._random.gauss
        values = (
            f"height={draw(162, 7):.1f}cm;weight={draw(63, 8):.1f}kg"
            if measurement is Measurement.BODY
            else f"total_cholesterol={draw(5.1, 0.7):.2f}mmol/L;hdl={draw(1.3, 0.2):.2f}mmol/L;"
            f"ldl={draw(3.2, 0.6):.2f}mmol/L;triglycerides={'>7.34' if self._number % 9 == 0 else '1.60'}mmol/L"
        )
        return framed(f"{MARK};seq={self._number};type={measurement};{values}")
