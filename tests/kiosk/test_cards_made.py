"""A card from the office is a resident at the kiosk and at the server."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from devices.simulator.assumptions import parse
from devices.simulator.simulation import Simulation
from gateway.kiosk import card
from ingest import identity, seed
from maixun import configuration
from maixun.cli import main


def test_a_new_card_is_known_to_be_the_residents(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MAIXUN_DATABASE", database)
    monkeypatch.setenv("MAIXUN_RUNTIME", str(tmp_path))
    county = Simulation(7, parse(configuration.load("simulate.yaml")), residents=50)
    with psycopg.connect(database) as connection:
        seed.register(connection, county.county, county.meters, key=identity.load_key(), passwords={})
        [resident_id] = connection.execute("select min(resident_id) from care.resident").fetchone() or ()
    drawing = tmp_path / "card.svg"
    assert main(["admin", "resident", "card", str(resident_id), "--svg", str(drawing), "--login", "admin"]) == 0
    code = capsys.readouterr().out.splitlines()[-1].split()[0]
    assert drawing.read_text().lstrip().startswith("<?xml")
    with psycopg.connect(database) as connection:
        query = "select resident_id, kind::text from care.person_token where token = %s"
        assert connection.execute(query, [card.decode(code)]).fetchone() == (resident_id, "card")
