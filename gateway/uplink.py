"""Carries readings from the outbox to the broker, and receipts back into it. The outbox is the only queue.

paho's network thread only appends what happened and wakes the loop; everything else runs on the event loop. Whatever
was under way when a connection broke goes out again, so a message may come twice and never not at all.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from paho.mqtt.client import Client, DisconnectFlags, MQTTMessage
from paho.mqtt.reasoncodes import ReasonCode

from gateway import connection, heartbeat, wire
from gateway.outbox import Outbox, OutboxFull
from gateway.receipts import ReceiptError, Receipts, parse
from gateway.saying import Saying
from gateway.settings import GatewaySettings
from gateway.steward import Steering, Unsteered

_log = logging.getLogger(__name__)
_TICK = 0.25  # seconds between looks at the clock: how late a stop, a resend or a heartbeat may come
_PUBACK_PATIENCE = 30.0  # a living broker answers in milliseconds; MQTT never repeats a message on a living connection
_GOODBYE_PATIENCE = 1.0
_NO_ANSWER = "nobody answers there, or with TLS one side's certificate is not accepted"


class UplinkBroken(Exception):
    """The connection lives and does nothing: only a new one helps."""


@dataclass(frozen=True, slots=True)
class _Flight:
    """A message the broker has not acknowledged yet."""

    ids: tuple[UUID, ...]
    since: float


class Uplink:
    """One gateway's connection to the broker, for one run: after a failure make a new one."""

    def __init__(
        self,
        gateway: str,
        broker: str,
        outbox: Outbox,
        settings: GatewaySettings,
        *,
        steering: Steering | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`broker` is an URL, see `gateway.connection`; without `steering` commands are ignored.

        Raises `ConfigurationError`.
        """
        self._gateway = gateway
        self._outbox = outbox
        self._settings = settings
        self._steering = steering or Unsteered()
        self._monotonic = monotonic
        self._now = now
        self._client, self._where = connection.client(gateway, broker, settings)
        self._content_type = connection.content_type()
        self._happened: deque[Callable[[], None]] = deque()
        self._wake = asyncio.Event()
        self._flights: dict[int, _Flight] = {}
        self._receipts: list[Receipts] = []
        self._online = False
        self._refused = False
        self._next_beat = 0.0
        self._network = Saying(_log)
        self._broker = Saying(_log, well=True)
        self._disk = Saying(_log, well=True)

    @property
    def in_flight(self) -> int:
        """How many messages the broker has not acknowledged yet."""
        return len(self._flights)

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop`, or until the steering ends it. Raises `UplinkBroken` and `OutboxDamaged`."""
        self._listen(asyncio.get_running_loop())
        self._outbox.on_new = self._wake.set
        try:
            while not (stop.is_set() or self._steering.ending()):
                self._step()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), _TICK)
                self._wake.clear()
        finally:
            self._outbox.on_new = _nothing
            await self._leave()

    def _step(self) -> None:
        """One turn: what happened, what the receipts settle, what is to be sent, what is to be said."""
        while self._happened:
            self._happened.popleft()()
        self._settle()
        self._send()
        self._beat()
        self._watch()

    # The network thread's side: only append and wake, since an exception here would end paho's thread unnoticed.

    def _listen(self, loop: asyncio.AbstractEventLoop) -> None:
        def happened(what: Callable[[], None]) -> None:
            self._happened.append(what)
            loop.call_soon_threadsafe(self._wake.set)

        def on_connect(client: Client, _data: Any, _flags: Any, reason: ReasonCode, _properties: Any) -> None:
            client.drop_out_messages()  # the outbox sends them again; paho would send them twice
            happened(lambda: self._connected(reason))

        def on_disconnect(_client: Client, _data: Any, _flags: DisconnectFlags, reason: ReasonCode, _p: Any) -> None:
            happened(lambda: self._lost(str(reason)))

        def on_publish(_client: Client, _data: Any, mid: int, reason: ReasonCode, _properties: Any) -> None:
            happened(lambda: self._taken(mid, reason))

        def on_message(_client: Client, _data: Any, message: MQTTMessage) -> None:
            happened(lambda: self._heard(message.topic, bytes(message.payload)))

        self._client.on_connect = on_connect
        self._client.on_connect_fail = lambda _client, _data: happened(lambda: self._lost(_NO_ANSWER))
        self._client.on_disconnect = on_disconnect
        self._client.on_publish = on_publish
        self._client.on_message = on_message
        self._client.loop_start()

    # The event loop's side.

    def _connected(self, reason: ReasonCode) -> None:
        self._ground()
        self._refused = reason.is_failure
        if self._refused:
            self._network.trouble(str(reason), f"the broker at {self._where} refuses this gateway: {reason}")
            return
        self._network.well(f"connected to the broker at {self._where}")
        self._client.subscribe([(wire.topic(self._gateway, leaf), 0) for leaf in ("receipts", "commands")])
        self._online = True
        self._say_status(online=True, whole=True)

    def _lost(self, reason: str) -> None:
        self._ground()
        self._online = False
        if not self._refused:  # else the reason is said already
            self._network.trouble("lost", f"waiting for the broker at {self._where}: {reason}")
        self._refused = False

    def _ground(self) -> None:
        """Messages of the connection before: nobody will acknowledge them any more."""
        for flight in self._flights.values():
            self._outbox.unsent(flight.ids)
        self._flights.clear()

    def _taken(self, mid: int, reason: ReasonCode) -> None:
        self._flights.pop(mid, None)
        if reason.is_failure:
            self._broker.trouble(str(reason), f"the broker does not take readings: {reason}. Is its access list right?")
        else:
            self._broker.well("the broker takes readings")

    def _heard(self, topic: str, payload: bytes) -> None:
        if topic == wire.topic(self._gateway, "commands"):
            if self._steering.hear(payload):
                self._next_beat = 0.0
            return
        try:
            self._receipts.append(parse(payload))
        except ReceiptError as error:
            _log.warning("%s", error)

    def _settle(self) -> None:
        """All receipts that came, in one commit. On a full disk they are forgotten: the readings go out again later."""
        receipts, self._receipts = self._receipts, []
        if not receipts:
            return
        try:
            with self._outbox.disk.change():
                for one in receipts:
                    self._outbox.settle(one, self._now())
            self._disk.well("receipts can be noted again")
        except OutboxFull as full:
            self._disk.trouble("full", f"receipts cannot be noted, readings will be sent again: {full}")

    def _send(self) -> None:
        while self._online and len(self._flights) < self._settings.messages_in_flight:
            rows = self._outbox.waiting(self._settings.readings_a_message, self._monotonic())
            if not rows:
                return
            rows = rows[: wire.how_many_fit([row.item for row in rows])]
            payload = wire.message(self._gateway, [row.item for row in rows], self._now())
            ids = tuple(row.reading_id for row in rows)
            self._outbox.sent(ids, self._monotonic(), wire.digest(payload))
            topic = wire.topic(self._gateway, "readings")
            sent = self._client.publish(topic, payload, qos=1, properties=self._content_type)
            self._flights[sent.mid] = _Flight(ids, self._monotonic())

    def _beat(self) -> None:
        if self._online and (self._monotonic() >= self._next_beat or self._steering.has_news()):
            self._say_status(online=True)

    def _say_status(self, *, online: bool, whole: bool = False) -> None:
        self._next_beat = self._monotonic() + self._settings.heartbeat_seconds
        more = self._steering.report(whole=whole)
        payload = heartbeat.status(self._outbox.counts(), at=self._now(), online=online, more=more)
        self._client.publish(wire.topic(self._gateway, "status"), payload, qos=0, retain=True)

    def _watch(self) -> None:
        if self._client._thread is None:  # nothing public tells: is_connected() stays true
            raise UplinkBroken("the network thread had ended")
        oldest = min((flight.since for flight in self._flights.values()), default=None)
        if oldest is not None and self._monotonic() - oldest > _PUBACK_PATIENCE:
            raise UplinkBroken(f"the broker took nothing for {_PUBACK_PATIENCE:.0f} s")

    async def _leave(self) -> None:
        """Say goodbye, so that the last will stays unsaid, and keep this client from ever taking the session back."""
        gone = asyncio.Event()
        loop = asyncio.get_running_loop()

        def on_connect(client: Client, *_: Any) -> None:
            client.disconnect()

        def on_disconnect(_client: Client, _data: Any, _flags: DisconnectFlags, _reason: ReasonCode, _p: Any) -> None:
            loop.call_soon_threadsafe(gone.set)

        self._client.on_connect = on_connect
        self._client.on_disconnect = on_disconnect
        self._client.on_connect_fail = self._client.on_publish = self._client.on_message = None
        try:
            self._ground()
            if self._online:
                self._say_status(online=False)
        finally:
            self._client.disconnect()
            if self._online:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(gone.wait(), _GOODBYE_PATIENCE)
            self._client.on_disconnect = None


def _nothing() -> None:
    """Nobody waits for new readings."""
