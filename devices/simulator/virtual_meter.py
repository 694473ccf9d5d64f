"""A virtual meter: measures, remembers, and hands its memory over by radio, with the faults of a real one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from uuid import UUID

from devices.simulator import packets
from devices.simulator.assumptions import Assumptions
from devices.simulator.chance import stream
from devices.simulator.fleet import Instrument, Meter
from devices.simulator.packets import Sent
from devices.simulator.schedule import Occasion
from devices.simulator.trajectory import Trajectory

REMEMBERS = 5  # old measurements that a meter which keeps sending sends again at each contact
BETWEEN_TAKES = timedelta(minutes=1)
COUNTING_SINCE, COUNTS_A_DAY = date(2020, 1, 1), 8  # leaves 16 bits of sequence number enough until 2042


@dataclass(frozen=True, slots=True)
class Contact:
    """One radio contact: what a gateway hears from one meter at local time `at` (naive).

    `person` is the token of whoever signed in at the kiosk; `clock` is what the meter's own clock shows, if it tells.
    """

    meter: Meter
    at: datetime
    person: UUID | None
    clock: datetime | None
    packets: tuple[Sent, ...]


class VirtualMeter:
    """One meter with its memory. Deterministic: the same occasions in the same order give the same bytes."""

    def __init__(self, seed: int, meter: Meter, assumptions: Assumptions) -> None:
        self.meter = meter
        self._seed = seed
        self._faults = assumptions.faults
        self._waiting: list[tuple[Sent, ...]] = []
        self._sent_before: list[tuple[Sent, ...]] = []
        self._sequence = 0
        self._week = 0
        self._uploaded_in: int | None = None

    def measure(self, occasion: Occasion, body: Trajectory, at: datetime) -> None:
        """Measure as often as the occasion says, beginning at local time `at`.

        The body is asked at the occasion's own time, the stamps are of `at`: a county may live faster than its clocks.
        """
        self._week = occasion.at.toordinal() // 7
        for take in range(occasion.takes):
            moment = at + take * BETWEEN_TAKES
            random = stream(self._seed, "meter", self.meter.address, occasion.at.isoformat(), take)
            self._waiting.append(tuple(self._take(occasion, body, take, self.meter.clock.shows(moment), random)))

    def is_due(self) -> bool:
        """Whether it now meets a gateway: after each use, or if uploaded weekly, after the first use in a week."""
        return not self.meter.uploaded_weekly or self._week != self._uploaded_in

    def contact(self, at: datetime, person: UUID | None) -> Contact:
        """What it sends at local time `at`: all that waits, after some of what was sent before if it keeps sending.

        A contact belongs to one person: whoever takes it must keep it until a gateway has.
        """
        sending = [*self._sent_before, *self._waiting]
        self._sent_before = sending[-REMEMBERS:] if self.meter.keeps_sending else []
        self._waiting = []
        self._uploaded_in = self._week
        clock = self.meter.clock.shows(at) if self.meter.clock.readable else None
        return Contact(self.meter, at, person, clock, tuple(packet for record in sending for packet in record))

    def _take(self, occasion: Occasion, body: Trajectory, take: int, stamp: datetime, random: Random) -> list[Sent]:
        """The packets of one measurement."""
        at, meter = occasion.at, self.meter
        match meter.instrument:
            case Instrument.CUFF:
                cuff = packets.Cuff(meter.kilopascal, meter.slot_of(occasion.resident))
                return packets.pressure(body.pressure(at, meter.setting, take), stamp, cuff, self._faults, random)
            case Instrument.GLUCOSE_METER:
                number = self._next_number(at.date())
                return packets.glucose(
                    body.glucose(at, occasion.meal), occasion.meal, stamp, number, self._faults, random
                )
            case Instrument.SCALE:
                return packets.weight(body.weight(at), body.height, stamp)
            case Instrument.THERMOMETER:
                return packets.temperature(body.temperature(at), stamp)
            case Instrument.OXIMETER:
                return packets.oximetry(body.oxygen_saturation(at), body.pulse(at))

    def _next_number(self, day: date) -> int:
        """The next sequence number. It follows from the day, so that a county started later counts on from there."""
        self._sequence = max(self._sequence + 1, (day - COUNTING_SINCE).days * COUNTS_A_DAY)
        return self._sequence & 0xFFFF
