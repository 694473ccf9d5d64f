"""The synthetic county's health records: some of everything, the same again, never doubled."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

import psycopg

from devices.simulator.assumptions import parse
from devices.simulator.practice import Practice, Written
from devices.simulator.records import record_of
from devices.simulator.simulation import Simulation
from ingest import seed, seed_records
from ingest.alerting import rules
from maixun import configuration
from tests.ingest.followups.made import RULEBOOK

UNTIL = datetime(2026, 11, 20, 15, 0)
Counted = dict[str, int]


def county() -> Simulation:
    return Simulation(7, parse(configuration.load("simulate.yaml")), residents=300)


def fill(
    connection: psycopg.Connection[tuple[object, ...]], until: datetime, made: Simulation | None = None
) -> Counted:
    simulation = made or county()
    if not seed.is_registered(connection, simulation.county):
        seed.register(connection, simulation.county, simulation.meters, key=secrets.token_bytes(32), passwords={})
    seed_records.register(connection, simulation, rules.parse(configuration.load_all("rules/*.yaml")), RULEBOOK, until)
    return {
        table: count(connection, table)
        for table in ("care.visit", "care.condition", "care.contract", "reporting.population")
    }


def count(connection: psycopg.Connection[tuple[object, ...]], what: str) -> int:
    query = f"select count(*) from {what}".encode()  # noqa: S608 our own text
    return next(int(str(row[0])) for row in connection.execute(query))


def test_a_year_of_records_is_entered_once_and_goes_on_later(database: str) -> None:
    with psycopg.connect(database) as connection:
        first = fill(connection, UNTIL)
        assert fill(connection, UNTIL) == first
        later = fill(connection, UNTIL + timedelta(days=30))
    assert first["care.visit"] > 300
    assert later["care.visit"] > first["care.visit"]
    assert later["care.condition"] == first["care.condition"]


def test_the_same_seed_gives_the_same_visits() -> None:
    assert visits() == visits()


def visits() -> list[list[Written]]:
    simulation = county()
    practice = Practice(7, simulation.assumptions, lambda *_: True)
    records = [record_of(7, each, simulation.assumptions, UNTIL.date()) for each in simulation.county.residents]
    return [practice.visits(body, record, UNTIL) for body, record in zip(simulation.trajectories, records, strict=True)]


SOME = (
    "care.follow_up where state = 'done' and reason = 'quarterly'",
    "care.follow_up where state = 'done' and reason = 'unsatisfactory'",
    "care.follow_up where state = 'open' and reason = 'quarterly' and due_on >= '2026-11-20'",
    "care.follow_up where ended_why = 'missed'",
    "care.follow_up where ended_why = 'moved'",
    "care.visit_now where programme = 'hypertension' and classification = 'controlled'",
    "care.visit_now where programme = 'hypertension' and classification = 'uncontrolled'",
    "care.visit_now where programme = 'diabetes' and fasting_glucose is not null",
    "care.visit_now where programme = 'diabetes' and hba1c between 4 and 15",
    "care.visit_now where programme = 'elderly'",
    "care.visit_now where programme = 'high_risk'",
    "care.visit_now where programme = 'package'",
    "care.visit_now where mode = 'phone'",
    "care.visit_now where mode = 'home'",
    "care.visit_now where lost_why is not null and systolic is null",
    "care.visit_now where not complete and lost_why is null",
    "care.condition where condition = 'hypertension' and managed_from is null",
    "care.condition where condition = 'diabetes' and managed_from is not null",
    "care.contract where package = 'chronic'",
    "care.contract where package = 'elderly'",
    "care.resident where left_why = 'died'",
    "care.resident where left_why = 'moved'",
    "care.resident where record_opened_on is null",
    "care.resident where resident_since is not null",
    "care.staff where role = 'cdc' and region_prefix = '990101'",
    "care.staff where role = 'technician'",
)
NEVER = (
    "care.follow_up f where state = 'done' and not exists (select 1 from care.visit v where v.visit_id = f.visit_id)",
    "care.visit_now v join care.resident r using (resident_id) where v.visited_at >= r.left_on",
    "care.visit_now v where not exists (select 1 from care.condition c where c.resident_id = v.resident_id"
    " and c.condition = v.programme and c.managed_from <= v.visited_at::date + 1)"
    " and v.programme in ('hypertension', 'diabetes')",
    "care.visit_now where visited_at > '2026-11-20 15:00+08'",
    "care.visit_now where programme = 'hypertension' and lost_why is null and classification is null",
    "care.visit_now where programme = 'hypertension' and classification = 'controlled' and systolic >= 150",
    "care.condition where managed_from < diagnosed_on",
    "reporting.population where aged_35 < 20",
)


def test_there_is_some_of_everything_and_nothing_that_cannot_be(database: str) -> None:
    with psycopg.connect(database) as connection:
        fill(connection, UNTIL)
        missing = [there for there in SOME if count(connection, there) == 0]
        impossible = [there for there in NEVER if count(connection, there) > 0]
    assert (missing, impossible) == ([], [])
