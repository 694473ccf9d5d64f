"""A small county for the tests of the pages: stations, staff, residents with readings, alerts by the real engine."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
from fastapi.testclient import TestClient
from httpx2 import Response
from psycopg import sql
from psycopg.types.json import Jsonb

from ingest.accounts import NewStaff, Role, create_staff, hash_password
from ingest.alerting import engine, rules
from ingest.identity import load_key, seal
from ingest.registry import (
    NewAssignment,
    NewResident,
    assign,
    register_device,
    register_resident,
    register_station,
)
from maixun.configuration import load_all

PASSWORD = "correct horse battery"
PASSWORD_HASH = hash_password(PASSWORD)  # made once: it is slow on purpose
RULES = rules.parse(load_all("rules/*.yaml"))


class Clock:
    """The present, moved by hand."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        """The present."""
        return self.time

    def move(self, by: timedelta) -> None:
        """Let time pass."""
        self.time += by


@dataclass
class World:
    """Ids of what was registered, and ways to let something happen."""

    connection: psycopg.Connection[Any]
    clock: Clock
    stations: dict[str, int] = field(default_factory=dict)
    staff: dict[str, int] = field(default_factory=dict)
    residents: dict[str, int] = field(default_factory=dict)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def station(self, name: str, township: str) -> int:
        """A station."""
        self.stations[name] = register_station(
            self.connection, name=name, township=township, region_code=f"33010000{len(self.stations):04}"
        )
        return self.stations[name]

    def person(self, login: str, name: str, role: Role, station: str | None = None) -> int:
        """A member of staff with the common password."""
        account = NewStaff(
            login=login, display_name=name, role=role, station_id=self.stations[station] if station else None
        )
        self.staff[login] = create_staff(self.connection, account, password_hash=PASSWORD_HASH)
        return self.staff[login]

    def resident(self, name: str, doctor: str, station: str, **about: Any) -> int:
        """A resident with a cuff at home and a share of the station's kiosk."""
        usual: dict[str, Any] = {"birth_date": date(1951, 4, 2), "sex": "female", "conditions": ["hypertension"]}
        resident_id = register_resident(
            self.connection,
            NewResident(
                station_id=self.stations[station],
                doctor_id=self.staff[doctor],
                name_sealed=seal(name, load_key()),
                **(usual | about),
            ),
        )
        self.residents[name] = resident_id
        self.meter(f"A4:C1:38:00:{resident_id:02X}:01", resident_id, station)
        return resident_id

    def meter(self, address: str, resident_id: int | None, station: str, setting: str = "home") -> int:
        """A meter held since long ago."""
        since = self.clock() - timedelta(days=900)
        device_id = register_device(self.connection, address=address, model="simulated", at=since)
        assign(
            self.connection,
            NewAssignment(
                device_id=device_id,
                valid_from=since,
                resident_id=resident_id,
                setting=setting,
                station_id=self.stations[station],
            ),
        )
        return device_id

    def measured(self, name: str, at: datetime | None = None, **columns: Any) -> UUID:
        """An accepted reading; values, `setting`, `clock`, `meal` and `flags` as columns of `telemetry.reading`."""
        row: dict[str, Any] = {
            "resident_id": self.residents[name],
            "measured_at": at or self.clock(),
            "reading_id": uuid4(),
            "received_at": at or self.clock(),
            "kind": "glucose" if "glucose" in columns else "blood_pressure",
            "setting": "home",
            "clock": "exact",
            "device_id": self._device_of(name),
            "station_id": next(iter(self.stations.values())),
            "raw": "2A35:1e80005200",
        }
        row |= columns
        query = sql.SQL("insert into telemetry.reading ({}) values ({})").format(
            sql.SQL(", ").join(map(sql.Identifier, row)), sql.SQL(", ").join(map(sql.Placeholder, row))
        )
        self.connection.execute(query, row)
        self.connection.execute("insert into telemetry.work (resident_id) values (%s)", (row["resident_id"],))
        reading_id: UUID = row["reading_id"]
        return reading_id

    def evaluate(self) -> None:
        """One round of the alerting engine."""
        engine.run_once(self.connection, RULES, people=100, now=self.clock())

    def alert(self, name: str, *, glucose: float = 2.6) -> int:
        """Low glucose opens an alert at once. Returns the episode's id."""
        self.measured(name, glucose=glucose)
        self.evaluate()
        return self.episode_of(name)

    def episode_of(self, name: str) -> int:
        """The resident's latest episode."""
        return int(self.one("select max(episode_id) from care.episode where resident_id = %s", self.residents[name]))

    def held(self, *, device: str, reason: str = "implausible", person: UUID | None = None) -> UUID:
        """A quarantined blood-pressure reading."""
        reading_id = uuid4()
        at = self.clock()
        item = {
            "id": str(reading_id),
            "device": device,
            "received_at": at.isoformat(),
            "raw": "2A35:1e40015200",
            "kind": "blood_pressure",
            "measured_at": at.isoformat(),
            "clock": "exact",
            "values": {"systolic": 320, "diastolic": 82},
        } | ({"person": str(person)} if person else {})
        self.connection.execute(
            "insert into telemetry.ledger values (%s, 'quarantined', %s, 'gw-0001', %s)", (reading_id, reason, at)
        )
        self.connection.execute(
            "insert into telemetry.held (reading_id, outcome, reason, gateway, device, item, received_at)"
            " values (%s, 'quarantined', %s, 'gw-0001', %s, %s, %s)",
            (reading_id, reason, device, Jsonb(item), at),
        )
        return reading_id

    def one(self, query: str, *values: Any) -> Any:
        """The single value of a query."""
        row = self.connection.execute(query.encode(), values).fetchone()
        assert row is not None
        return row[0]

    def _device_of(self, name: str) -> int:
        query = "select min(device_id) from care.assignment where resident_id = %s"
        return int(self.one(query, self.residents[name]))


def settle(connection: psycopg.Connection[Any], clock: Clock) -> World:
    """Two townships; doctors Wang and Li, each with an own resident; a lead, a technician, an admin, one of the CDC."""
    world = World(connection, clock)
    world.station("青河卫生站", "青河镇")
    world.station("云岭卫生站", "云岭镇")
    world.person("dr.wang", "王医生", Role.DOCTOR, "青河卫生站")
    world.person("dr.li", "李医生", Role.DOCTOR, "云岭卫生站")
    world.person("lead.qinghe", "陈站长", Role.STATION_LEAD, "青河卫生站")
    world.person("tech", "赵技术员", Role.TECHNICIAN)
    world.person("admin", "管理员", Role.ADMIN)
    world.person("cdc", "疾控人员", Role.CDC)
    world.resident("王秀英", "dr.wang", "青河卫生站")
    world.resident("李建国", "dr.li", "云岭卫生站", sex="male", birth_date=date(1948, 9, 30), conditions=["diabetes"])
    return world


def sign_in(client: TestClient, login: str, password: str = PASSWORD) -> Response:
    """Sign in through the page's form; the cookie stays in the client."""
    return client.post("/sign-in", data={"login": login, "password": password}, follow_redirects=False)
