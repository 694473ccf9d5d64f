"""What a kiosk sends is what the server takes: the demonstration's visitor, from the page to the database."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from devices.simulator.assumptions import parse
from devices.simulator.simulation import Simulation
from gateway import wire
from gateway.kiosk import pseudonym
from gateway.kiosk.line_driver import framed
from gateway.kiosk.names import Measurement, Step
from ingest import identity, seed, store
from ingest.pipeline import Message, process
from ingest.reason import Outcome, Reason, Settled
from ingest.roster import Roster
from maixun import configuration, demonstration, endpoints, kiosk
from tests.kiosk.made import CATALOGUE, Clock
from tests.kiosk.standing import standing
from tests.kiosk.wires import wire as serial_wire

DOCTOR = "doctor01a"


async def test_the_visitors_readings_are_theirs_and_a_guests_wait_for_somebody(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIXUN_RUNTIME", str(tmp_path))
    county = Simulation(7, parse(configuration.load("simulate.yaml")), residents=200)
    with psycopg.connect(database, autocommit=True) as connection:
        seed.register(connection, county.county, county.meters, key=identity.load_key(), passwords={})
        for _ in range(2):
            demonstration.register(connection, county, DOCTOR)
        demonstration.write_key()
        key = pseudonym.load_key(endpoints.secrets_folder() / "pseudonym.key")
        assert key is not None
        store.prepare(connection)
        items = [
            *await visit(tmp_path / "visitor", county, key, guest=False),
            *await visit(tmp_path / "guest", county, key, guest=True),
        ]
        now = datetime.now(UTC)
        message = Message("gw-0001", wire.message("gw-0001", items, now))
        processed = process(connection, [message], now=now, roster=Roster(), catalogue=CATALOGUE)
        assert processed.counts == {
            Settled(Outcome.ACCEPTED, None): 4,
            Settled(Outcome.QUARANTINED, Reason.UNKNOWN_PERSON): 4,
        }
        rows = connection.execute(
            "select r.kind::text, r.setting::text, r.fever, r.waist, r.triglycerides, r.hdl, s.login"
            " from telemetry.reading r join care.resident using (resident_id)"
            " join care.staff s on s.staff_id = doctor_id order by r.kind, r.waist, r.triglycerides nulls first"
        ).fetchall()
    assert [row[:6] for row in rows] == [
        ("body", "kiosk", None, 85.0, None, None),
        ("lipids", "kiosk", None, None, None, pytest.approx(1.2)),
        ("lipids", "kiosk", None, None, pytest.approx(7.34), None),
        ("symptoms", "kiosk", 1.0, None, None, None),
    ]
    assert {row[6] for row in rows} == {DOCTOR}


async def visit(folder: Path, county: Simulation, key: bytes, *, guest: bool) -> list[str]:
    """Symptoms, a waist and lipids; what waits in the outbox afterwards."""
    folder.mkdir()
    device = kiosk.instruments(county, demonstration.STATION)[Measurement.LIPIDS]
    with serial_wire() as line:
        analyser = {"measures": "lipids", "by": "serial", "device": device, "port": line.path}
        async with standing(folder, clock=Clock(datetime.now(UTC)), key=key, instruments=(analyser,)) as station:
            await station.act("begin")
            if guest:
                await station.act("guest")
            else:
                await station.act("phone", number=demonstration.PHONE, pin=demonstration.PIN)
            await station.act("choose", measurements=["waist", "lipids"])
            await station.act("answer", choices=["fever"])
            await station.act("next")
            await station.act("answer", choices=["female"])
            await station.act("answer", number=85)
            await station.act("next")
            line.says(framed("MX1;seq=1;type=lipids;hdl=1.20mmol/L;triglycerides=>7.34mmol/L"))
            await asyncio.wait_for(line.hears(), 10)
            await station.reaches(Step.RESULT)
            return [waiting.item for waiting in station.collector.outbox.waiting(100, 0.0)]
