"""Enters the synthetic county's health records: conditions, contracts, visits, population, who died or moved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb

from devices.simulator.careless import careless_doctors, carelessly
from devices.simulator.county import AS_OF, County, Resident
from devices.simulator.practice import Practice, Written
from devices.simulator.records import HealthRecord, population, record_of
from devices.simulator.simulation import ZONE, Simulation
from ingest.alerting.classification import is_controlled, target
from ingest.alerting.rules import Rules
from ingest.followups import store as followups
from ingest.followups.period import Every, period
from ingest.followups.programmes import Rulebook
from ingest.followups.rehearsal import rehearse

HISTORY = timedelta(days=365)  # of visits, whatever the history of readings
SOURCE = "示例数据"  # "sample data": nobody can take it for a statistics office's
_VALUES = (
    "systolic",
    "diastolic",
    "pulse",
    "fasting_glucose",
    "after_meal_glucose",
    "hba1c",
    "weight",
    "height",
)


def register(
    connection: Connection[Any], simulation: Simulation, rules: Rules, rulebook: Rulebook, until: datetime
) -> None:
    """Enter what the county's records hold up to local time `until`, in one transaction; again adds what is new.

    `ingest.seed.register` has been called before.
    """
    with connection.transaction():
        ids = dict(connection.execute("select token, resident_id from care.resident").fetchall())
        records = [
            record_of(simulation.seed, resident, simulation.assumptions, until.date())
            for resident in simulation.county.residents
        ]
        numbered = {resident.number: ids[resident.token] for resident in simulation.county.residents}
        _records(connection, simulation.county.residents, records, numbered, until.date())
        _contracts(connection, records, numbered)
        _visits(connection, simulation, rules, records, numbered, until)
        _tasks(connection, list(numbered.values()), rulebook, until)
        _population(connection, simulation, until)


def _records(
    connection: Connection[Any],
    residents: Iterable[Resident],
    records: list[HealthRecord],
    numbered: Mapping[int, int],
    today: date,
) -> None:
    cursor = connection.cursor()
    cursor.executemany(
        "update care.resident set record_opened_on = %s, resident_since = %s where resident_id = %s"
        " and record_opened_on is null and resident_since is null",
        [(each.opened_on, each.resident_since, numbered[number]) for number, each in enumerate(records)],
    )
    cursor.executemany(
        "insert into care.condition (resident_id, condition, diagnosed_on, managed_from) values (%s, %s, %s, %s)"
        " on conflict (resident_id, condition) do update"
        " set diagnosed_on = excluded.diagnosed_on, managed_from = excluded.managed_from"
        " where care.condition.diagnosed_on is null",
        [
            (numbered[number], each.condition, each.diagnosed_on, each.managed_from)
            for number, record in enumerate(records)
            for each in record.enrolments
        ],
    )
    cursor.executemany(
        "update care.resident set left_on = %s, left_why = %s where resident_id = %s and left_on is null",
        [
            (each.left_on, each.left_why, numbered[each.number])
            for each in residents
            if each.left_on is not None and each.left_on <= today
        ],
    )


def _contracts(connection: Connection[Any], records: list[HealthRecord], numbered: Mapping[int, int]) -> None:
    connection.cursor().executemany(
        "insert into care.contract (resident_id, package, doctor_id, signed_on, ends_on)"
        " select resident_id, %s, doctor_id, %s, %s from care.resident where resident_id = %s"
        " on conflict (resident_id, package, signed_on) do nothing",
        [
            (each.package, each.signed_on, each.ends_on, numbered[number])
            for number, record in enumerate(records)
            for each in record.contracts
        ],
    )


def _visits(
    connection: Connection[Any],
    simulation: Simulation,
    rules: Rules,
    records: list[HealthRecord],
    numbered: Mapping[int, int],
    until: datetime,
) -> None:
    """Visits of the last year that are not there yet; each has its resident, programme and moment to itself."""

    def controlled(programme: str, born: date, day: date, values: Mapping[str, float]) -> bool:
        named = {**values, "glucose": values.get("fasting_glucose")}
        return is_controlled(named, target(programme, born, day, rules)) is not False

    practice = Practice(simulation.seed, simulation.assumptions, controlled)
    careless = careless_doctors(simulation.county, int(simulation.assumptions.visits.careless_doctors))
    since = until - HISTORY
    known = set(connection.execute("select resident_id, programme, visited_at from care.visit").fetchall())
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into care.visit"
            " (visit_id, version, resident_id, programme, visited_at, mode, staff_id, station_id,"
            " systolic, diastolic, pulse, fasting_glucose, after_meal_glucose, hba1c, weight, height,"
            " classification, lost_why, complete, form, next_due_on, recorded_by, recorded_at)"
            " select nextval('care.visit_number'), 1, resident_id, %s, %s, %s, doctor_id, station_id,"
            " %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, doctor_id, %s"
            " from care.resident where resident_id = %s",
            [
                _row(visit, numbered[visit.resident])
                for body, record in zip(simulation.trajectories, records, strict=True)
                for visit in map(
                    carelessly if body.resident.doctor in careless else _as_made, practice.visits(body, record, until)
                )
                if visit.at >= since
                if (numbered[visit.resident], visit.programme, visit.at.replace(tzinfo=ZONE)) not in known
            ],
        )


def _as_made(visit: Written) -> Written:
    return visit


def _tasks(connection: Connection[Any], residents: list[int], rulebook: Rulebook, until: datetime) -> None:
    """The tasks that asked for those visits; at the first time only, for then the dispatcher is at work."""
    if connection.execute("select 1 from care.follow_up limit 1").fetchone():
        return
    now = until.replace(tzinfo=ZONE)
    first = period(Every.QUARTER, (until - HISTORY).date()).last + timedelta(days=1)  # the first whole quarter
    for facts in followups.load(connection, residents, rulebook, now):
        followups.keep(connection, facts.resident.resident_id, rehearse(facts, rulebook, first, until.date()))


def _row(visit: Written, resident_id: int) -> tuple[object, ...]:
    at = visit.at.replace(tzinfo=ZONE)
    return (
        visit.programme,
        at,
        visit.mode,
        *(visit.values.get(name) for name in _VALUES),
        visit.classification,
        visit.lost_why,
        visit.complete,
        Jsonb(dict(visit.form)),
        visit.next_due_on,
        at,
        resident_id,
    )


def _population(connection: Connection[Any], simulation: Simulation, until: datetime) -> None:
    stations = dict(connection.execute("select name, station_id from care.station").fetchall())
    rows = [
        (stations[station.name], year, *_people(simulation.county, station.number, simulation, year))
        for station in simulation.county.stations
        for year in range(AS_OF.year - 1, until.year + 1)
    ]
    connection.cursor().executemany(
        "insert into reporting.population (station_id, year, residents, aged_35, aged_65, source, imported_at)"
        " values (%s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
        [(*row, SOURCE, datetime.now(UTC)) for row in rows],
    )


def _people(county: County, station: int, simulation: Simulation, year: int) -> Iterator[int]:
    found = population(county, station, simulation.assumptions, year)
    yield from (found.residents, found.aged_35, found.aged_65)
