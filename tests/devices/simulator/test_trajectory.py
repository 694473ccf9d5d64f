"""Bodies: reproducible in any order, with seasons, treatment, station effect and rare crises."""

from __future__ import annotations

from datetime import datetime, timedelta
from statistics import mean

import pytest

from devices.reading import Meal
from devices.simulator.assumptions import Assumptions
from devices.simulator.county import Resident, build
from devices.simulator.fleet import Setting
from devices.simulator.trajectory import Trajectory

WINTER, SUMMER = datetime(2026, 1, 10, 7), datetime(2026, 7, 10, 7)


@pytest.fixture(scope="module")
def bodies(assumptions: Assumptions) -> list[Trajectory]:
    """Everyone in the county of seed 7."""
    return [Trajectory(7, resident, assumptions) for resident in build(7, assumptions).residents]


def systolic(bodies: list[Trajectory], at: datetime, setting: Setting = Setting.HOME, **like: bool) -> float:
    """The mean over everyone whose attributes are as said."""

    def fits(resident: Resident) -> bool:
        return all(getattr(resident, name) == value for name, value in like.items())

    return mean(body.pressure(at, setting).systolic for body in bodies if fits(body.resident))


def test_what_is_measured_does_not_depend_on_what_was_asked_before(assumptions: Assumptions) -> None:
    resident = build(7, assumptions).residents[0]
    moments = [WINTER + timedelta(days=days) for days in range(30)]
    forwards = Trajectory(7, resident, assumptions)
    backwards = Trajectory(7, resident, assumptions)
    first = [forwards.pressure(at, Setting.HOME) for at in moments]
    assert first == [backwards.pressure(at, Setting.HOME) for at in reversed(moments)][::-1]
    assert len(set(first)) > 25


def test_pressure_is_higher_in_winter_at_the_station_and_without_treatment(
    bodies: list[Trajectory], assumptions: Assumptions
) -> None:
    figures = assumptions.blood_pressure
    season = systolic(bodies, WINTER) - systolic(bodies, SUMMER)
    assert season == pytest.approx(figures.winter_over_summer, abs=1.5)
    station = systolic(bodies, SUMMER, Setting.KIOSK) - systolic(bodies, SUMMER)
    assert station == pytest.approx(figures.station_effect, abs=1)
    untreated = systolic(bodies, SUMMER, hypertension=True, hypertension_treated=False)
    treated = systolic(bodies, SUMMER, hypertension=True, hypertension_treated=True)
    assert treated + 5 < untreated
    assert systolic(bodies, SUMMER, hypertension=False) + 10 < treated


def test_a_diabetic_reads_high_and_higher_after_a_meal(bodies: list[Trajectory]) -> None:
    def level(meal: Meal, *, diabetes: bool) -> float:
        return mean(body.glucose(SUMMER, meal) for body in bodies if body.resident.diabetes == diabetes)

    assert level(Meal.FASTING, diabetes=False) == pytest.approx(5.2, abs=0.3)
    assert level(Meal.FASTING, diabetes=True) > 7
    assert level(Meal.AFTER, diabetes=True) > level(Meal.FASTING, diabetes=True) + 2


def test_crises_are_rare_and_there(bodies: list[Trajectory]) -> None:
    days = [WINTER + timedelta(days=days) for days in range(0, 350, 5)]
    hypertensive = [body for body in bodies if body.resident.hypertension][:100]
    readings = [body.pressure(at, Setting.HOME).systolic for body in hypertensive for at in days]
    share = sum(value >= 180 for value in readings) / len(readings)
    assert 0.001 < share < 0.05
