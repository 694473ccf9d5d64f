"""The demonstration's county has something to find: an outbreak at one station, and a doctor who enters carelessly."""

from __future__ import annotations

from datetime import timedelta

import psycopg

from devices.simulator.assumptions import parse
from devices.simulator.careless import careless_doctors, carelessly
from devices.simulator.practice import Written
from devices.simulator.simulation import ZONE, Simulation
from ingest import seed_symptoms
from ingest.alerting import sentinel_counts
from ingest.alerting.sentinel import SentinelSettings, Sign, watch
from ingest.authenticity.question import Pattern
from ingest.authenticity.settings import AuthenticitySettings
from ingest.authenticity.store import look
from maixun import configuration
from maixun.configuration import settings
from tests.ingest.test_seed_records import UNTIL, fill

NOW = UNTIL.replace(tzinfo=ZONE)


def county(residents: int) -> Simulation:
    return Simulation(7, parse(configuration.load("simulate.yaml")), residents=residents)


def test_the_outbreak_is_found_at_its_station_and_nowhere_else(database: str) -> None:
    simulation, chosen = county(600), settings(SentinelSettings, "sentinel")
    with psycopg.connect(database) as connection:
        fill(connection, UNTIL, simulation)
        for _ in range(2):  # again changes nothing
            seed_symptoms.register(connection, simulation, 365, UNTIL)
        entered = connection.execute("select count(*), count(distinct resident_id) from telemetry.reading").fetchone()
        series = sentinel_counts.read(connection, chosen, NOW)
    assert entered is not None
    assert entered[0] > entered[1] > 100
    lately = {
        (each.station, each.sign)
        for each in series
        if any(watch(each, chosen, lambda day: day.weekday() < 5).alarm[-chosen.signal_days :])
        and max(each.people[-chosen.signal_days :]) >= chosen.least_people
    }
    station = simulation.county.stations[int(simulation.assumptions.symptoms.outbreak_station)].name
    assert (station, Sign.DIARRHOEA) in lately
    assert {name for name, _ in lately} == {station}


def test_the_careless_doctor_is_asked_about_and_nobody_else(database: str) -> None:
    simulation, chosen = county(2000), settings(AuthenticitySettings, "authenticity")
    with psycopg.connect(database) as connection:
        fill(connection, UNTIL, simulation)
        assert look(connection, chosen, NOW) > 0
        asked = connection.execute(
            "select s.login, array_agg(q.pattern order by q.pattern) from reporting.question q"
            " join care.staff s using (staff_id) group by 1"
        ).fetchall()
    careless = careless_doctors(simulation.county, int(simulation.assumptions.visits.careless_doctors))
    flagged = {login for login, patterns in asked if Pattern.DIGITS.value in patterns}
    assert flagged
    assert flagged <= careless


def test_what_is_caught_up_is_never_later_than_the_visit_and_the_same_whenever_one_looks() -> None:
    for days in range(400):
        at = UNTIL - timedelta(days=days)
        visit = Written(resident=days, programme="hypertension", at=at, mode="clinic", values={"systolic": 171})
        entered = carelessly(visit)
        assert entered.at <= at + timedelta(hours=1)
        assert entered.at.weekday() == 4
        assert (at - entered.at).days <= 14
        assert entered.values["systolic"] % 10 == 0
