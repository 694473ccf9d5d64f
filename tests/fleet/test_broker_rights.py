"""Who may say and hear what at the broker of a real installation: the shipped configuration on a real Mosquitto."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from gateway.identity import Identity
from gateway.uplink import Uplink
from ingest.registry import register_station
from maixun import endpoints
from maixun.cli import main
from maixun.runtime.binaries import Binaries
from tests.fleet.secured import Peer, SecuredMosquitto, enrolled, secured_settings
from tests.gateway.made import outbox, reading
from tests.gateway.test_uplink import until
from tests.ingest.line import worker


@pytest.fixture
def station(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """An installation with one station; its secrets lie in a folder of the test's own."""
    monkeypatch.setenv("MAIXUN_DATABASE", database)
    monkeypatch.setenv("MAIXUN_RUNTIME", str(tmp_path / "runtime"))
    with psycopg.connect(database) as connection:
        return register_station(connection, name="青河卫生站", township="青河镇", region_code="330100000001")


@pytest.fixture
def secured(station: int, binaries: Binaries, tmp_path: Path) -> Iterator[SecuredMosquitto]:  # noqa: ARG001
    """Its broker, running."""
    server = SecuredMosquitto(binaries.mosquitto, tmp_path / "broker")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def first(station: int, database: str, tmp_path: Path) -> Identity:
    """An enrolled gateway."""
    return enrolled(database, tmp_path, "gw-0001", station)


@pytest.fixture
def second(station: int, database: str, tmp_path: Path) -> Identity:
    """Another one."""
    return enrolled(database, tmp_path, "gw-0002", station)


def a_worker() -> Path:
    """Key and certificate of the first ingest worker."""
    return endpoints.secrets_folder() / "ingest-1.pem"


async def test_an_enrolled_gateway_s_reading_is_stored_and_receipted(
    secured: SecuredMosquitto, first: Identity, database: str, tmp_path: Path
) -> None:
    box = outbox(tmp_path)
    box.put([reading(1)])
    tls = {"tls_ca": str(first.authority), "tls_certificate": str(a_worker())}
    uplink = Uplink(first.gateway, secured.url, box, secured_settings(first))
    stop = asyncio.Event()
    with worker(database, secured.url, "ingest-1", **tls):
        task = asyncio.create_task(uplink.run(stop))
        await until(lambda: box.counts().stored == 1)
        stop.set()
        await asyncio.wait_for(task, 5)
    assert box.outcomes() == {reading(1).reading_id: ("quarantined", "unknown_device")}
    with psycopg.connect(database) as connection:
        assert connection.execute("select gateway from telemetry.gateway_status").fetchall() == [("gw-0001",)]


def test_a_gateway_speaks_and_hears_under_its_own_name_only(
    secured: SecuredMosquitto, first: Identity, second: Identity
) -> None:
    with (
        Peer(secured, first.authority, a_worker()) as ingest,
        Peer(secured, first.authority, first.credentials) as victim,
        Peer(secured, second.authority, second.credentials) as nosy,
    ):
        ingest.subscribe("$share/ingest/maixun/1/+/readings", "maixun/1/+/status")
        victim.subscribe("maixun/1/gw-0001/receipts", "maixun/1/gw-0001/commands")
        nosy.subscribe("maixun/1/gw-0001/receipts", "maixun/1/+/commands", "#", "$SYS/#", "maixun/1/gw-0002/receipts")
        for topic in ("gw-0001/readings", "gw-0001/status", "gw-0001/receipts", "gw-0002/receipts", "gw-0002/commands"):
            assert not nosy.publish(f"maixun/1/{topic}"), topic
        assert not nosy.publish("elsewhere")
        assert nosy.publish("maixun/1/gw-0002/readings")
        assert victim.publish("maixun/1/gw-0001/readings")
        ingest.wait_for("maixun/1/gw-0002/readings")
        ingest.wait_for("maixun/1/gw-0001/readings")
        for leaf in ("gw-0001/receipts", "gw-0001/commands", "gw-0002/receipts"):
            assert ingest.publish(f"maixun/1/{leaf}")
        assert not ingest.publish("maixun/1/gw-0001/readings")
        victim.wait_for("maixun/1/gw-0001/commands")
        nosy.wait_for("maixun/1/gw-0002/receipts")
        assert sorted(ingest.heard) == ["maixun/1/gw-0001/readings", "maixun/1/gw-0002/readings"]
        assert nosy.heard == ["maixun/1/gw-0002/receipts"] * len(nosy.heard)
        assert victim.heard == ["maixun/1/gw-0001/receipts", "maixun/1/gw-0001/commands"]


@pytest.mark.parametrize("client_id", ["gw-0001", "gateway-gw-0001", "ingest-1"])
def test_nobody_takes_another_s_session(
    secured: SecuredMosquitto, first: Identity, second: Identity, client_id: str
) -> None:
    with (
        Peer(secured, first.authority, a_worker(), client_id="maixun-ingest-1") as ingest,
        Peer(secured, first.authority, first.credentials, client_id="gateway-gw-0001") as victim,
    ):
        victim.subscribe("maixun/1/gw-0001/receipts")
        thief = Peer(secured, second.authority, second.credentials, client_id=client_id)
        thief.client.username_pw_set("gw-0001", "whatever")
        with thief:
            assert not thief.publish("maixun/1/gw-0001/readings")
            assert ingest.publish("maixun/1/gw-0001/receipts")
            victim.wait_for("maixun/1/gw-0001/receipts")
        assert not victim.lost.is_set()
        assert not ingest.lost.is_set()
        assert thief.heard == []


def refused(secured: SecuredMosquitto, authority: Path, credentials: Path | None) -> bool:
    """Whether the broker breaks off the handshake, or the connection right after it."""
    context = ssl.create_default_context(cafile=str(authority))
    if credentials:
        context.load_cert_chain(credentials)
    with socket.create_connection(("127.0.0.1", secured.port), timeout=20) as plain:
        try:
            with context.wrap_socket(plain, server_hostname="localhost") as line:
                line.sendall(b"\x10\x10\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x03x-1")
                return not line.recv(64).startswith(b"\x20")
        except (ssl.SSLError, ConnectionError):
            return True


def test_no_certificate_a_foreign_one_and_a_revoked_one_are_refused(
    secured: SecuredMosquitto,
    first: Identity,
    second: Identity,
    station: int,
    database: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert not refused(secured, first.authority, first.credentials)
    assert refused(secured, first.authority, None)
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("MAIXUN_RUNTIME", str(tmp_path / "elsewhere"))
        foreign = enrolled(database, tmp_path, "gw-0003", station)
    assert refused(secured, first.authority, foreign.credentials)
    assert main(["admin", "gateway", "revoke", "gw-0001"]) == 0
    assert main(["admin", "broker", "revocations", str(secured.folder)]) == 0
    secured.stop()
    secured.start()
    assert refused(secured, first.authority, first.credentials)
    assert not refused(secured, second.authority, second.credentials)
