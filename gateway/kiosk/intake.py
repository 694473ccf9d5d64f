"""From instruments to the outbox, and only then to the visit: whose it is, whether it is stored, what is told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from uuid import UUID

from devices.clock import ClockPolicy
from devices.gatt import DecodeError, decode, short_name
from devices.gatt.cuff_pressure import CuffPressure
from devices.ieee11073 import number
from devices.metrics import Catalogue
from devices.reading import ClockQuality, Reading, Unusable
from devices.units import canonical
from devices.visit import Packet
from gateway.kiosk import events, recording
from gateway.kiosk.heard import Heard
from gateway.kiosk.instruments import CouldNot, OnItsWay, Said
from gateway.kiosk.kiosk import Kiosk
from gateway.kiosk.names import Measurement
from gateway.kiosk.outcome import Take
from gateway.kiosk.transitions import NotNow
from gateway.kiosk.view import Notice
from gateway.outbox import Outbox, OutboxDamaged, OutboxFull

_log = logging.getLogger(__name__)


class Intake:
    """Stands between instruments and one kiosk; also what the gateway's collector asks about the kiosk's own meters.

    A reading belongs to the visitor when the visit awaits that measurement and it was measured since they identified.
    Anything else is kept and sent as nobody's: the server holds it until a person says whose it is.
    """

    def __init__(
        self,
        kiosk: Kiosk,
        radio: Mapping[str, Measurement],
        catalogue: Catalogue,
        *,
        zone: tzinfo,
        policy: ClockPolicy,
        slack: timedelta,
    ) -> None:
        """`radio`: addresses of the meters that the gateway's radio hears for this kiosk, and what each measures."""
        self.kiosk = kiosk
        self._radio = {address.upper(): measurement for address, measurement in radio.items()}
        self._catalogue = catalogue
        self._zone = zone
        self._policy = policy
        self._slack = slack
        self._outbox: Outbox | None = None
        self._broken: asyncio.Future[None] | None = None
        self._told: set[UUID] = set()
        self._told_in: datetime | None = None

    def attach(self, outbox: Outbox) -> asyncio.Future[None]:
        """Store there from now on. The future fails with `OutboxDamaged`: then this outbox is to be recovered."""
        self._outbox = outbox
        self._broken = asyncio.get_running_loop().create_future()
        return self._broken

    def take_in(self, said: Said) -> bool:
        """Take what an instrument said; whether it is kept, so that the instrument may forget it."""
        match said:
            case OnItsWay():
                self.kiosk.live(said.cuff)
                return True
            case CouldNot():
                if self.kiosk.visit.awaits is said.measurement:
                    self._tell(None)
                return True
            case Heard():
                return self._keep(said)

    def _keep(self, heard: Heard) -> bool:
        readings = self._readings(heard)
        theirs = self._is_theirs(heard.measurement, readings[0].measured_at)
        new = self._put([self._attributed(reading) if theirs else reading for reading in readings])
        if new is None:
            return False
        if theirs and new:
            self._tell(heard.take)
        elif new and readings[0].clock is ClockQuality.UNUSABLE and self.kiosk.visit.awaits is heard.measurement:
            self._tell(None)
        return True

    def _readings(self, heard: Heard) -> list[Reading]:
        return recording.readings(heard, person=None, zone=self._zone, policy=self._policy)

    def _put(self, readings: Sequence[Reading]) -> int | None:
        """How many are new; None when nothing could be kept, which the person is told."""
        if self._outbox is None:
            return None
        try:
            return self._outbox.put(readings)
        except OutboxFull as full:
            _log.error("%s", full)
        except OutboxDamaged as damaged:
            if self._broken is not None and not self._broken.done():
                self._broken.set_exception(damaged)
        self.kiosk.notice(Notice.NOT_STORED)
        return None

    # What the gateway's collector asks and tells (gateway.collector.Audience)

    def heard(self, device: str, packets: Sequence[Packet]) -> None:
        """Packets of a meter: while a cuff of ours fills, the page shows its pressure."""
        if self._radio.get(device.upper()) is not Measurement.BLOOD_PRESSURE:
            return
        for packet in packets:
            pressure = _cuff_pressure(packet)
            if pressure is not None:
                self.kiosk.live(pressure)

    def attribute(self, device: str, items: Sequence[Reading | Unusable]) -> list[Reading | Unusable]:
        """The items with the visitor's token where they are the visitor's."""
        return [
            self._attributed(item) if isinstance(item, Reading) and self._is_from_radio(device, item) else item
            for item in items
        ]

    def kept(self, device: str, items: Sequence[Reading | Unusable]) -> None:
        """The items are durable: tell the visit what is the visitor's, each once."""
        measurement = self._radio.get(device.upper())
        if measurement is None or self.kiosk.visit.awaits is not measurement:
            return
        fresh = [item for item in items if item.reading_id not in self._seen()]
        self._told.update(item.reading_id for item in fresh)
        readings = [item for item in fresh if isinstance(item, Reading)]
        theirs = [reading for reading in readings if self._is_from_radio(device, reading)]
        for reading in theirs:
            self._tell(recording.take_of(reading, self._catalogue))
        dateless = any(reading.clock is ClockQuality.UNUSABLE for reading in readings)
        if not theirs and (dateless or len(readings) < len(fresh)):
            self._tell(None)

    def _is_from_radio(self, device: str, reading: Reading) -> bool:
        measurement = self._radio.get(device.upper())
        if measurement is None or recording.measurement_of(reading) is not measurement:
            return False
        return self._is_theirs(measurement, reading.measured_at)

    def _is_theirs(self, measurement: Measurement, measured_at: datetime | None) -> bool:
        visit = self.kiosk.visit
        if visit.awaits is not measurement or visit.began is None or measured_at is None:
            return False
        return measured_at >= visit.began - self._slack

    def _attributed(self, reading: Reading) -> Reading:
        visit = self.kiosk.visit
        meal = reading.meal or (visit.meal if visit.measurement is Measurement.GLUCOSE else None)
        return replace(reading, person=visit.who.token if visit.who else None, meal=meal)

    def _seen(self) -> set[UUID]:
        """What this visit was told already: a meter may send its memory again."""
        if self._told_in != self.kiosk.visit.began:
            self._told, self._told_in = set(), self.kiosk.visit.began
        return self._told

    def _tell(self, take: Take | None) -> None:
        """None: it could not be measured. A value that no living person has is no measurement either."""
        is_measured = take is not None and not self._catalogue.implausible(
            {metric: value for metric, value in take.values.items() if metric not in take.beyond}
        )
        try:
            if take is not None and is_measured:
                self.kiosk.measured(take)
            else:
                self.kiosk.happen(events.Failed())
        except NotNow:
            _log.info("a second result in one go is kept and not shown")


def _cuff_pressure(packet: Packet) -> float | None:
    """mmHg, None when the packet holds none."""
    if short_name(packet.characteristic) != "2A36":
        return None
    try:
        decoded = decode(packet.characteristic, packet.payload)
    except DecodeError:
        return None
    if not isinstance(decoded, CuffPressure):
        return None
    cuff = number(decoded.cuff)
    return None if cuff is None else canonical("systolic", cuff, decoded.unit)
