"""One resident's body over the years: what a perfect meter would read at any moment, as a function of the seed."""

from __future__ import annotations

import math
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from random import Random

from devices.reading import Meal
from devices.simulator.assumptions import Assumptions
from devices.simulator.chance import poisson, stream
from devices.simulator.county import Resident
from devices.simulator.fleet import Setting

COLDEST_DAY = 15  # of the year
HOURS_MORNING = range(4, 12)


@dataclass(frozen=True, slots=True)
class Pressure:
    """Blood pressure in mmHg and pulse in beats a minute."""

    systolic: int
    diastolic: int
    pulse: int
    irregular: bool


class Trajectory:
    """What is measured in one resident depends on who, when and where, never on what was asked before."""

    def __init__(self, seed: int, resident: Resident, assumptions: Assumptions) -> None:
        self.resident = resident
        self._seed = seed
        self._assumptions = assumptions
        self._always_in_crisis = False
        self._set_pressure(stream(seed, "pressure of", resident.number))
        self._set_glucose(stream(seed, "glucose of", resident.number))
        self._set_body(stream(seed, "body of", resident.number))

    def pressure(self, at: datetime, setting: Setting, take: int = 0) -> Pressure:
        """Blood pressure at local time `at`; `take` counts the repeats of one sitting; the first reads highest."""
        a = self._assumptions.blood_pressure
        random = self._moment("pressure", at, take)
        today = self._stream("day's pressure", at.toordinal())
        above = self._season(at) * a.winter_over_summer / 2 + self._drift(at) * a.day_to_day_sd / 2
        above += a.morning_over_evening * (0.5 if at.hour in HOURS_MORNING else -0.5)
        above += today.gauss(0, a.day_to_day_sd) + self._missed_dose(today) + a.first_take_rise * (take == 0)
        above += self._crisis("pressure", at, a.crises_a_year) * a.crisis_rise * self.resident.hypertension
        if setting is Setting.KIOSK:
            above += self._station_effect
        return Pressure(
            systolic=round(self._systolic + above + random.gauss(0, a.within_visit_sd)),
            diastolic=round(self._diastolic + 0.5 * above + random.gauss(0, a.within_visit_sd * 0.7)),
            pulse=round(self._pulse + today.gauss(0, 4) + random.gauss(0, 2)),
            irregular=self._irregular and random.random() < 0.7,
        )

    def glucose(self, at: datetime, meal: Meal) -> float:
        """Capillary glucose in mmol/L at local time `at`."""
        a = self._assumptions.glucose
        random = self._moment("glucose", at)
        treated = self.resident.diabetes_treated
        if treated and random.random() < a.hypoglycaemia_rate:
            return random.uniform(2.4, 3.8)
        level = self._fasting + (0 if meal is Meal.FASTING else self._after_meal)
        level += self._season(at) * 0.2 + self._drift(at) * 0.3
        level += self._crisis("glucose", at, a.crises_a_year) * a.crisis_rise * self.resident.diabetes
        return max(2.0, level * math.exp(random.gauss(0, a.day_to_day_variation)))

    def weight(self, at: datetime) -> float:
        """Body weight in kg."""
        return self._weight * (1 + 0.015 * self._drift(at)) + self._moment("weight", at).gauss(0, 0.3)

    def temperature(self, at: datetime) -> float:
        """Axillary temperature in °C."""
        a = self._assumptions.body
        fever = self._crisis("fever", at, a.fevers_a_year) * a.fever_rise
        return a.temperature + fever + self._moment("temperature", at).gauss(0, a.temperature_sd)

    def oxygen_saturation(self, at: datetime) -> int:
        """Peripheral oxygen saturation in %."""
        a = self._assumptions.body
        return min(100, round(self._saturation + self._moment("saturation", at).gauss(0, a.oxygen_saturation_sd)))

    def pulse(self, at: datetime) -> int:
        """Resting pulse in beats a minute, as an oximeter counts it."""
        return round(self._pulse + self._moment("pulse", at).gauss(0, 4))

    def in_crisis(self) -> Trajectory:
        """The same body on the worst day: bad enough for an alert whoever it is."""
        worst, staged = copy(self), self._assumptions.live
        worst._always_in_crisis = True
        worst._systolic = max(self._systolic, staged.staged_systolic)
        worst._fasting = max(self._fasting, staged.staged_fasting)
        return worst

    def _set_pressure(self, random: Random) -> None:
        a, who = self._assumptions.blood_pressure, self.resident
        usual = random.gauss(0, 1)
        rise = random.gauss(a.hypertensive_rise, a.hypertensive_rise_sd) * who.hypertension
        rise -= random.gauss(a.treatment_fall, a.treatment_fall_sd) * who.hypertension_treated
        self._systolic = a.systolic + a.systolic_sd * usual + rise
        self._diastolic = a.diastolic + a.diastolic_sd * (0.6 * usual + 0.8 * random.gauss(0, 1)) + 0.5 * rise
        self._pulse = random.gauss(a.pulse, a.pulse_sd)
        self._station_effect = random.gauss(a.station_effect, a.station_effect_sd)
        self._irregular = random.random() < a.irregular_pulse
        self._phases = random.uniform(0, math.tau), random.uniform(0, math.tau)

    def _set_glucose(self, random: Random) -> None:
        a, who = self._assumptions.glucose, self.resident
        if not who.diabetes:
            self._fasting, self._after_meal = random.gauss(a.fasting, a.fasting_sd), a.after_meal_rise
            return
        fall = random.gauss(a.treatment_fall, a.treatment_fall_sd) * who.diabetes_treated
        self._fasting = max(5.0, random.gauss(a.diabetic_fasting, a.diabetic_fasting_sd) - fall)
        self._after_meal = a.diabetic_after_meal_rise

    def _set_body(self, random: Random) -> None:
        a = self._assumptions.body
        usual = a.height_women if self.resident.sex == "female" else a.height_men
        self.height = round(random.gauss(usual, a.height_sd)) / 100  # m
        self._weight = max(17.0, random.gauss(a.body_mass_index, a.body_mass_index_sd)) * self.height**2
        self._saturation = random.gauss(a.oxygen_saturation, a.oxygen_saturation_sd)

    def _season(self, at: datetime) -> float:
        """+1 on the coldest day of the year, −1 half a year later."""
        return math.cos(math.tau * (at.timetuple().tm_yday - COLDEST_DAY) / 365.25)

    def _drift(self, at: datetime) -> float:
        """A slow wandering between about −1 and 1, over weeks and months."""
        day, (first, second) = at.toordinal(), self._phases
        return 0.6 * math.sin(day / 37 + first) + 0.4 * math.sin(day / 11 + second)

    def _missed_dose(self, today: Random) -> float:
        missed = self.resident.hypertension_treated and today.random() > self.resident.adherence
        return self._assumptions.blood_pressure.missed_dose_rise * missed

    def _crisis(self, name: str, at: datetime, a_year: float) -> float:
        """How deep in a crisis: 0 on nearly every day, 1 on the first of a few days."""
        if self._always_in_crisis:
            return 1.0
        for began in self._crises(name, at.year, a_year):
            days = at.timetuple().tm_yday - began
            if 0 <= days < 3:
                return 1.0 - 0.3 * days
        return 0.0

    def _crises(self, name: str, year: int, a_year: float) -> tuple[int, ...]:
        return _crises(self._seed, self.resident.number, name, year, a_year)

    def _moment(self, name: str, at: datetime, take: int = 0) -> Random:
        return self._stream(name, at.toordinal(), at.hour, at.minute, take)

    def _stream(self, *names: object) -> Random:
        return stream(self._seed, self.resident.number, *names)


@lru_cache(maxsize=100_000)  # a county's few causes for a year or two: asked at each measurement, costly to draw again
def _crises(seed: int, resident: int, name: str, year: int, a_year: float) -> tuple[int, ...]:
    """The days of the year on which a crisis begins."""
    random = stream(seed, resident, "crises", name, year)
    return tuple(sorted(random.randint(1, 365) for _ in range(poisson(random, a_year))))
