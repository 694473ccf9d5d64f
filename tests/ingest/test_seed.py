"""The synthetic county enters an empty database once, whole, and never over another county."""

from __future__ import annotations

import secrets

import psycopg
import pytest

from devices.simulator.assumptions import parse
from devices.simulator.simulation import Simulation
from ingest import identity
from ingest.accounts import password_matches
from ingest.seed import OtherCounty, is_registered, register
from maixun import configuration


def county_of(seed: int) -> Simulation:
    return Simulation(seed, parse(configuration.load("simulate.yaml")), residents=200)


def test_registers_everybody_with_sealed_names_and_their_meters(database: str) -> None:
    simulation, key = county_of(7), secrets.token_bytes(32)
    county = simulation.county
    with psycopg.connect(database) as connection:
        assert not is_registered(connection, county)
        register(connection, county, simulation.meters, key=key, passwords={})
        assert is_registered(connection, county)
        rows = connection.execute(
            "select token, name_sealed, birth_date from care.resident join identity.person using (resident_id)"
        ).fetchall()
        held = connection.execute("select count(*), count(distinct resident_id) from care.assignment").fetchone()
    assert {(token, identity.unseal(sealed, key), born) for token, sealed, born in rows} == {
        (resident.token, resident.name, resident.birth_date) for resident in county.residents
    }
    users = [user for meter in simulation.meters for user in meter.users]
    assert held == (len(users) + 12 * 5, len(set(users)))


def test_only_those_with_a_password_can_sign_in(database: str) -> None:
    simulation = county_of(7)
    passwords = {"admin": "correct horse", "doctor01a": "battery staple"}
    with psycopg.connect(database) as connection:
        register(connection, simulation.county, simulation.meters, key=secrets.token_bytes(32), passwords=passwords)
        staff: dict[str, str] = dict(connection.execute("select login, password_hash from care.staff").fetchall())
    assert staff.keys() == {member.login for member in simulation.county.staff} | {"admin", "technician", "cdc"}
    for login, password_hash in staff.items():
        assert password_matches(passwords.get(login, "correct horse"), password_hash) == (login in passwords)


def test_refuses_a_database_that_holds_another_county(database: str) -> None:
    with psycopg.connect(database) as connection:
        simulation = county_of(7)
        register(connection, simulation.county, simulation.meters, key=secrets.token_bytes(32), passwords={})
        with pytest.raises(OtherCounty, match="seed"):
            is_registered(connection, county_of(8).county)
