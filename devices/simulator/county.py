"""The county: three townships, twelve stations, their staff, and the residents, all of it a function of the seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from uuid import UUID

from devices.simulator import names
from devices.simulator.assumptions import Assumptions, People, Records
from devices.simulator.chance import stream

AS_OF = date(2026, 1, 1)  # ages are drawn for this day, so that people grow older and the county stays the same
STATIONS = 12
LEAVING_SINCE = date(2025, 1, 1)  # everybody on the list lives there on that day
LOOKED_AT_YEARS = 5


@dataclass(frozen=True, slots=True)
class Station:
    """A health station with its one gateway. `region_code` (统计用区划代码): 12 digits, of no real county."""

    number: int
    name: str
    township: str
    region_code: str
    gateway: str


@dataclass(frozen=True, slots=True)
class Staff:
    """A family doctor, or the station's lead."""

    login: str
    name: str
    station: int
    lead: bool


@dataclass(frozen=True, slots=True)
class Resident:
    """One resident. `adherence` is the share of days with the medicine taken and the measuring done.

    From `left_on` on nothing more is heard of them.
    """

    number: int
    token: UUID
    name: str
    sex: str
    birth_date: date
    station: int
    doctor: str
    hypertension: bool
    diabetes: bool
    hypertension_treated: bool
    diabetes_treated: bool
    adherence: float
    lives_alone: bool
    left_on: date | None = None
    left_why: str | None = None  # died | moved

    def lives_here(self, day: date) -> bool:
        """Whether the resident has neither died nor moved away by that day."""
        return self.left_on is None or day < self.left_on


@dataclass(frozen=True, slots=True)
class County:
    """All of it. `residents[n].number == n`, `stations[n].number == n`; the same seed gives the same county."""

    seed: int
    stations: tuple[Station, ...]
    staff: tuple[Staff, ...]
    residents: tuple[Resident, ...]


def build(seed: int, assumptions: Assumptions, *, residents: int | None = None) -> County:
    """The county of this seed, with `residents` people or as many as assumed."""
    stations = tuple(_station(number) for number in range(STATIONS))
    staff = tuple(member for station in stations for member in _staff(seed, station))
    people = _residents(seed, assumptions.people, staff, residents or int(assumptions.people.residents))
    return County(seed, stations, staff, tuple(_with_end(seed, each, assumptions.records) for each in people))


def _with_end(seed: int, resident: Resident, records: Records) -> Resident:
    """When and why the resident leaves, if within the years anybody will look at."""
    random = stream(seed, "end", resident.number)
    dies = records.deaths_a_year_from_65 if AS_OF.year - resident.birth_date.year >= 65 else 0.0
    years = random.expovariate(dies + records.moves_a_year)
    why = "died" if random.random() < dies / (dies + records.moves_a_year) else "moved"
    if years > LOOKED_AT_YEARS:
        return resident
    return replace(resident, left_on=LEAVING_SINCE + timedelta(days=int(years * 365)), left_why=why)


def _station(number: int) -> Station:
    township, code = names.TOWNSHIPS[number * len(names.TOWNSHIPS) // STATIONS]
    return Station(
        number,
        name=f"{names.VILLAGES[number]}社区卫生服务站",
        township=f"{names.COUNTY}{township}",
        region_code=f"{names.COUNTY_CODE}{code}{number + 1:03}",
        gateway=f"gw-{number + 1:04}",
    )


def _staff(seed: int, station: Station) -> list[Staff]:
    random = stream(seed, "staff", station.number)
    logins = [f"lead{station.number + 1:02}"]
    logins += [f"doctor{station.number + 1:02}{letter}" for letter in "abc"[: random.choice((2, 3))]]
    sexes = [random.choice(("female", "male")) for _ in logins]
    return [
        Staff(login, names.person(random, sex), station.number, lead=login.startswith("lead"))
        for login, sex in zip(logins, sexes, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Liability:
    """How prone someone is to each condition; the most prone have it, so the shares come out exactly as assumed."""

    hypertension: float
    diabetes: float


def _residents(seed: int, people: People, staff: Sequence[Staff], count: int) -> tuple[Resident, ...]:
    ages = [_age(stream(seed, "age", number), people) for number in range(count)]
    liabilities = [_liability(stream(seed, "liability", number), age) for number, age in enumerate(ages)]
    hypertensive = _most_prone([liability.hypertension for liability in liabilities], people.hypertension)
    diabetic = _most_prone([liability.diabetes for liability in liabilities], people.diabetes)
    return tuple(
        _resident(seed, people, staff, number, age, hypertension=number in hypertensive, diabetes=number in diabetic)
        for number, age in enumerate(ages)
    )


def _age(random: Random, people: People) -> float:
    return random.triangular(people.youngest, people.oldest, people.commonest_age)


def _liability(random: Random, age: float) -> _Liability:
    """Both conditions become likelier with age, and with each other through a common disposition."""
    ageing, disposition = (age - 60) / 14, random.gauss(0, 1)
    return _Liability(
        hypertension=0.8 * ageing + 0.5 * disposition + random.gauss(0, 0.8),
        diabetes=0.4 * ageing + 0.6 * disposition + random.gauss(0, 0.8),
    )


def _most_prone(liabilities: Sequence[float], share: float) -> frozenset[int]:
    order = sorted(range(len(liabilities)), key=lambda number: -liabilities[number])
    return frozenset(order[: round(share * len(order))])


def _resident(
    seed: int, people: People, staff: Sequence[Staff], number: int, age: float, *, hypertension: bool, diabetes: bool
) -> Resident:
    random = stream(seed, "resident", number)
    station = number % STATIONS
    sex = "female" if random.random() < people.women else "male"
    return Resident(
        number=number,
        token=UUID(bytes=random.randbytes(16), version=4),
        name=names.person(random, sex),
        sex=sex,
        birth_date=AS_OF - timedelta(days=int(age * 365.25)),
        station=station,
        doctor=random.choice([member.login for member in staff if member.station == station and not member.lead]),
        hypertension=hypertension,
        diabetes=diabetes,
        hypertension_treated=hypertension and random.random() < people.hypertension_treated,
        diabetes_treated=diabetes and random.random() < people.diabetes_treated,
        adherence=random.uniform(people.adherence_low, people.adherence_high),
        lives_alone=age >= 65 and random.random() < people.lives_alone_from_65,
    )
