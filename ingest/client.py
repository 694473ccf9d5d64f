"""paho-mqtt made safe for acknowledging after a commit: epochs, a heartbeat, and an end that is noticed.

After a reconnect packet ids start anew, so an acknowledgement of the old connection would acknowledge other messages
(measured: 20 of 20 lost). Every delivery carries its connection's epoch; only the present epoch's are acknowledged.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion

from ingest.inbox import Delivery

Deliver: TypeAlias = Callable[[Sequence[Delivery]], None]
Publish: TypeAlias = tuple[str, bytes]  # topic, payload; QoS 0

# Longer than a blocking connect (5 s) and the pause between two (5 s) together.
SILENCE_SECONDS = 30.0


class EpochClient(Client):
    """Stock paho. `deliver` runs on the network thread and must only append: an exception there ends the thread."""

    def __init__(self, client_id: str, deliver: Deliver) -> None:
        super().__init__(CallbackAPIVersion.VERSION2, client_id, protocol=MQTTProtocolVersion.MQTTv5, manual_ack=True)
        self.epoch = 0
        self.deliver = deliver
        self._in_step = threading.Lock()  # between looking at the epoch and queueing for its connection
        self._established = False
        self.ended = threading.Event()
        self._beat = time.monotonic()
        self.on_message = self._deliver_one

    def reconnect(self) -> MQTTErrorCode:
        """Begin a new epoch, then connect: what was queued for the old connection is dropped with it."""
        self._beat = time.monotonic()
        with self._in_step:
            self.epoch += 1
            self._established = False
        return super().reconnect()

    def established(self) -> None:
        """The broker has taken this connection: from now on one may publish. Call it from `on_connect`."""
        with self._in_step:
            self._established = True

    def answer(self, publishes: Iterable[Publish], deliveries: Iterable[Delivery]) -> None:
        """Publish, then acknowledge those deliveries that are of the present connection. Callable from any thread."""
        with self._in_step:
            if self._established:
                self._send(publishes, [d.packet_id for d in deliveries if d.epoch == self.epoch and d.packet_id])

    def alive(self) -> bool:
        """Whether the network thread runs. `is_connected()` stays true when it has died of an exception."""
        return not self.ended.is_set() and time.monotonic() - self._beat < SILENCE_SECONDS

    def loop_misc(self) -> MQTTErrorCode:
        """The loop comes by here at least once a second."""
        self._beat = time.monotonic()
        return super().loop_misc()

    def loop_forever(self, timeout: float = 1.0, retry_first_connection: bool = False) -> MQTTErrorCode:
        """Note when the loop ends, for whatever reason."""
        try:
            return super().loop_forever(timeout, retry_first_connection)
        finally:
            self.ended.set()

    def _send(self, publishes: Iterable[Publish], packet_ids: Sequence[int]) -> None:
        for topic, payload in publishes:
            self.publish(topic, payload, qos=0)
        for packet_id in packet_ids:
            self.ack(packet_id, 1)

    def _deliver_one(self, _client: Client, _userdata: Any, message: MQTTMessage) -> None:
        packet_id = message.mid if message.qos else 0
        topic = message.topic.encode()
        self.deliver([Delivery(self.epoch, packet_id, topic, bytes(message.payload), message.retain)])
