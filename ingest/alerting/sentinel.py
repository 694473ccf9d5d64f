"""The watch for outbreaks (哨点监测): which counts of which place stand out, as trouble for the CDC. Pure.

A count is of people on a day at a place: no person is named, and nothing about one can be found from here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

import numpy as np
from pydantic import Field

from ingest.alerting.aberration import CusumSettings, EarsSettings, Signals, cusum, ears_c2
from ingest.alerting.incident import Subject, Trouble
from maixun.configuration import Settings

AUDIENCE = "cdc"


class Sign(StrEnum):
    """What is counted; each is also the beginning of the incident's cause."""

    FEVER = "fever"  # answered at a kiosk
    DIARRHOEA = "diarrhoea"
    TEMPERATURE = "temperature"  # measured


CAUSES: Mapping[Sign, str] = {sign: f"{sign.value}_cluster" for sign in Sign}
SIGNS: Mapping[Sign, Mapping[str, str]] = {
    Sign.FEVER: {"zh": "自述发热", "en": "fever reported"},
    Sign.DIARRHOEA: {"zh": "自述腹泻", "en": "diarrhoea reported"},
    Sign.TEMPERATURE: {"zh": "体温升高", "en": "raised temperature measured"},
}
PLACES: Mapping[str, Mapping[str, str]] = {
    "station": {"zh": "卫生服务站", "en": "health station"},
    "school": {"zh": "学校", "en": "school"},
    "enterprise": {"zh": "企业", "en": "enterprise"},
}


class Temperature(Settings):
    """From which temperature on it counts."""

    celsius: float
    source: str
    verified: bool


class Ears(Settings):
    """`config/sentinel.yaml`, key `ears`; see `EarsSettings`."""

    baseline: int = Field(ge=3)
    gap: int = Field(ge=0)
    sigmas: float = Field(gt=0)
    least_sigma: float = Field(gt=0)
    source: str
    verified: bool


class Cusum(Settings):
    """`config/sentinel.yaml`, key `cusum`; see `CusumSettings`."""

    baseline: int = Field(ge=3)
    gap: int = Field(ge=0)
    reference: float = Field(gt=0)
    decision: float = Field(gt=0)
    least_expected: float = Field(gt=0)
    source: str
    verified: bool


class SentinelSettings(Settings):
    """`config/sentinel.yaml`."""

    look_every_seconds: float = Field(gt=0)
    watched_days: int = Field(ge=30)
    signal_days: int = Field(ge=1)
    raised_temperature: Temperature
    ears: Ears
    cusum: Cusum
    least_people: int = Field(ge=1)
    least_people_source: str
    tier: int = Field(ge=1, le=4)

    @property
    def ears_settings(self) -> EarsSettings:
        """As the detector takes them."""
        return EarsSettings(**self.ears.model_dump(exclude={"source", "verified"}))

    @property
    def cusum_settings(self) -> CusumSettings:
        """As the detector takes them."""
        return CusumSettings(**self.cusum.model_dump(exclude={"source", "verified"}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """People a day with one sign at one place; `people` has one number for each of `days`, in order, none missing.

    `place` is station, school or enterprise within the station's area.
    """

    station_id: int
    station: str
    place: str
    sign: Sign
    days: Sequence[date]
    people: Sequence[int]

    @property
    def subject(self) -> Subject:
        """What the incident is about."""
        return Subject("station", f"{self.station_id}:{self.place}", CAUSES[self.sign])


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A series with what both detectors say of it: as the epidemic curve shows it."""

    series: Series
    ears: Signals
    cusum: Signals

    @property
    def alarm(self) -> list[bool]:
        """Whether either detector speaks on a day."""
        return [bool(either) for either in self.ears.alarm | self.cusum.alarm]


def watch(series: Series, settings: SentinelSettings, works: Callable[[date], bool]) -> Watched:
    """Put both detectors to a series. `works` says whether a day is a working day."""
    people = np.array(series.people, dtype=float)
    rest = np.array([not works(day) for day in series.days], dtype=bool)
    return Watched(
        series=series,
        ears=ears_c2(people, rest, settings.ears_settings),
        cusum=cusum(people, rest, settings.cusum_settings),
    )


def troubles(watched: Sequence[Watched], settings: SentinelSettings) -> Iterator[Trouble]:
    """The series that stand out in the last days; a day with too few people is none, however unusual."""
    for each in watched:
        alarm = each.alarm
        first = max(len(alarm) - settings.signal_days, 0)
        days = [d for d in range(first, len(alarm)) if alarm[d] and each.series.people[d] >= settings.least_people]
        if days:
            yield _trouble(each, days[-1], settings.tier)


def _trouble(watched: Watched, day: int, tier: int) -> Trouble:
    series = watched.series
    facts = {
        "sign": series.sign.value,
        "place": series.place,
        "day": series.days[day].isoformat(),
        "people": series.people[day],
        "detectors": [
            {"name": name, "expected": _figure(signals.expected[day]), "limit": _figure(signals.limit[day])}
            for name, signals in (("EARS C2", watched.ears), ("CUSUM", watched.cusum))
            if signals.alarm[day]
        ],
    }
    return Trouble(
        subject=series.subject,
        audience=AUDIENCE,
        tier=tier,
        station_id=series.station_id,
        says={language: _sentence(series, facts, language) for language in ("zh", "en")},
        facts=facts,
    )


def _figure(value: float) -> float:
    return round(float(value), 1)


def _sentence(series: Series, facts: Mapping[str, Any], language: str) -> str:
    sign, place = SIGNS[series.sign][language], PLACES[series.place][language]
    first = facts["detectors"][0]
    if language == "zh":
        return (
            f"{facts['day']} {series.station}（{place}）{sign} {facts['people']} 人，预期 {first['expected']} 人，"
            f"警戒线 {first['limit']} 人（{first['name']}）。请核实并决定是否现场调查。"
        )
    return (
        f"{facts['day']} {series.station} ({place}): {sign} by {facts['people']} people, {first['expected']} expected,"
        f" limit {first['limit']} ({first['name']}). Please verify, and decide whether to investigate on site."
    )
