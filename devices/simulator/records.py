"""What stands in a resident's health record beside measurements: when it was opened, conditions, contracts, the end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from devices.simulator.assumptions import Assumptions, Records
from devices.simulator.chance import stream
from devices.simulator.county import AS_OF, County, Resident

CONTRACTS_SINCE = date(2024, 7, 1)  # the oldest contract's first day is in the half year after: a full year before any
YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A condition; `managed_from` None: diagnosed, and not in the programme."""

    condition: str
    diagnosed_on: date
    managed_from: date | None


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract with the resident's own doctor; `ends_on` is the first day it no longer holds."""

    package: str
    signed_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class HealthRecord:
    """One resident's. `opened_on` None: no record yet; `resident_since` None: always lived here."""

    opened_on: date | None
    resident_since: date | None
    enrolments: tuple[Enrolment, ...]
    contracts: tuple[Contract, ...]

    def managed_from(self, condition: str) -> date | None:
        """The first day in the programme of a condition."""
        return next((each.managed_from for each in self.enrolments if each.condition == condition), None)


@dataclass(frozen=True, slots=True)
class Population:
    """常住人口 of a station, as a statistics office would give it."""

    residents: int
    aged_35: int
    aged_65: int


def record_of(seed: int, resident: Resident, assumptions: Assumptions, until: date) -> HealthRecord:
    """The record as it stands on `until`: contracts are signed up to then."""
    a, random = assumptions.records, stream(seed, "record", resident.number)
    opened_on = date(2012, 1, 1) + timedelta(days=random.randrange(12 * 365))
    since = AS_OF - timedelta(days=random.randrange(200, 3000)) if random.random() < a.moved_in else None
    has_record = random.random() < a.record_opened
    enrolments = tuple(_enrolments(random, resident, a, since or date(2008, 1, 1)))
    # who is in a programme has a record: it is opened with the enrolment at the latest
    managed = [each.managed_from for each in enrolments if each.managed_from]
    record_opened_on = min([max(opened_on, since or opened_on), *managed]) if has_record or managed else None
    contracts = tuple(_contracts(stream(seed, "contracts", resident.number), resident, a, bool(managed), until))
    return HealthRecord(record_opened_on, since, enrolments, contracts)


def population(county: County, station: int, assumptions: Assumptions, year: int) -> Population:
    """The population of a station's area in a year: somewhat more than the people on the list."""
    ages = [year - resident.birth_date.year for resident in county.residents if resident.station == station]
    aged_35 = round(len(ages) / assumptions.records.registered_of_aged)
    aged_65 = round(sum(age >= 65 for age in ages) / assumptions.records.registered_of_aged)
    return Population(max(aged_35, round(len(ages) / assumptions.records.registered_of_population)), aged_35, aged_65)


def _enrolments(random: Random, resident: Resident, a: Records, earliest: date) -> Iterator[Enrolment]:
    for condition in ("hypertension", "diabetes"):
        diagnosed_on = earliest + (AS_OF - earliest) * random.random()
        joined = diagnosed_on + timedelta(days=random.randrange(10, 400))
        is_treated = getattr(resident, f"{condition}_treated")
        is_managed = random.random() < (a.managed_treated if is_treated else a.managed_untreated)
        if getattr(resident, condition):
            yield Enrolment(condition, diagnosed_on, joined if is_managed else None)
    is_old = AS_OF.year - resident.birth_date.year >= 65
    for condition, share in (("heart_failure", a.heart_failure_from_65), ("copd", a.copd_from_65)):
        diagnosed_on = earliest + (AS_OF - earliest) * random.random()
        if random.random() < share and is_old:
            yield Enrolment(condition, diagnosed_on, None)


def _contracts(random: Random, resident: Resident, a: Records, is_managed: bool, until: date) -> Iterator[Contract]:
    if random.random() >= a.contract:
        return
    packages = ["basic"]
    if is_managed and random.random() < a.package:
        packages.append("chronic")
    if AS_OF.year - resident.birth_date.year >= 65 and random.random() < a.package:
        packages.append("elderly")
    signed_on = CONTRACTS_SINCE + timedelta(days=random.randrange(180))
    last = min(until, resident.left_on - timedelta(days=1)) if resident.left_on else until
    while signed_on <= last:
        yield from (Contract(package, signed_on, signed_on + YEAR) for package in packages)
        if random.random() >= a.contract_renewed:
            return
        signed_on += YEAR
