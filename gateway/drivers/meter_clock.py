"""A meter's own clock: read first in a visit so that its stamps can be placed, set where its model allows that."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from bleak.exc import BleakError

from devices import gatt
from devices.catalogue import TimePolicy
from devices.clock import MeterClock
from devices.gatt.current_time import CurrentTime
from devices.gatt.date_time import Clock
from devices.ieee11073 import DateTime
from devices.visit import Packet
from gateway.drivers.own_clock import SETTINGS
from gateway.session import Session

_log = logging.getLogger(__name__)

DATE_TIME, CURRENT_TIME = "2A08", "2A2B"
# Date Time first: where a meter has both, its profile's own characteristic is the one its records are stamped with.
_CLOCKS = (DATE_TIME, CURRENT_TIME)
# Omron cuffs take the time only when they are off by more; blessed's BluetoothHandler.java, verified on meters there.
_WORTH_SETTING = timedelta(minutes=10)


async def prepare(session: Session) -> None:
    """Before the subscription of a meter that then sends by itself: read the clock, and set it as the model wants."""
    await read(session)
    if session.model.time_policy is TimePolicy.BEFORE:
        await write(session)
    await session.settle()
    if session.model.time_policy is TimePolicy.AFTER_NOTIFY and session.link.offers(CURRENT_TIME, "notify"):
        await session.link.subscribe(CURRENT_TIME)


async def read(session: Session) -> None:
    """Note what the meter's clock shows, where it can be read; where it cannot, stamps are believed as they are."""
    for characteristic in _CLOCKS:
        if session.link.offers(characteristic, "read"):
            _note(session, await session.read(characteristic))
            return


async def told(session: Session, packet: Packet) -> None:
    """The meter has told its time of its own accord: note it, and set it if it is far off."""
    clock = _note(session, packet)
    if clock is None or abs(session.error(clock)) > _WORTH_SETTING:
        await write(session)


async def write(session: Session) -> None:
    """Set the meter to local time. A meter that refuses keeps its own; its readings are placed all the same."""
    setting = _setting(session)
    if setting is None:
        return
    characteristic, value = setting
    try:
        await session.link.write(characteristic, value)
    except BleakError as refusal:
        _log.warning("the clock of %s was not set: %s", session.device, refusal)
        return
    readable = session.link.offers(characteristic, "read")
    session.clock_was_set(_shown(session, await session.read(characteristic)) if readable else None)


def _setting(session: Session) -> tuple[str, bytes] | None:
    """Which characteristic takes the time, and what to write."""
    now = session.now()
    if session.model.own_clock is not None:
        own = SETTINGS[session.model.own_clock]
        return (own.characteristic, own.value(now, session.zone)) if session.link.offers(own.characteristic) else None
    local = now.astimezone(session.zone).replace(tzinfo=None)
    values = {DATE_TIME: DateTime.of(local).encode(), CURRENT_TIME: CurrentTime.of(local).encode()}
    return next(((each, values[each]) for each in _CLOCKS if session.link.offers(each, "write")), None)


def _note(session: Session, packet: Packet) -> MeterClock | None:
    clock = _shown(session, packet)
    if clock is not None:
        session.note_clock(clock)
    return clock


def _shown(session: Session, packet: Packet) -> MeterClock | None:
    try:
        decoded = gatt.decode(packet.characteristic, packet.payload)
    except gatt.DecodeError as error:
        _log.warning("the clock of %s cannot be understood, its stamps go unchecked: %s", session.device, error)
        return None
    shown: datetime | None = decoded.naive() if isinstance(decoded, Clock | CurrentTime) else None
    return None if shown is None else MeterClock(shown, packet.received_at)
