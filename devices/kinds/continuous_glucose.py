"""Continuous glucose: records of 2AA7, dated by the session's start (2AAA)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from devices.gatt.cgm_session import SessionStart
from devices.gatt.continuous_glucose import ContinuousGlucose, ContinuousGlucoseRecord
from devices.ieee11073 import number
from devices.kinds.glucose import range_flag
from devices.reading import Flag, Kind
from devices.recorder import Finding, Found, Item, Recorder, only
from devices.units import canonical
from devices.visit import Packet

_STATUS_FLAGS = {1: Flag.BATTERY_LOW, 3: Flag.SENSOR_MALFUNCTION, 5: Flag.GENERAL_FAULT}
_WARNING_FLAGS = {6: Flag.BELOW_RANGE, 7: Flag.ABOVE_RANGE}
_OUT_OF_RANGE = Flag.ABOVE_RANGE | Flag.BELOW_RANGE


def readings(found: Found, recorder: Recorder) -> Iterator[Item]:
    """One item a record. Without a session start only the newest record can be dated: it has just been sent."""
    starts = [session.time.naive() for _, session in only(found, SessionStart)]
    start = starts[-1] if starts else None
    records = [(packet, record) for packet, sent in only(found, ContinuousGlucose) for record in sent.records]
    newest = max((record.offset for _, record in records), default=0)
    for packet, record in records:
        yield _item(packet, record, start, record.offset == newest, recorder)


def _item(
    packet: Packet, record: ContinuousGlucoseRecord, start: datetime | None, newest: bool, recorder: Recorder
) -> Item:
    if record.crc_ok is False:
        return recorder.unusable([packet], "undecodable")
    stamp = _stamp(start, record.offset)
    flags = _flags(record)
    value = number(record.value)
    if value is None and not flags & _OUT_OF_RANGE:
        return recorder.unusable([packet], "not_a_number", stamp)
    known = value is not None and not flags & _OUT_OF_RANGE
    return recorder.reading(
        Finding(
            kind=Kind.CONTINUOUS_GLUCOSE,
            packets=[packet],
            identifying=replace(record, crc_ok=None).encode(),
            stamp=stamp,
            values={"glucose": canonical("glucose", value, "mg/dL")} if known and value is not None else {},
            flags=flags,
            live=newest,
            undatable=stamp is None and not newest,
        )
    )


def _stamp(start: datetime | None, offset: int) -> datetime | None:
    try:
        return start and start + timedelta(minutes=offset)
    except OverflowError:
        return None


def _flags(record: ContinuousGlucoseRecord) -> Flag:
    flags = range_flag(record.value)
    for octet, meanings in ((record.status or 0, _STATUS_FLAGS), (record.warning or 0, _WARNING_FLAGS)):
        for bit, flag in meanings.items():
            if octet >> bit & 1:
                flags |= flag
    return flags
