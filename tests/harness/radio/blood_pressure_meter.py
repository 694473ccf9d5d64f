"""An emulated cuff: stored records flow by indication once 2A35 is subscribed, then it hangs up."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from bumble.core import UUID
from bumble.gatt import Service

from tests.harness.radio.meter import Meter, Properties
from tests.harness.radio.meter_clock import EmulatedClock


@dataclass(kw_only=True)
class BloodPressureMeter(Meter):
    """`records` are whole 2A35 packets, each forgotten when confirmed unless `keeps_records`.

    `tells_time`: the clock is a Current Time service that tells itself when subscribed (Omron), not a Date Time (A&D).
    `drop_after` cuts the link once after so many; `deaf_for` is how long after the connection a subscription is lost on
    the meter (Beurer); `hangs_up` False leaves the link open after the last record.
    """

    service: int = 0x1810
    records: list[bytes] = field(default_factory=list)
    clock: EmulatedClock | None = None
    tells_time: bool = False
    drop_after: int | None = None
    deaf_for: float = 0.0
    hangs_up: bool = True
    keeps_records: bool = False

    def services(self) -> Sequence[Service]:
        """Blood Pressure, with Date Time in it where the meter has a clock (A&D)."""
        pressure = [self.characteristic(0x2A35, Properties.INDICATE, subscribed=self._subscribed)]
        properties = Properties.READ | Properties.WRITE
        if self.clock is None:
            return [Service(UUID.from_16_bits(self.service), pressure)]
        if self.tells_time:
            time = self.characteristic(
                0x2A2B,
                properties | Properties.NOTIFY,
                read=self.clock.current_time,
                write=self._set_clock,
                subscribed=self._tell_time,
            )
            return [Service(UUID.from_16_bits(self.service), pressure), Service(UUID.from_16_bits(0x1805), [time])]
        time = self.characteristic(0x2A08, properties, read=self.clock.date_time, write=self._set_clock)
        return [Service(UUID.from_16_bits(self.service), [*pressure, time])]

    def _tell_time(self) -> None:
        assert self.clock is not None
        self.diary.note("time told")
        self.in_background(self.send(0x2A2B, self.clock.current_time()))

    def has_records(self) -> bool:
        """A cuff advertises while it has something to tell."""
        return bool(self.records) and not self.keeps_records

    def _set_clock(self, value: bytes) -> None:
        assert self.clock is not None
        self.diary.note("clock set")
        self.clock.set(value)

    def _subscribed(self) -> None:
        if asyncio.get_running_loop().time() - self.connected_at >= self.deaf_for:
            self.in_background(self._flush())

    async def _flush(self) -> None:
        for sent, record in enumerate(tuple(self.records)):
            if sent == self.drop_after:
                self.drop_after = None
                self.diary.note("drop")
                await self.hang_up()
                return
            await self.send(0x2A35, record, indicate=True)
            if not self.keeps_records:
                self.records.remove(record)
        self.diary.note("records sent")
        if self.hangs_up:
            await self.hang_up()
