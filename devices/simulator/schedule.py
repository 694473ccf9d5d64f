"""Who measures what, when and where: the occasions of one day, as a function of the seed and the date."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from random import Random

from devices.reading import Meal
from devices.simulator.assumptions import Assumptions
from devices.simulator.chance import poisson, stream
from devices.simulator.county import County, Resident
from devices.simulator.fleet import Instrument, Meter, Setting

KIOSK_OPENS, KIOSK_CLOSES = 8 * 60, 17 * 60  # minutes of the day


@dataclass(frozen=True, slots=True)
class Occasion:
    """One person sits down at one meter at local time `at` (naive) and measures `takes` times, a minute apart.

    `signed_in` is whether a kiosk knows who it is; `meal` is the truth, which the meter may never hear.
    """

    at: datetime
    resident: int
    meter: Meter
    signed_in: bool
    meal: Meal
    takes: int


class Schedule:
    """The occasions of each day."""

    def __init__(self, county: County, meters: tuple[Meter, ...], assumptions: Assumptions) -> None:
        self._county = county
        self._habits = assumptions.habits
        self._home = [meter for meter in meters if meter.setting is Setting.HOME]
        self._kiosk = {(m.station, m.instrument): m for m in meters if m.setting is Setting.KIOSK}
        self._visits_of_year = lru_cache(maxsize=2)(self._visits)  # drawn by the year

    def day(self, day: date) -> list[Occasion]:
        """All occasions of a day in the order of their time."""
        occasions = [*self._at_home(day), *self._at_kiosks(day)]
        return sorted(occasions, key=lambda occasion: (occasion.at, occasion.meter.address))

    def _at_home(self, day: date) -> Iterator[Occasion]:
        for meter in self._home:
            days_a_week = self._days_a_week(meter)
            for number in meter.users:
                resident = self._county.residents[number]
                if not resident.lives_here(day):
                    continue
                random = stream(self._county.seed, "home", number, meter.instrument, day.toordinal())
                if random.random() < days_a_week / 7 * resident.adherence:
                    yield from self._home_day(random, meter, resident, day)

    def _days_a_week(self, meter: Meter) -> float:
        if meter.instrument is Instrument.CUFF:
            return self._habits.cuff_days_a_week
        return self._habits.glucose_days_a_week

    def _home_day(self, random: Random, meter: Meter, resident: Resident, day: date) -> Iterator[Occasion]:
        """After waking, and on some days again in the evening: blood pressure twice, glucose once."""
        takes = 2 if meter.instrument is Instrument.CUFF else 1
        morning = _moment(day, random.gauss(7 * 60, 35))
        yield Occasion(morning, resident.number, meter, signed_in=False, meal=Meal.FASTING, takes=takes)
        if random.random() < self._habits.evening:
            evening = _moment(day, random.gauss(20 * 60, 40))
            yield Occasion(evening, resident.number, meter, signed_in=False, meal=Meal.AFTER, takes=takes)

    def _at_kiosks(self, day: date) -> Iterator[Occasion]:
        for number in self._visits_of_year(day.year).get(day.timetuple().tm_yday, ()):
            if self._county.residents[number].lives_here(day):
                yield from self._kiosk_visit(self._county.residents[number], day)

    def _visits(self, year: int) -> dict[int, list[int]]:
        """Day of the year → the residents who come to their kiosk on it."""
        days: dict[int, list[int]] = defaultdict(list)
        for resident in self._county.residents:
            random = stream(self._county.seed, "visits", resident.number, year)
            for _ in range(poisson(random, self._visits_a_year(resident))):
                days[random.randint(1, 365)].append(resident.number)
        return days

    def _visits_a_year(self, resident: Resident) -> float:
        if resident.hypertension or resident.diabetes:
            return self._habits.kiosk_visits_a_year_with_condition
        return self._habits.kiosk_visits_a_year

    def _kiosk_visit(self, resident: Resident, day: date) -> Iterator[Occasion]:
        random = stream(self._county.seed, "kiosk visit", resident.number, day.toordinal())
        arrives = _moment(day, random.uniform(KIOSK_OPENS, KIOSK_CLOSES))
        meal = Meal.FASTING if arrives.hour < 10 and random.random() < 0.6 else Meal.CASUAL
        signed_in = random.random() >= self._habits.kiosk_without_sign_in
        for order, instrument in enumerate(self._kiosk_programme(random, resident)):
            meter = self._kiosk[resident.station, instrument]
            takes = 2 if instrument is Instrument.CUFF else 1
            yield Occasion(arrives + timedelta(minutes=3 * order), resident.number, meter, signed_in, meal, takes)

    def _kiosk_programme(self, random: Random, resident: Resident) -> Iterator[Instrument]:
        yield Instrument.CUFF
        habits = self._habits
        shares = {
            Instrument.GLUCOSE_METER: 1.0 if resident.diabetes else habits.kiosk_glucose,
            Instrument.SCALE: habits.kiosk_weight,
            Instrument.OXIMETER: habits.kiosk_oximetry,
            Instrument.THERMOMETER: habits.kiosk_temperature,
        }
        for instrument, share in shares.items():
            if random.random() < share:
                yield instrument


def _moment(day: date, minute: float) -> datetime:
    return datetime.combine(day, time()) + timedelta(seconds=int(minute * 60))
