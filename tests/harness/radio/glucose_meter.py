"""Emulated glucose meters, finger-stick and continuous."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bumble.core import UUID
from bumble.gatt import Service

from tests.harness.radio.meter import Properties
from tests.harness.radio.meter_clock import EmulatedClock
from tests.harness.radio.record_keeper import RecordKeeper


@dataclass(kw_only=True)
class GlucoseMeter(RecordKeeper):
    """A finger-stick meter. Its clock is Current Time, or Date Time (`date_time`), or write-only (`own_clock`)."""

    service: int = 0x1808
    measurement: int = 0x2A18
    context: int = 0x2A34
    clock: EmulatedClock | None = None
    date_time: bool = False
    own_clock: str | int | None = None

    def services(self) -> Sequence[Service]:
        """Glucose, and whatever holds the clock."""
        glucose = [
            self.characteristic(0x2A18, Properties.NOTIFY),
            self.characteristic(0x2A34, Properties.NOTIFY),
            self.characteristic(0x2A51, Properties.READ, read=lambda: b"\x00\x04"),
            self.access_point(),
        ]
        own = UUID.from_16_bits(self.service)
        if self.clock is None:
            return [Service(own, glucose)]
        if self.own_clock is not None:
            time = self.characteristic(self.own_clock, Properties.WRITE | Properties.INDICATE, write=self._told_time)
            return [Service(own, glucose), Service(UUID.from_16_bits(0xFFF0), [time])]
        properties = Properties.READ | Properties.WRITE
        if self.date_time:
            time = self.characteristic(0x2A08, properties, read=self.clock.date_time, write=self._set_clock)
            return [Service(own, [*glucose, time])]
        time = self.characteristic(0x2A2B, properties, read=self.clock.current_time, write=self._set_clock)
        return [Service(own, glucose), Service(UUID.from_16_bits(0x1805), [time])]

    def _set_clock(self, value: bytes) -> None:
        assert self.clock is not None
        self.diary.note("clock set")
        self.clock.set(value)

    def _told_time(self, value: bytes) -> None:
        assert self.clock is not None
        self.diary.note("clock set")
        self.clock.written.append(value)


@dataclass(kw_only=True)
class ContinuousGlucoseSensor(RecordKeeper):
    """A sensor under the skin: records are numbered by minutes since `start`, a 2AAA packet."""

    service: int = 0x181F
    measurement: int = 0x2AA7
    start: bytes = b""

    def services(self) -> Sequence[Service]:
        """Continuous Glucose Monitoring."""
        monitoring = [
            self.characteristic(0x2AA7, Properties.NOTIFY),
            self.characteristic(0x2AAA, Properties.READ | Properties.WRITE, read=lambda: self.start, write=self._begin),
            self.access_point(),
        ]
        return [Service(UUID.from_16_bits(self.service), monitoring)]

    def _begin(self, start: bytes) -> None:
        self.diary.note("session start set")
        self.start = start
