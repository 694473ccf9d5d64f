"""The county played live: when, in seconds from the start, each occasion of a station happens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import merge
from itertools import count, cycle

from devices.reading import Meal
from devices.simulator.assumptions import Live
from devices.simulator.fleet import Instrument, Meter
from devices.simulator.schedule import Occasion
from devices.simulator.simulation import Simulation


@dataclass(frozen=True, slots=True)
class Planned:
    """An occasion that happens `after` so many seconds; in a staged one the resident is in a crisis."""

    after: float
    occasion: Occasion
    crisis: bool = False


def plan(
    simulation: Simulation, station: int, begins: datetime, pace: Live, *, staged_for: str | None
) -> Iterator[Planned]:
    """What happens at one station from local time `begins` on, for ever, in order.

    `staged_for`: the login of a doctor whose residents at this station fall into a crisis every now and then.
    """
    ordinary = _ordinary(simulation, station, begins, pace)
    actors = [] if staged_for is None else _actors(simulation, station, staged_for, begins)
    if not actors or not pace.staged_every:
        return ordinary
    return merge(ordinary, _staged(actors, begins, pace), key=lambda planned: planned.after)


def _ordinary(simulation: Simulation, station: int, begins: datetime, pace: Live) -> Iterator[Planned]:
    after, previous = 0.0, begins
    for days in count():
        for occasion in simulation.schedule.day(begins.date() + timedelta(days=days)):
            if occasion.meter.station == station and occasion.at >= begins:
                pause = (occasion.at - previous).total_seconds() / pace.speed
                after += pause if pace.speed == 1 else min(pause, pace.longest_pause)
                previous = occasion.at
                yield Planned(after, occasion)


def _actors(simulation: Simulation, station: int, doctor: str, begins: datetime) -> list[tuple[int, Meter]]:
    """The doctor's residents with a home meter for a condition that they have, and whose clock can be checked."""
    residents = simulation.county.residents
    return [
        (user, meter)
        for meter in simulation.meters
        for user in meter.users
        if meter.station == station and meter.clock.readable and residents[user].doctor == doctor
        if residents[user].lives_here(begins.date())
        if (residents[user].diabetes if meter.instrument is Instrument.GLUCOSE_METER else residents[user].hypertension)
    ]


def _staged(actors: list[tuple[int, Meter]], begins: datetime, pace: Live) -> Iterator[Planned]:
    """One crisis after the other, each resident in turn; measured twice, so that the repeat confirms it."""
    for turn, (user, meter) in enumerate(cycle(actors)):
        after = pace.staged_first + turn * pace.staged_every
        at = begins + timedelta(seconds=after * pace.speed)
        yield Planned(after, Occasion(at, user, meter, signed_in=False, meal=Meal.FASTING, takes=2), crisis=True)
