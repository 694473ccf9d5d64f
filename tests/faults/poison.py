"""Poison messages: every way in which a message can be wrong, in every position of a batch of good ones."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from devices.interpret import interpret
from devices.visit import Visit
from gateway import wire
from ingest import envelope
from maixun import county
from tests.faults.world import World, wait_until

GATEWAY = "gw-9999"
BATCH = 8  # messages
BETWEEN = 0.03  # seconds; longer than ingest waits for company, so that each of ours is a batch of its own


class Poison(NamedTuple):
    """A payload, the id under which it (or its spoilt item) must stand in the ledger, and what receipts call it."""

    payload: bytes
    key: UUID
    receipt: str


def _whole(payload: bytes) -> Poison:
    """Nobody can say what the message held: it stands in the ledger itself, and is named by its digest."""
    return Poison(payload, UUID(envelope.message_id(payload)), wire.digest(payload))


def _envelope(**changes: Any) -> bytes:
    now = datetime.now(UTC).isoformat()
    return json.dumps({"v": 1, "gateway": GATEWAY, "sent_at": now, "readings": []} | changes).encode()


def _item(**changes: Any) -> Poison:
    """One item whose id can be read and the rest cannot."""
    key = uuid4()
    item = {"id": str(key), "device": "A", "received_at": "2026-11-21T08:00:00Z", "raw": "2A35:00"} | changes
    return Poison(_envelope(readings=[item]), key, str(key))


KINDS: tuple[Callable[[], Poison], ...] = (
    lambda: _whole(b"\xff\xfe\x00" + uuid4().bytes),
    lambda: _whole(f'{{"v":1,"gateway":"{GATEWAY}","readings":[{{"id":"{uuid4()}'.encode()),  # cut off
    lambda: _whole(json.dumps([str(uuid4())] * 10_000).encode()),
    lambda: _whole(_envelope(v=2, nonce=str(uuid4()))),
    lambda: _whole(_envelope(gateway="gw-0001", nonce=str(uuid4()))),  # another gateway's name on our topic
    lambda: _whole(_envelope(readings=[{"device": str(uuid4())}])),
    lambda: _item(values={"systolic": "high"}),
    lambda: _item(raw="2A35:\u0000"),  # PostgreSQL has no NUL in text
    lambda: _item(kind="blood_pressure", clock="exact", measured_at="0001-01-01T00:00:00Z", values={"systolic": 120}),
    lambda: _item(kind="blood_pressure", clock="exact", measured_at="9999-12-31T23:59:59Z", values={"systolic": 1e308}),
)


def publish(world: World, visits: list[Visit]) -> None:
    """Publish the visits' readings in batches with poison at each position, and wait for every receipt."""
    policy = county.clock_policy()
    items = {item.reading_id: wire.item(item) for visit in visits for item in interpret(visit, policy)}
    poisons = [(kind(), position) for kind in KINDS for position in range(BATCH)]
    good = _good_messages(list(items.values()), len(poisons) * (BATCH - 1))
    with _publisher(world.mosquitto.url) as (client, answered):
        for poison, position in poisons:
            batch = list(islice(good, BATCH - 1))
            for payload in [*batch[:position], poison.payload, *batch[position:]]:
                client.publish(wire.topic(GATEWAY, "readings"), payload, qos=1)
            time.sleep(BETWEEN)
        asked = {str(key) for key in items} | {poison.receipt for poison, _ in poisons}
        wait_until(lambda: answered >= asked, "receipts for all that was published")
    world.published |= items.keys() | {poison.key for poison, _ in poisons}
    world.expected |= world.published


def _good_messages(items: list[str], count: int) -> Iterator[bytes]:
    """The items in exactly so many messages."""
    for number in range(count):
        share = items[number * len(items) // count : (number + 1) * len(items) // count]
        yield wire.message(GATEWAY, share, datetime.now(UTC))


@contextmanager
def _publisher(broker: str) -> Iterator[tuple[Client, set[str]]]:
    """A connected client, and the growing set of ids and digests that receipts have named to it."""
    answered: set[str] = set()

    def note(_client: Client, _data: object, message: MQTTMessage) -> None:
        receipts = json.loads(message.payload)
        answered.update(entry["id"] for entry in receipts.get("receipts", ()))
        answered.update(entry["digest"] for entry in receipts.get("messages", ()))

    client = Client(CallbackAPIVersion.VERSION2, client_id=GATEWAY, protocol=MQTTProtocolVersion.MQTTv5)
    client.on_message = note
    subscribed = threading.Event()
    client.on_subscribe = lambda *_: subscribed.set()
    url = urlsplit(broker)
    client.connect(url.hostname or "127.0.0.1", url.port or 1883)
    client.loop_start()
    client.subscribe(wire.topic(GATEWAY, "receipts"))
    assert subscribed.wait(10)
    try:
        yield client, answered
    finally:
        client.disconnect()
        client.loop_stop()
