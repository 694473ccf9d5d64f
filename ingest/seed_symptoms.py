"""Enters what the synthetic county's people answered at their kiosks, as readings of the kiosks' own devices."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from psycopg import Connection

from devices.simulator.simulation import ZONE, Simulation
from devices.simulator.symptoms import Answer, answers
from ingest.registry import NewAssignment, assign, register_device
from ingest.seed import SINCE

HISTORY = timedelta(days=90)  # as far back as the watch for outbreaks looks
_LEDGER = "insert into telemetry.ledger (reading_id, outcome, gateway, received_at) values (%s, 'accepted', %s, %s)"
_READING = (
    "insert into telemetry.reading (resident_id, measured_at, reading_id, received_at, kind, setting, clock, device_id,"
    " station_id, fever, diarrhoea, raw) values (%s, %s, %s, %s, 'symptoms', 'kiosk', 'exact', %s, %s, %s, %s,"
    " 'kiosk:answer')"
)


def register(connection: Connection[Any], simulation: Simulation, days: int, until: datetime) -> None:
    """Enter the answers of so many days up to local time `until`; at the first time only, in one transaction.

    `ingest.seed.register` has been called before.
    """
    with connection.transaction():
        if connection.execute("select 1 from telemetry.reading where kind = 'symptoms' limit 1").fetchone():
            return
        stations = simulation.county.stations
        kiosks = {each.number: _kiosk(connection, each.name, each.gateway) for each in stations}
        ids = dict(connection.execute("select token, resident_id from care.resident").fetchall())
        residents = {each.number: ids[each.token] for each in simulation.county.residents}
        found = list(
            answers(
                simulation.county,
                simulation.schedule,
                simulation.assumptions.symptoms,
                (until - min(timedelta(days=days), HISTORY)).date(),
                until,
            )
        )
        _write(connection, found, residents, kiosks)


def _kiosk(connection: Connection[Any], station: str, gateway: str) -> tuple[str, int, int]:
    """The station's gateway, the kiosk's device and the station's id."""
    row = connection.execute("select station_id from care.station where name = %s", [station]).fetchone()
    if row is None:
        raise LookupError("the county is not registered: fill it in first")
    device_id = register_device(connection, address=f"kiosk:{gateway}", model="kiosk", at=SINCE)
    held = NewAssignment(device_id=device_id, valid_from=SINCE, resident_id=None, setting="kiosk", station_id=row[0])
    assign(connection, held)
    return gateway, device_id, row[0]


def _write(
    connection: Connection[Any],
    found: list[Answer],
    residents: Mapping[int, int],
    kiosks: Mapping[int, tuple[str, int, int]],
) -> None:
    numbered = [(uuid4(), each, each.at.replace(tzinfo=ZONE), kiosks[each.station]) for each in found]
    with connection.cursor() as cursor:
        cursor.executemany(_LEDGER, [(number, kiosk[0], at) for number, _, at, kiosk in numbered])
        cursor.executemany(
            _READING,
            [
                (residents[each.resident], at, number, at, *kiosk[1:], float(each.fever), float(each.diarrhoea))
                for number, each, at, kiosk in numbered
            ],
        )
        cursor.executemany(
            "insert into reporting.dirty values (%s, reporting.month_of(%s))",
            [(residents[each.resident], at) for _, each, at, _ in numbered],
        )
