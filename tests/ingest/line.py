"""The two ends of the line for ingest's tests: a gateway that publishes and reads its receipts, and a worker."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from ingest.service import run
from ingest.settings import IngestSettings

PATIENCE = 30.0  # seconds until a test gives up waiting


class Gateway:
    """Publishes messages with QoS 1 and remembers every receipt."""

    def __init__(self, broker: str, name: str = "gw-1") -> None:
        self.name = name
        self.outcomes: dict[str, str] = {}  # by id, or digest of a message
        self._changed = threading.Condition()
        self._ready = threading.Event()
        url = urlsplit(broker)
        self._client = Client(CallbackAPIVersion.VERSION2, f"test-{name}", protocol=MQTTProtocolVersion.MQTTv5)
        self._client.on_connect = lambda client, *_: client.subscribe(f"maixun/1/{name}/receipts")
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_message = self._received
        self._client.connect_async(url.hostname or "", url.port or 0)

    def __enter__(self) -> Gateway:
        self._client.loop_start()
        assert self._ready.wait(PATIENCE), "the broker does not answer"
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, payload: bytes, leaf: str = "readings", *, retain: bool = False) -> None:
        """Publish and wait until the broker has it."""
        self._client.publish(f"maixun/1/{self.name}/{leaf}", payload, qos=1, retain=retain).wait_for_publish(PATIENCE)

    def wait(self, *names: str) -> dict[str, str]:
        """Wait for the receipts of these ids and return their outcomes."""
        with self._changed:
            arrived = self._changed.wait_for(lambda: set(names) <= self.outcomes.keys(), PATIENCE)
            missing = set(names) - self.outcomes.keys()
            assert arrived, f"{len(missing)} of {len(names)} receipts are missing"
            return {name: self.outcomes[name] for name in names}

    def forget(self) -> None:
        """Forget the receipts, so that one can wait for those of a resend."""
        with self._changed:
            self.outcomes.clear()

    def _received(self, _client: Client, _userdata: Any, message: MQTTMessage) -> None:
        document = json.loads(message.payload)
        with self._changed:
            for receipt in document.get("receipts", []):
                self.outcomes[receipt["id"]] = receipt["outcome"]
            for receipt in document.get("messages", []):
                self.outcomes[receipt["digest"]] = receipt["outcome"]
            self._changed.notify_all()


@contextmanager
def worker(database: str, broker: str, name: str = "worker", **settings: Any) -> Iterator[None]:
    """A worker inside the test's own process; leaving stops it cleanly, within the promised five seconds."""
    stop = threading.Event()
    codes: list[int] = []
    chosen = IngestSettings.model_validate({"worker": name} | settings)
    thread = threading.Thread(target=lambda: codes.append(run(chosen, database, broker, stop)))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(5)
        assert codes == [0], "the worker did not stop cleanly"


class WorkerProcess:
    """A worker as a process of its own, to be killed."""

    def __init__(self, database: str, broker: str, log: Path, settings: Mapping[str, Any]) -> None:
        overrides = {f"MAIXUN_INGEST_{key.upper()}": str(value) for key, value in settings.items()}
        self._environment = os.environ | {"MAIXUN_DATABASE": database, "MAIXUN_BROKER": broker} | overrides
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start; returns at once."""
        with self._log.open("ab") as log:
            command = [sys.executable, "-m", "maixun", "ingest"]
            self._process = subprocess.Popen(command, env=self._environment, stderr=log)

    def kill(self) -> None:
        """kill -9."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(PATIENCE)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(5)


def ready(database: str, gateway: Gateway) -> None:
    """Wait until a worker that was just started has subscribed: it then hears the gateway's retained status."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("delete from telemetry.gateway_status")
        body = {"v": 1, "online": True, "at": datetime.now(UTC).isoformat()}
        gateway.publish(json.dumps(body).encode(), "status", retain=True)
        eventually(lambda: count(database, "telemetry.gateway_status") > 0, "no worker has subscribed")


def eventually(holds: Callable[[], bool], what: str) -> None:
    """Look until it holds, or fail the test."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def count(database: str, source: str) -> int:
    """Rows of a table or of `table where …`."""
    with psycopg.connect(database) as connection:
        row = connection.execute(f"select count(*) from {source}".encode()).fetchone()  # noqa: S608 - ours
        return int(row[0]) if row else 0
