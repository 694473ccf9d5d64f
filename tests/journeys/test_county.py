"""The synthetic county from the command line: filled in once and for all, then live through real gateways."""

from __future__ import annotations

import json
import signal
import stat
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from ingest.accounts import password_matches
from maixun.cli import main
from maixun.runtime.binaries import Binaries
from maixun.runtime.mosquitto import Mosquitto
from maixun.runtime.program import Program

COUNTY = ["--seed", "11", "--residents", "200"]


@pytest.fixture
def own_broker(binaries: Binaries, tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker that hears this county alone."""
    server = Mosquitto(binaries.mosquitto, tmp_path / "mosquitto")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def runtime(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A runtime folder whose commands work on the test's own database."""
    monkeypatch.setenv("MAIXUN_DATABASE", database)
    monkeypatch.setenv("MAIXUN_RUNTIME", str(tmp_path))
    return tmp_path


def test_a_history_is_filled_in_once_and_somebody_can_sign_in(database: str, runtime: Path) -> None:
    assert main(["simulate", "fill", *COUNTY, "--days", "30"]) == 0
    first = stored(database)
    assert first["reading"] > 300
    assert first["held"] > 0
    assert first["reading"] + first["held"] == first["ledger"]
    assert main(["simulate", "fill", *COUNTY, "--days", "30"]) == 0
    again = stored(database)
    assert again["ledger"] - first["ledger"] < 10, "at most what was measured while the test ran"
    accounts = runtime / "secrets" / "accounts.txt"
    assert stat.S_IMODE(accounts.stat().st_mode) == 0o600
    with psycopg.connect(database) as connection:
        hashes: dict[str, str] = dict(connection.execute("select login, password_hash from care.staff").fetchall())
    for line in accounts.read_text().splitlines():
        login, password, *_ = line.split()
        assert password_matches(password, hashes[login])


def test_the_history_ends_now_and_is_no_older_than_asked(database: str, runtime: Path) -> None:
    assert runtime
    main(["simulate", "fill", *COUNTY, "--days", "10"])
    with psycopg.connect(database) as connection:
        row = connection.execute("select min(received_at), max(received_at) from telemetry.reading").fetchone()
    assert row is not None
    oldest, newest = row
    now = datetime.now(UTC)
    assert timedelta(days=9) < now - oldest < timedelta(days=12)
    assert timedelta(0) <= now - newest < timedelta(days=1)


def test_live_every_station_has_a_gateway_and_readings_come(
    own_broker: Mosquitto, runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: dict[str, int] = {}
    enough = threading.Event()

    def note(_client: Client, _data: object, message: MQTTMessage) -> None:
        gateway = message.topic.split("/")[2]
        document = json.loads(message.payload)
        heard[gateway] = heard.get(gateway, 0) + len(document.get("readings", ()))
        if len(heard) == 12 and sum(heard.values()) > 20:
            enough.set()

    client = Client(CallbackAPIVersion.VERSION2)
    client.on_message = note
    client.connect("127.0.0.1", own_broker.port)
    client.subscribe([("maixun/1/+/readings", 1), ("maixun/1/+/status", 1)])
    client.loop_start()
    monkeypatch.setenv("MAIXUN_BROKER", own_broker.url)
    live = Program("live", "simulate", "live", *COUNTY, "--speed", "100000", logs=runtime / "logs")
    live.start()
    try:
        assert enough.wait(60), live.log.read_text()
    finally:
        live.ask_to_stop()
        code = live.finish()
        client.disconnect()
        client.loop_stop()
    assert code == 0, f"{signal.SIGTERM.name} is obeyed"
    assert len(list((runtime / "gateways").glob("gw-*.sqlite3"))) == 12


def stored(database: str) -> dict[str, int]:
    """Rows of ledger, readings and what is held."""
    with psycopg.connect(database) as connection:
        row = connection.execute(
            "select (select count(*) from telemetry.ledger), (select count(*) from telemetry.reading),"
            " (select count(*) from telemetry.held)"
        ).fetchone()
    assert row is not None
    return dict(zip(("ledger", "reading", "held"), row, strict=True))
