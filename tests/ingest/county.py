"""A tiny registered county for ingest's tests, and the messages its gateways send."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from typing import Any
from uuid import UUID

import psycopg

from devices import metrics
from devices.identity import reading_id
from ingest import store
from ingest.pipeline import Message, Processed, process
from ingest.registry import (
    NewAssignment,
    NewResident,
    assign,
    register_device,
    register_resident,
    register_station,
)
from ingest.roster import Roster
from maixun import configuration

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
CATALOGUE = metrics.parse(configuration.load("metrics.yaml"))
TOKEN = UUID("7d9f1c9e-0000-4000-8000-000000000001")


@dataclass(frozen=True, slots=True)
class County:
    """One resident with a cuff at home, a second one with slot 2 of it, and a kiosk's cuff that belongs to nobody."""

    station: int
    resident: int
    second: int
    cuff: str = "A4:C1:38:00:00:01"
    kiosk: str = "A4:C1:38:00:00:02"


def settle(connection: psycopg.Connection[Any]) -> County:
    """Register the county a year before `NOW`."""
    since = NOW - timedelta(days=365)
    station = register_station(connection, name="清河站", township="清河", region_code="330000000001")
    first = NewResident(birth_date=date(1950, 1, 1), sex="female", station_id=station, token=TOKEN)
    resident = register_resident(connection, first)
    second = register_resident(connection, NewResident(birth_date=date(1948, 1, 1), sex="male", station_id=station))
    county = County(station, resident, second)
    cuff = register_device(connection, address=county.cuff, model="simulated", at=since)
    kiosk = register_device(connection, address=county.kiosk, model="simulated", at=since)
    hand_over(connection, cuff, since, resident, station)
    hand_over(connection, cuff, since, second, station, slot=2)
    hand_over(connection, kiosk, since, None, station, setting="kiosk")
    return county


def hand_over(
    connection: psycopg.Connection[Any],
    device: int,
    since: datetime,
    resident: int | None,
    station: int,
    *,
    slot: int | None = None,
    setting: str = "home",
) -> None:
    """From `since` on the meter, or one slot of it, is this resident's."""
    assign(
        connection,
        NewAssignment(
            device_id=device,
            valid_from=since,
            resident_id=resident,
            setting=setting,
            station_id=station,
            user_slot=slot,
        ),
    )


def pressure(device: str, number: int, *, at: datetime | None = NOW, **changes: Any) -> dict[str, Any]:
    """The wire form of a blood-pressure reading; equal numbers give equal ids. `changes` replace or add keys."""
    stamp = (at or NOW).replace(tzinfo=None)
    return {
        "id": str(reading_id(device, "2A35", number.to_bytes(8, "big"), stamp)),
        "device": device,
        "received_at": NOW.isoformat(),
        "raw": f"2A35:{number:016x}",
        "kind": "blood_pressure",
        "measured_at": at.isoformat() if at else None,
        "clock": "exact" if at else "unusable",
        "values": {"systolic": 128, "diastolic": 82, "pulse": 71},
    } | changes


def unusable(device: str, number: int, reason: str) -> dict[str, Any]:
    """The wire form of bytes that hold no value."""
    whole = pressure(device, number)
    return {key: whole[key] for key in ("id", "device", "received_at", "raw")} | {"unusable": reason}


def message(items: Iterable[Mapping[str, Any]], *, gateway: str = "gw-1", **changes: Any) -> Message:
    """One message as a gateway publishes it."""
    body = {"v": 1, "gateway": gateway, "sent_at": NOW.isoformat(), "readings": list(items)} | changes
    return Message(gateway, json.dumps(body).encode())


class Ingest:
    """The pipeline on one connection, with its own roster, at `NOW`."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        self.roster = Roster()
        store.prepare(connection)

    def __call__(self, *messages: Message, now: datetime = NOW) -> Processed:
        """Process one batch."""
        return process(self.connection, messages, now=now, roster=self.roster, catalogue=CATALOGUE)

    def tally(self) -> dict[str, int]:
        """Rows of the tables whose sizes must agree."""
        return {table: self.count(f"telemetry.{table}") for table in ("ledger", "reading", "held")}

    def count(self, source: str) -> int:
        """Rows of a table or of `table where …`."""
        row = self.connection.execute(f"select count(*) from {source}".encode()).fetchone()  # noqa: S608
        return int(row[0]) if row else 0


def digest(payload: bytes) -> str:
    """What receipts call a message."""
    return blake2b(payload, digest_size=16).hexdigest()
