"""A whole visit with the cable to the server pulled, in networks of our own. The power fails too: nothing is lost."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from ingest.registry import NewAssignment, NewResident, assign, register_device, register_resident, register_station
from tests.harness.network import SERVER, Cable, Relay, cable
from tests.harness.visitor import Visitor, at_the_kiosk
from tests.ingest.line import count, eventually, worker
from tests.kiosk.station import INSTRUMENTS, NAME, Station, serial_lines
from tests.kiosk.walk import PERSON, READINGS, walk

KIOSK = f"kiosk:{NAME}"  # what is answered and typed at the screen comes from the kiosk itself


@pytest.fixture
def joined(broker: str) -> Iterator[Cable]:
    """The broker at one end of a cable, nothing yet at the other."""
    with cable() as made:
        relay = Relay(made.server, _port(broker))
        yield made
        relay.close()


@pytest.fixture
def station(joined: Cable, broker: str, tmp_path: Path) -> Iterator[Station]:
    """A kiosk at the other end."""
    with serial_lines() as wires:
        opened = Station(tmp_path, f"mqtt://{SERVER}:{_port(broker)}", wires, port=8090, machine=joined.gateway)
        yield opened
        opened.stop()


def _port(broker: str) -> int:
    return urlsplit(broker).port or 0


def register(database: str) -> int:
    """The person, the kiosk and its instruments; returns the resident's id."""
    since = datetime.now(UTC) - timedelta(days=1)
    with psycopg.connect(database) as connection:
        station = register_station(connection, name="柳塘站", township="柳塘", region_code="330000000001")
        person = NewResident(birth_date=date(1948, 3, 1), sex="female", station_id=station, token=PERSON)
        resident = register_resident(connection, person)
        for address in (*INSTRUMENTS.values(), KIOSK):
            device = register_device(connection, address=address, model="kiosk", at=since)
            assign(
                connection,
                NewAssignment(
                    device_id=device, valid_from=since, resident_id=None, setting="kiosk", station_id=station
                ),
            )
    return resident


def take_the_slip(visitor: Visitor, station: Station) -> None:
    """Print, open the page for the phone, leave."""
    slip = visitor.until("slip")
    visitor.act("print")
    visitor.until("slip", printing="printed")
    paper = station.printed.read_bytes().decode("gb18030", "replace")
    assert "150/91" in paper
    assert "7.2" in paper
    status, told = visitor.get(urlsplit(slip["url"]).path + "/data")
    assert status == 200
    assert [judged["name"] for judged in json.loads(told)["judged"]] == [judged["name"] for judged in slip["judged"]]
    visitor.act("finish")
    visitor.until("cleared")
    assert visitor.page["person"] is None


def assert_unreachable(joined: Cable, broker: str) -> None:
    """The kernel says so, and so does an attempt."""
    assert not joined.carries()
    with joined.gateway.socket() as attempt:
        attempt.settimeout(0.5)
        with pytest.raises(OSError, match=r"timed out|No route|unreachable"):
            attempt.connect((SERVER, _port(broker)))


def arrived(database: str) -> list[tuple[str, datetime, int]]:
    """Name of the instrument, when it was measured, and whose it is."""
    with psycopg.connect(database) as connection:
        return connection.execute(
            "select address, measured_at, resident_id from telemetry.reading join care.device using (device_id)"
        ).fetchall()


def status(database: str) -> dict[str, Any]:
    """What the gateway last said of itself, if anything."""
    with psycopg.connect(database) as connection:
        row = connection.execute("select status from telemetry.gateway_status where gateway = %s", [NAME]).fetchone()
    return {} if row is None else dict(row[0])


def has_receipts(database: str, since: datetime) -> bool:
    """Whether the gateway has said since then that nothing waits."""
    said = status(database)
    return datetime.fromisoformat(said["at"]) > since and said["queued"] == 0


def test_a_visit_in_the_dark_arrives_later_once_and_at_its_own_time(
    joined: Cable, station: Station, database: str, broker: str
) -> None:
    resident = register(database)
    with worker(database, broker):
        station.start()
        eventually(lambda: status(database).get("adapter") == "absent", "the gateway never said that it has no adapter")
        joined.cut()
        assert_unreachable(joined, broker)
        began = datetime.now(UTC)
        with at_the_kiosk(station.connect) as visitor:
            walk(visitor, station)
            take_the_slip(visitor, station)
        ended = datetime.now(UTC)
        station.lose_power()
        station.start()  # without a server too
        assert_unreachable(joined, broker)
        assert count(database, "telemetry.ledger") == 0
        joined.mend()
        eventually(lambda: count(database, "telemetry.ledger") >= READINGS, "the readings did not all arrive")
        eventually(
            lambda: status(database)["queued"] == 0, "the gateway still keeps readings for which it has no receipt"
        )
    station.stop()
    assert station.left() == (0, READINGS)
    assert count(database, "telemetry.ledger") == READINGS
    found = arrived(database)
    assert {whose for *_, whose in found} == {resident}
    assert Counter(name for name, *_ in found) == Counter([KIOSK, *(name for name, _ in station.told)])
    by_own_clock = {(name, at) for name, at in station.told if at is not None}
    others = {(name, at) for name, at, _ in found} - by_own_clock
    assert {name for name, _ in others} == {KIOSK, INSTRUMENTS["oximetry"]}
    assert all(began <= at <= ended for _, at in others)
