"""Playing live: the same people in the same order, faster; and crises that are staged for one doctor alone."""

from __future__ import annotations

from datetime import datetime
from itertools import islice, pairwise

import pytest

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


def test_a_crisis_is_one(simulation: Simulation) -> None:
    hypertensive = next(body for body in simulation.trajectories if body.resident.hypertension)
    at, usual = datetime(2026, 6, 1, 8), hypertensive
    cuff = simulation.meters[0].setting
    rise = usual.in_crisis().pressure(at, cuff).systolic - usual.pressure(at, cuff).systolic
    assert rise == pytest.approx(simulation.assumptions.blood_pressure.crisis_rise, abs=1)
    assert usual.pressure(at, cuff) == hypertensive.pressure(at, cuff), "and the body itself is as before"
