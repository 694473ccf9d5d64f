"""The synthetic county enters an empty database once, whole, and never over another county."""

from __future__ import annotations

import secrets

import psycopg
import pytest

from devices.simulator.assumptions import parse
from devices.simulator.simulation import Simulation
from ingest import identity
from ingest.seed import OtherCounty, register
from maixun import configuration


def county_of(seed: int) -> Simulation:
    return Simulation(seed, parse(configuration.load("simulate.yaml")), residents=200)


def test_registers_everybody_once_with_sealed_names_and_their_meters(database: str) -> None:
    simulation, key = county_of(7), secrets.token_bytes(32)
    with psycopg.connect(database) as connection:
        assert register(connection, simulation.county, simulation.meters, key=key)
        assert not register(connection, simulation.county, simulation.meters, key=key)
        rows = connection.execute(
            "select token, name_sealed, birth_date from care.resident join identity.person using (resident_id)"
        ).fetchall()
        held = connection.execute("select count(*), count(distinct resident_id) from care.assignment").fetchone()
    assert {(token, identity.unseal(sealed, key), born) for token, sealed, born in rows} == {
        (resident.token, resident.name, resident.birth_date) for resident in simulation.county.residents
    }
    users = [user for meter in simulation.meters for user in meter.users]
    assert held == (len(users) + 12 * 5, len(set(users)))


def test_refuses_a_database_that_holds_another_county(database: str) -> None:
    with psycopg.connect(database) as connection:
        register(connection, county_of(7).county, county_of(7).meters, key=secrets.token_bytes(32))
        with pytest.raises(OtherCounty, match="seed"):
            register(connection, county_of(8).county, county_of(8).meters, key=secrets.token_bytes(32))
        assert connection.execute("select count(*) from care.resident").fetchone() == (200,)
