"""The client on a real broker: both kinds take what is sent, only the present connection is acknowledged, TLS works."""

from __future__ import annotations

import random
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from datetime import timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.client import Client
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from ingest.client import EpochClient
from ingest.fast_client import FastClient, client_class
from ingest.inbox import Delivery
from maixun.runtime.binaries import Binaries
from maixun.runtime.mosquitto import Mosquitto
from tests.ingest.county import NOW
from tests.ingest.line import PATIENCE, Gateway, eventually

KINDS = [EpochClient, FastClient]


class Session:
    """A client with a lasting session that keeps what it gets and acknowledges only when told to."""

    def __init__(self, kind: type[EpochClient], port: int, *, tls: ssl.SSLContext | None = None) -> None:
        self.got: list[Delivery] = []
        self.subscribed = threading.Event()
        self.client = kind("session", self.got.extend)
        self.client.on_connect = self._connected
        self.client.on_subscribe = lambda *_: self.subscribed.set()
        self.client.reconnect_delay_set(1, 1)
        if tls:
            self.client.tls_set_context(tls)
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = 3600
        self.client.connect_async("127.0.0.1", port, clean_start=False, properties=properties)

    def __enter__(self) -> Session:
        self.client.loop_start()
        assert self.subscribed.wait(PATIENCE)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def wait(self, payloads: Sequence[bytes]) -> list[Delivery]:
        """Wait until so many have come; returns them in order."""
        eventually(lambda: len(self.got) >= len(payloads), "messages are missing")
        return self.got

    def round_trip(self) -> None:
        """Return when the broker has read everything sent before."""
        self.subscribed.clear()
        self.client.subscribe("maixun/1/+/readings", 1)
        assert self.subscribed.wait(PATIENCE)

    def _connected(self, client: Client, _userdata: Any, flags: Any, _code: Any, _properties: Any) -> None:
        self.client.established()
        if flags.session_present:
            self.subscribed.set()
        else:
            client.subscribe("maixun/1/+/readings", 1)


@pytest.fixture
def own_broker(binaries: Binaries, tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker to be killed."""
    server = Mosquitto(binaries.mosquitto, tmp_path / "broker")
    server.start()
    yield server
    server.stop()


@pytest.mark.parametrize("kind", KINDS)
def test_every_size_arrives_whole_and_in_order(own_broker: Mosquitto, kind: type[EpochClient]) -> None:
    sizes = [0, 1, 100, 126, 127, 128, 16_383, 16_384, 300_000, 2_100_000, 5]
    payloads = [random.Random(size).randbytes(size) for size in sizes]
    with Session(kind, own_broker.port) as session, Gateway(own_broker.url, "gw-é") as gateway:
        for payload in payloads:
            gateway.publish(payload)
        deliveries = session.wait(payloads)
        assert [d.payload for d in deliveries] == payloads
        assert {d.topic for d in deliveries} == {"maixun/1/gw-é/readings".encode()}
        session.client.answer(
            [("maixun/1/gw-é/receipts", b'{"v":1,"receipts":[{"id":"x","outcome":"y"}]}')], deliveries
        )
        assert gateway.wait("x") == {"x": "y"}


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_to_a_connection_that_is_gone_acknowledges_nothing_of_the_next(
    own_broker: Mosquitto, kind: type[EpochClient]
) -> None:
    before, after = ([f"{when}{number}".encode() for number in range(20)] for when in ("before", "after"))
    with Session(kind, own_broker.port) as session:
        with Gateway(own_broker.url) as gateway:
            for payload in before:
                gateway.publish(payload)
            stale = list(session.wait(before))
        session.subscribed.clear()
        own_broker.kill()  # and with it the session: packet ids begin anew
        own_broker.start()
        assert session.subscribed.wait(PATIENCE)
        session.got.clear()
        with Gateway(own_broker.url) as gateway:
            for payload in after:
                gateway.publish(payload)
            fresh = list(session.wait(after))
        assert {d.packet_id for d in stale} == {d.packet_id for d in fresh}
        session.client.answer([], stale)
    with Session(kind, own_broker.port) as resumed:
        assert [d.payload for d in resumed.wait(after)] == after
        resumed.client.answer([], list(resumed.got))
        resumed.round_trip()
    with Session(kind, own_broker.port) as empty, Gateway(own_broker.url) as gateway:
        gateway.publish(b"last")
        assert [d.payload for d in empty.wait([b"last"])] == [b"last"]


def test_over_tls_too(binaries: Binaries, tmp_path: Path) -> None:
    server = _SecureMosquitto(binaries.mosquitto, tmp_path / "broker")
    server.start()
    payloads = [random.Random(number).randbytes(20_000) for number in range(60)]
    context = ssl.create_default_context(cafile=str(server.certificate))
    with Session(FastClient, server.secure_port, tls=context) as session, Gateway(server.url) as gateway:
        for payload in payloads:
            gateway.publish(payload)
        assert [d.payload for d in session.wait(payloads)] == payloads
        session.client.answer([], session.got)
    server.stop()


@given(st.binary(min_size=1, max_size=60), st.data())
def test_whatever_a_broker_sends_the_network_thread_survives(stream: bytes, data: st.DataObject) -> None:
    got: list[Delivery] = []
    near, far = socket.socketpair()
    with near, far:
        near.setblocking(False)
        client = FastClient("fuzzed", got.extend)
        client._sock = near
        cut = data.draw(st.integers(0, len(stream)))
        for piece in (stream[:cut], stream[cut:]):
            if piece and client._sock is not None:
                far.sendall(piece)
                client.loop_read()
        client._sock = None


def test_the_fast_client_is_chosen() -> None:
    assert client_class() is FastClient


@pytest.mark.parametrize("gone", ["_sock_recv", "_packet_queue", "_packet_handle", "_msgtime_mutex", "_in_packet"])
def test_another_paho_gets_the_stock_client(monkeypatch: pytest.MonkeyPatch, gone: str) -> None:
    def renamed(*_: object) -> None:
        raise AttributeError(gone)

    monkeypatch.setattr(FastClient, gone, property(renamed, renamed), raising=False)
    assert client_class() is EpochClient


class _SecureMosquitto(Mosquitto):
    """A second listener with TLS and a certificate of its own."""

    @property
    def certificate(self) -> Path:
        return self.folder / "certificate.pem"

    @property
    def secure_port(self) -> int:
        if not hasattr(self, "_secure_port"):
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self._secure_port = int(probe.getsockname()[1])
        return self._secure_port

    def prepare(self) -> None:
        super().prepare()
        key_file = self.folder / "key.pem"
        _certify(self.certificate, key_file)
        with self._configuration.open("a") as file:
            file.write(f"listener {self.secure_port} 127.0.0.1\ncertfile {self.certificate}\nkeyfile {key_file}\n")


def _certify(certificate: Path, key_file: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test broker")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=3650))
        .not_valid_after(NOW + timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
