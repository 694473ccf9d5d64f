"""What people answer at their kiosk when it asks for fever and diarrhoea, and a small outbreak at one station."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from devices.simulator.assumptions import Symptoms
from devices.simulator.chance import poisson, stream
from devices.simulator.county import County
from devices.simulator.fleet import Instrument, Setting
from devices.simulator.schedule import Schedule


@dataclass(frozen=True, slots=True)
class Answer:
    """One person's at local time `at` (naive); `station` is the kiosk's."""

    resident: int
    station: int
    at: datetime
    fever: bool
    diarrhoea: bool


def answers(county: County, schedule: Schedule, symptoms: Symptoms, first: date, until: datetime) -> Iterator[Answer]:
    """Everybody's who came to a kiosk from `first` to `until`, and those of the outbreak in the last days."""
    for days in range((until.date() - first).days + 1):
        day = first + timedelta(days=days)
        yield from (each for each in _usual(county, schedule, symptoms, day) if each.at < until)
        yield from (each for each in _outbreak(county, symptoms, day, until.date()) if each.at < until)


def _usual(county: County, schedule: Schedule, symptoms: Symptoms, day: date) -> Iterator[Answer]:
    for occasion in schedule.day(day):
        if occasion.meter.setting is not Setting.KIOSK or occasion.meter.instrument is not Instrument.CUFF:
            continue
        random = stream(county.seed, "symptoms", occasion.resident, day.toordinal())
        if occasion.signed_in:
            fever, diarrhoea = random.random() < symptoms.fever, random.random() < symptoms.diarrhoea
            yield Answer(occasion.resident, occasion.meter.station, occasion.at, fever, diarrhoea)


def _outbreak(county: County, symptoms: Symptoms, day: date, today: date) -> Iterator[Answer]:
    """More and more people of one station with diarrhoea, a few with fever too, up to today."""
    ago = (today - day).days
    if ago >= symptoms.outbreak_days:
        return
    random = stream(county.seed, "outbreak", day.toordinal())
    station = int(symptoms.outbreak_station)
    people = [each.number for each in county.residents if each.station == station and each.lives_here(day)]
    mean = symptoms.outbreak_people * (symptoms.outbreak_days - ago) / symptoms.outbreak_days
    for number in random.sample(people, min(len(people), poisson(random, mean))):
        at = datetime.combine(day, datetime.min.time()) + timedelta(minutes=random.uniform(8 * 60, 11 * 60))
        yield Answer(number, station, at, fever=random.random() < symptoms.outbreak_fever, diarrhoea=True)
