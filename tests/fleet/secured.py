"""The broker of a real installation: the shipped configuration and the files `maixun admin broker files` makes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from gateway.identity import Identity
from gateway.key_pair import new_key_pair
from gateway.settings import GatewaySettings
from ingest import enrolment
from ingest.authority import Authority
from maixun import endpoints
from maixun.cli import main
from maixun.runtime.mosquitto import Mosquitto
from tests.gateway.made import settings

PATIENCE = 20.0


class SecuredMosquitto(Mosquitto):
    """Needs `MAIXUN_DATABASE` and `MAIXUN_RUNTIME`."""

    @property
    def url(self) -> str:
        """By the name in its certificate."""
        return f"mqtts://localhost:{self.port}"

    def prepare(self) -> None:
        """What an administrator does; only the port is another."""
        assert main(["admin", "broker", "files", str(self.folder), "--host", "localhost", "--host", "127.0.0.1"]) == 0
        text = self._configuration.read_text()
        assert "\nlistener 8883\n" in text
        self._configuration.write_text(text.replace("\nlistener 8883\n", f"\nlistener {self.port} 127.0.0.1\n"))


def enrolled(database: str, folder: Path, name: str, station: int, *, valid: timedelta = timedelta(days=1)) -> Identity:
    """A gateway with credentials, without the way over HTTP."""
    now = datetime.now(UTC)
    authority, pair = Authority(endpoints.secrets_folder(), now), new_key_pair()
    with psycopg.connect(database) as connection:
        code = enrolment.invite(connection, name, station, now=now, valid=timedelta(hours=1))
        claimed = enrolment.claim(connection, code, pair.request, authority=authority, now=now, valid=valid)
    made = Identity(folder / name, claimed.gateway, "http://127.0.0.1:1", "mqtts://localhost", now + valid)
    made.write(
        credentials=pair.private + claimed.certificate.pem, authority=authority.pem, pseudonym_key=b"unused here"
    )
    return made


def secured_settings(me: Identity, **changed: object) -> GatewaySettings:
    """The shipped settings with this gateway's certificate."""
    return me.secured(settings(**changed))


class Peer:
    """A plain client with a certificate; `heard` are the topics of what came."""

    def __init__(self, broker: Mosquitto, authority: Path, credentials: Path | None, *, client_id: str = "") -> None:
        """Connecting in the background when this returns."""
        self.heard: list[str] = []
        self.refusals: dict[int, str] = {}
        self.lost = threading.Event()
        self._connected = threading.Event()
        self._changed = threading.Condition()
        self._done: set[int] = set()
        self.client = Client(CallbackAPIVersion.VERSION2, client_id, protocol=MQTTProtocolVersion.MQTTv5)
        self.client.tls_set(str(authority), str(credentials) if credentials else None)
        self.client.on_connect = lambda *_: self._connected.set()
        self.client.on_disconnect = lambda *_: self.lost.set()
        self.client.on_message = self._hear
        self.client.on_publish = self._published
        self.client.on_subscribe = lambda _c, _d, mid, _codes, _p: self._note(mid)
        self._where = ("localhost", broker.port)

    def __enter__(self) -> Peer:
        self.client.connect(*self._where)
        self.client.loop_start()
        assert self._connected.wait(PATIENCE)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def subscribe(self, *filters: str) -> None:
        """Returns when the broker has answered."""
        _, mid = self.client.subscribe([(each, 1) for each in filters])
        assert mid is not None
        self._wait(lambda: mid in self._done)

    def publish(self, topic: str) -> bool:
        """Publish something; whether the broker let it through."""
        mid = self.client.publish(topic, b"{}", qos=1).mid
        self._wait(lambda: mid in self._done)
        return mid not in self.refusals

    def wait_for(self, topic: str) -> None:
        """Until something came under that topic."""
        self._wait(lambda: topic in self.heard)

    def _wait(self, condition: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, PATIENCE)

    def _note(self, mid: int) -> None:
        with self._changed:
            self._done.add(mid)
            self._changed.notify_all()

    def _published(self, _client: Client, _data: Any, mid: int, reason: ReasonCode, _properties: Any) -> None:
        if reason.is_failure:
            self.refusals[mid] = str(reason)
        self._note(mid)

    def _hear(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        with self._changed:
            self.heard.append(message.topic)
            self._changed.notify_all()
