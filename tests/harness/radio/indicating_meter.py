"""Emulated meters whose stored records flow by indication once they are subscribed; then they hang up."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from bumble.core import UUID
from bumble.gatt import Service

from tests.harness.radio.meter import Meter, Properties
from tests.harness.radio.meter_clock import EmulatedClock


@dataclass(kw_only=True)
class IndicatingMeter(Meter):
    """`records` are whole packets of `measurement`, each forgotten when confirmed unless `keeps_records`.

    `tells_time`: the clock is a Current Time service that tells itself when subscribed, and a meter that is set before
    hangs up (Omron); else it is a Date Time. `wants_time`: silent unless it was set (A&D). `drop_after` cuts the link
    once after so many; `deaf_for` is how long after the connection, and after it was set, a subscription is lost on it;
    `hangs_up` False leaves the link open after the last record.
    """

    measurement: int = 0
    records: list[bytes] = field(default_factory=list)
    clock: EmulatedClock | None = None
    tells_time: bool = False
    wants_time: bool = False
    drop_after: int | None = None
    deaf_for: float = 0.0
    hangs_up: bool = True
    keeps_records: bool = False

    def services(self) -> Sequence[Service]:
        """The profile, with Date Time in it where the meter has a clock (A&D)."""
        self._hears_from = 0.0
        self._told = self._was_set = False
        measured = [self.characteristic(self.measurement, Properties.INDICATE, subscribed=self._subscribed)]
        properties = Properties.READ | Properties.WRITE
        if self.clock is None:
            return [Service(UUID.from_16_bits(self.service), measured)]
        if self.tells_time:
            time = self.characteristic(
                0x2A2B,
                properties | Properties.NOTIFY,
                read=self.clock.current_time,
                write=self._set_clock,
                subscribed=self._tell_time,
            )
            return [Service(UUID.from_16_bits(self.service), measured), Service(UUID.from_16_bits(0x1805), [time])]
        time = self.characteristic(0x2A08, properties, read=self.clock.date_time, write=self._set_clock)
        return [Service(UUID.from_16_bits(self.service), [*measured, time])]

    def begin(self) -> None:
        """A new connection."""
        self._hears_from = asyncio.get_running_loop().time() + self.deaf_for
        self._told = self._was_set = False

    def _tell_time(self) -> None:
        assert self.clock is not None
        self.diary.note("time told")
        self._told = True
        self.in_background(self.send(0x2A2B, self.clock.current_time()))

    def has_records(self) -> bool:
        """A cuff advertises while it has something to tell."""
        return bool(self.records) and not self.keeps_records

    def _set_clock(self, value: bytes) -> None:
        assert self.clock is not None
        if self.tells_time and not self._told:
            self.diary.note("clock set too early")
            self.in_background(self.hang_up())
            return
        self.diary.note("clock set")
        self._was_set = True
        self._hears_from = asyncio.get_running_loop().time() + self.deaf_for
        self.clock.set(value)

    def _subscribed(self) -> None:
        if asyncio.get_running_loop().time() >= self._hears_from and (self._was_set or not self.wants_time):
            self.in_background(self._flush())

    async def _flush(self) -> None:
        for sent, record in enumerate(tuple(self.records)):
            if sent == self.drop_after:
                self.drop_after = None
                self.diary.note("drop")
                await self.hang_up()
                return
            await self.send(self.measurement, record, indicate=True)
            if not self.keeps_records:
                self.records.remove(record)
        self.diary.note("records sent")
        if self.hangs_up:
            await self.hang_up()


@dataclass(kw_only=True)
class BloodPressureMeter(IndicatingMeter):
    """A cuff."""

    service: int = 0x1810
    measurement: int = 0x2A35


@dataclass(kw_only=True)
class Thermometer(IndicatingMeter):
    """An ear thermometer."""

    service: int = 0x1809
    measurement: int = 0x2A1C


@dataclass(kw_only=True)
class Oximeter(IndicatingMeter):
    """An oximeter for spot checks."""

    service: int = 0x1822
    measurement: int = 0x2A5E
