"""The worker's session at the broker: a shared subscription, a window, and acknowledgements only after the commit."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from ingest.client import EpochClient, Publish
from ingest.fast_client import client_class
from ingest.inbox import Delivery, Inbox
from ingest.settings import IngestSettings
from maixun.configuration import ConfigurationError

log = logging.getLogger(__name__)

# Readings are dealt out among the workers; every worker hears every status, which is little and harmless to note twice.
# Subscribing again to what the session has must not bring every retained status again.
_OPTIONS = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_SEND_IF_NEW_SUB)
FILTERS = [("$share/ingest/maixun/1/+/readings", _OPTIONS), ("maixun/1/+/status", _OPTIONS)]
KEEPALIVE_SECONDS = 30
CONNECT_TIMEOUT = 3.0  # seconds; less than the five in which a process has to stop
_PORTS = {"mqtt": 1883, "mqtts": 8883}


class Subscriber:
    """Fills the inbox from the broker, for as long as it takes to reach it, and answers for the writers."""

    def __init__(self, settings: IngestSettings, broker: str, inbox: Inbox) -> None:
        """`broker` is `mqtt://[user[:password]@]host[:port]` or `mqtts://…`. Raises `ConfigurationError`."""
        self._inbox = inbox
        self._client = _client(settings, broker, inbox)
        self._client.on_connect = self._connected
        self._client.on_connect_fail = self._unreachable
        self._client.on_disconnect = self._disconnected
        self._client.on_subscribe = self._subscribed
        self._told = False

    def start(self) -> None:
        """Connect in the background."""
        self._client.loop_start()

    def answer(self, publishes: Iterable[Publish], deliveries: Iterable[Delivery]) -> None:
        """Send receipts and acknowledge; what cannot be sent now is delivered, or asked for, again."""
        self._client.answer(publishes, deliveries)

    def alive(self) -> bool:
        """Whether the network thread does its work; when not, only a new process helps."""
        return self._client.alive()

    def stop(self, seconds: float) -> None:
        """Send what is queued, then leave; the broker keeps the session."""
        self._client.disconnect()
        self._client.ended.wait(seconds)

    def _connected(
        self, client: Client, _userdata: Any, flags: ConnectFlags, code: ReasonCode, _properties: Properties | None
    ) -> None:
        if code.is_failure:
            log.error("the broker refuses this worker: %s", code)
            return
        self._inbox.forget()
        self._client.established()
        client.subscribe(FILTERS)  # always: Mosquitto, killed, restores a session and not its shared subscription
        self._told = False
        log.info("connected to the broker%s", ", session resumed" if flags.session_present else "")

    def _unreachable(self, _client: Client, _userdata: Any) -> None:
        if not self._told:
            log.warning("the broker cannot be reached: waiting for it")
        self._told = True

    def _disconnected(
        self, _client: Client, _userdata: Any, _flags: DisconnectFlags, code: ReasonCode, _properties: Properties | None
    ) -> None:
        if code.is_failure and not self._told:
            log.warning("the connection to the broker is lost (%s): connecting again", code)
            self._told = True

    def _subscribed(
        self, _client: Client, _userdata: Any, _mid: int, codes: Sequence[ReasonCode], _properties: Properties | None
    ) -> None:
        if any(code.is_failure for code in codes):
            topics = ", ".join(topic for topic, _ in FILTERS)
            log.error("the broker does not let this worker subscribe to %s: check its access rules", topics)
        else:
            log.info("subscribed: the broker deals readings to this worker")


def _client(settings: IngestSettings, broker: str, inbox: Inbox) -> EpochClient:
    url = urlsplit(broker)
    if url.scheme not in _PORTS or not url.hostname:
        raise ConfigurationError("the broker's address must look like mqtt://host:1883 or mqtts://host:8883")
    made = client_class()(f"maixun-{settings.worker}", inbox.put)
    made.connect_timeout = CONNECT_TIMEOUT
    made.reconnect_delay_set(1, 5)
    if url.username:
        made.username_pw_set(unquote(url.username), unquote(url.password or ""))
    if url.scheme == "mqtts":
        _secure(made, settings)
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho leaves it untyped
    properties.SessionExpiryInterval = int(settings.session_days * 86_400)
    properties.ReceiveMaximum = settings.window
    port = url.port or _PORTS[url.scheme]
    made.connect_async(url.hostname, port, KEEPALIVE_SECONDS, clean_start=False, properties=properties)
    return made


def _secure(made: EpochClient, settings: IngestSettings) -> None:
    try:
        made.tls_set(settings.tls_ca, settings.tls_certificate, settings.tls_key)
    except (OSError, ssl.SSLError, ValueError) as error:
        raise ConfigurationError(f"ingest.yaml: tls_ca, tls_certificate or tls_key cannot be used: {error}") from error
