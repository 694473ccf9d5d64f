"""The demonstration's radio: what virtual meters hold reaches the outbox once, also after a time without room."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from devices.clock import parse_policy
from devices.simulator.assumptions import parse
from devices.simulator.simulation import ZONE, Simulation
from gateway.collector import Collector
from gateway.outbox import Limits, Outbox
from gateway.simulated_radio import SimulatedRadio
from maixun import configuration

MORNING = datetime(2026, 11, 21, 7, tzinfo=ZONE)


class HandClock:
    """A clock moved by hand."""

    def __init__(self) -> None:
        """Early in the morning."""
        self.time = MORNING

    def __call__(self) -> datetime:
        """What it shows."""
        return self.time


@contextlib.contextmanager
def collector_on(path: Path, limits: Limits) -> Iterator[Collector]:
    outbox = Outbox(path, limits)
    try:
        yield Collector(outbox, policy=parse_policy(configuration.load("devices/clock.yaml")), zone=ZONE)
    finally:
        outbox.close()


@pytest.fixture
def simulation() -> Simulation:
    """A small county, warmed up."""
    county = Simulation(7, parse(configuration.load("simulate.yaml")), residents=300)
    county.warm_up(MORNING.date())
    return county


def play_once(radio: SimulatedRadio, collector: Collector) -> None:
    """Let everything happen that is due, and stop."""
    radio.measure()
    radio.hand_over(collector)


def test_a_day_of_a_station_reaches_the_outbox_as_readings_of_today(simulation: Simulation, tmp_path: Path) -> None:
    clock = HandClock()
    radio = SimulatedRadio(simulation, 0, speed=60, now=clock)
    with collector_on(tmp_path / "outbox.sqlite", Limits()) as collector:
        for _ in range(40):
            clock.time += timedelta(minutes=1)
            play_once(radio, collector)
        waiting = collector.outbox.waiting(500, now=0)
    assert len(waiting) > 30
    assert len({entry.reading_id for entry in waiting}) == len(waiting)


def test_a_full_outbox_leaves_the_records_in_the_meters(simulation: Simulation, tmp_path: Path) -> None:
    clock = HandClock()
    radio = SimulatedRadio(simulation, 0, speed=60, now=clock)
    with collector_on(tmp_path / "full.sqlite", Limits(readings=3)) as full:
        for _ in range(20):
            clock.time += timedelta(minutes=1)
            play_once(radio, full)
        taken = {entry.reading_id for entry in full.outbox.waiting(500, now=0)}
    assert 0 < len(taken) <= 3
    with collector_on(tmp_path / "full.sqlite", Limits()) as roomy:
        roomy.interpret_leftovers()
        radio.hand_over(roomy)
        kept = {entry.reading_id for entry in roomy.outbox.waiting(500, now=0)}
    assert taken < kept
    assert kept == everything_measured(simulation, tmp_path, minutes=20)


def everything_measured(simulation: Simulation, tmp_path: Path, *, minutes: int) -> set[object]:
    """The ids that the same county gives a gateway with room."""
    twin = Simulation(7, simulation.assumptions, residents=300)
    twin.warm_up(MORNING.date())
    clock = HandClock()
    radio = SimulatedRadio(twin, 0, speed=60, now=clock)
    with collector_on(tmp_path / "roomy.sqlite", Limits()) as collector:
        for _ in range(minutes):
            clock.time += timedelta(minutes=1)
            play_once(radio, collector)
        return {entry.reading_id for entry in collector.outbox.waiting(500, now=0)}


async def test_runs_until_it_is_stopped(simulation: Simulation, tmp_path: Path) -> None:
    stop, taken = asyncio.Event(), asyncio.Event()
    radio = SimulatedRadio(simulation, 0, speed=100_000)
    with collector_on(tmp_path / "outbox.sqlite", Limits()) as collector:
        collector.outbox.on_new = taken.set
        running = asyncio.create_task(radio.run(collector, stop))
        async with asyncio.timeout(20):
            await taken.wait()
            stop.set()
            await running
