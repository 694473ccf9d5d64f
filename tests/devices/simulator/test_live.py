"""Playing live: the same people in the same order, faster; and crises that are staged for one doctor alone."""

from __future__ import annotations

from datetime import datetime
from itertools import islice, pairwise

import pytest

from devices.reading import Meal
from devices.simulator.live import Planned, plan
from devices.simulator.simulation import Simulation

BEGINS = datetime(2026, 11, 21, 22)  # a night is next


def first_occasions(simulation: Simulation, *, speed: float, staged_for: str | None = None) -> list[Planned]:
    pace = simulation.assumptions.live.model_copy(update={"speed": speed})
    return list(islice(plan(simulation, 0, BEGINS, pace, staged_for=staged_for), 60))


def test_at_speed_one_everything_happens_at_its_own_time(simulation: Simulation) -> None:
    for planned in first_occasions(simulation, speed=1):
        assert planned.after == (planned.occasion.at - BEGINS).total_seconds()


def test_faster_keeps_the_order_and_waits_for_no_night(simulation: Simulation) -> None:
    fast, real = first_occasions(simulation, speed=60), first_occasions(simulation, speed=1)
    assert [planned.occasion for planned in fast] == [planned.occasion for planned in real]
    pauses = [later.after - earlier.after for earlier, later in pairwise(fast)]
    assert 0 <= min(pauses) <= max(pauses) <= simulation.assumptions.live.longest_pause + 1e-6
    assert fast[0].after <= simulation.assumptions.live.longest_pause + 1e-6


@pytest.mark.parametrize("doctor", ["doctor01a", "doctor01b"])
def test_crises_are_staged_for_residents_of_the_doctor(simulation: Simulation, doctor: str) -> None:
    staged = [planned for planned in first_occasions(simulation, speed=60, staged_for=doctor) if planned.crisis]
    residents = simulation.county.residents
    assert staged
    assert {residents[planned.occasion.resident].doctor for planned in staged} == {doctor}
    assert staged[0].after == simulation.assumptions.live.staged_first


def test_nothing_is_staged_for_a_doctor_of_another_station(simulation: Simulation) -> None:
    assert not any(planned.crisis for planned in first_occasions(simulation, speed=60, staged_for="doctor02a"))


@pytest.mark.parametrize("take", [0, 1])
def test_a_crisis_is_one_in_every_take(simulation: Simulation, take: int) -> None:
    at, setting = datetime(2026, 6, 1, 8), simulation.meters[0].setting
    for body in simulation.trajectories:
        if body.resident.hypertension:
            assert body.in_crisis().pressure(at, setting, take).systolic >= 180, "or nobody would be alerted"
        if body.resident.diabetes and not body.resident.diabetes_treated:
            assert body.in_crisis().glucose(at, Meal.FASTING) >= 13.9


def test_a_staged_crisis_leaves_the_body_as_it_was(simulation: Simulation) -> None:
    body = simulation.trajectories[0]
    at, setting = datetime(2026, 6, 1, 8), simulation.meters[0].setting
    before = body.pressure(at, setting)
    body.in_crisis()
    assert body.pressure(at, setting) == before
