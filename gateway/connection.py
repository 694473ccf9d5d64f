"""A paho client set up so that nothing gets lost: MQTT 5, a lasting session, TLS where the address says so.

The traps it avoids: paho wipes the session at its first connect unless told not to, and gives up when that fails.
"""

from __future__ import annotations

import re
import ssl
from pathlib import Path
from urllib.parse import unquote, urlsplit

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from gateway import heartbeat, wire
from gateway.settings import GatewaySettings
from maixun.configuration import ConfigurationError

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PORTS = {"mqtt": 1883, "mqtts": 8883}
_CONNECT_TIMEOUT = 3.0  # seconds; less than the five in which a gateway has to stop


def client(gateway: str, broker: str, settings: GatewaySettings) -> tuple[Client, str]:
    """A client that will connect to that broker once its loop is started, and the broker's `host:port` for messages.

    `broker` is `mqtt://[user[:password]@]host[:port]` or `mqtts://…`. Raises `ConfigurationError`.
    """
    if not _NAME.fullmatch(gateway):
        raise ConfigurationError(f"{gateway!r} is no name for a gateway: use up to 64 letters, digits, - and _")
    url = urlsplit(broker)
    if url.scheme not in _PORTS or not url.hostname:
        raise ConfigurationError("the broker's address must look like mqtt://host:1883 or mqtts://host:8883")
    made = Client(CallbackAPIVersion.VERSION2, client_id=f"gateway-{gateway}", protocol=MQTTProtocolVersion.MQTTv5)
    made.connect_timeout = _CONNECT_TIMEOUT
    made.reconnect_delay_set(1, 10)
    if url.username:
        made.username_pw_set(unquote(url.username), unquote(url.password or ""))
    if url.scheme == "mqtts":
        _secure(made, settings)
    will = _properties(PacketTypes.WILLMESSAGE, WillDelayInterval=settings.will_delay_seconds)
    made.will_set(wire.topic(gateway, "status"), heartbeat.LAST_WILL, qos=1, retain=True, properties=will)
    port = url.port or _PORTS[url.scheme]
    made.connect_async(
        url.hostname,
        port,
        keepalive=settings.keepalive_seconds,
        clean_start=False,
        properties=_properties(PacketTypes.CONNECT, SessionExpiryInterval=settings.session_expiry_seconds),
    )
    return made, f"{url.hostname}:{port}"


def content_type() -> Properties:
    """The properties every readings message carries."""
    return _properties(PacketTypes.PUBLISH, ContentType=wire.CONTENT_TYPE)


def _secure(made: Client, settings: GatewaySettings) -> None:
    for key in ("tls_ca", "tls_certificate", "tls_key"):
        path = getattr(settings, key)
        if path is not None and not path.is_file():
            raise ConfigurationError(f"gateway.yaml: {key} names {path}, which is not there")
    try:
        made.tls_set(
            ca_certs=_text(settings.tls_ca),
            certfile=_text(settings.tls_certificate),
            keyfile=_text(settings.tls_key),
        )
    except (ssl.SSLError, ValueError) as error:
        raise ConfigurationError(f"gateway.yaml: the TLS files cannot be used: {error}") from error


def _text(path: Path | None) -> str | None:
    return str(path) if path else None


def _properties(packet: int, **values: object) -> Properties:
    made = Properties(packet)  # type: ignore[no-untyped-call]  # paho leaves it untyped
    for name, value in values.items():
        setattr(made, name, value)
    return made
