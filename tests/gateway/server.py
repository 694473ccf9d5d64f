"""A small stand-in for ingest on the real broker: a ledger in memory, and receipts for what it stored."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from gateway import wire

Judge = Callable[[dict[str, Any]], dict[str, str]]


def accept(_item: dict[str, Any]) -> dict[str, str]:
    """Every reading is accepted."""
    return {"outcome": "accepted"}


class Server:
    """Listens to one gateway. `came` counts how often each id arrived; `statuses` are its retained words."""

    def __init__(self, broker: str, gateway: str, *, judge: Judge = accept) -> None:
        """Connected and subscribed when this returns."""
        self.gateway = gateway
        self.judge = judge
        self.silent = False  # hears and stores, and its receipts get lost
        self.refuse = False  # cannot open any message
        self.came: Counter[UUID] = Counter()
        self.lots: list[int] = []
        self.content_types: set[str] = set()
        self.statuses: list[dict[str, Any]] = []
        self._changed = threading.Condition()
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.on_message = self._hear
        subscribed = threading.Event()
        self._client.on_subscribe = lambda *_: subscribed.set()
        url = urlsplit(broker)
        self._client.connect(url.hostname or "", url.port or 0)
        self._client.loop_start()
        self._client.subscribe([(wire.topic(gateway, "readings"), 1), (wire.topic(gateway, "status"), 1)])
        assert subscribed.wait(10)

    def __enter__(self) -> Server:
        """The connected server."""
        return self

    def __exit__(self, *_: object) -> None:
        """Gone."""
        self._client.disconnect()
        self._client.loop_stop()

    def wait(self, condition: Callable[[], bool], seconds: float = 20.0) -> bool:
        """Until the condition holds after something came; False when the time is over."""
        with self._changed:
            return self._changed.wait_for(condition, seconds)

    def _hear(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        with self._changed:
            body = json.loads(message.payload)
            if message.topic.endswith("/status"):
                self.statuses.append(body)
            else:
                self.content_types.add(getattr(message.properties, "ContentType", ""))
                self._receive(body["readings"], bytes(message.payload))
            self._changed.notify_all()

    def _receive(self, items: list[dict[str, Any]], payload: bytes) -> None:
        self.lots.append(len(items))
        answer: dict[str, Any] = {"v": 1}
        if self.refuse:
            answer["messages"] = [{"digest": wire.digest(payload), "outcome": "rejected", "reason": "malformed"}]
        else:
            self.came.update(UUID(item["id"]) for item in items)
            answer["receipts"] = [{"id": item["id"]} | self.judge(item) for item in items]
        if not self.silent:
            self._client.publish(wire.topic(self.gateway, "receipts"), json.dumps(answer))
