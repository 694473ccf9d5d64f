"""Clocks that makers set by characteristics of their own; none of them can be read."""

from __future__ import annotations

import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

from devices.catalogue import OwnClock
from devices.ieee11073 import DateTime


class Setting(NamedTuple):
    """The characteristic, and what to write to it: a function of the moment (aware) and the local zone."""

    characteristic: str
    value: Callable[[datetime, tzinfo], bytes]


def _contour(now: datetime, zone: tzinfo) -> bytes:
    """1, the time in UTC, and the minutes that local time is ahead of it; blessed's BluetoothHandler.java."""
    ahead = (now.astimezone(zone).utcoffset() or timedelta()) // timedelta(minutes=1)
    return b"\x01" + DateTime.of(now.astimezone(UTC)).encode() + struct.pack("<h", ahead)


def _caresens(now: datetime, zone: tzinfo) -> bytes:
    """A command and local time; tidepool's ble-glucose."""
    return bytes.fromhex("C0030100") + DateTime.of(now.astimezone(zone)).encode()


SETTINGS = {
    OwnClock.CONTOUR: Setting("00001026-0002-11E2-9E96-0800200C9A66", _contour),
    OwnClock.CARESENS: Setting("FFF1", _caresens),
}
