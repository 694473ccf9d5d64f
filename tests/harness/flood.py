"""A publisher that costs almost nothing: MQTT 5 frames made beforehand, written to a socket, acknowledgements counted.

A load generator that shares the cores with what it measures must be cheap: paho needs 50 µs a message, this about 2.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

_CONNECT = b"\x00\x04MQTT\x05\x02\x00\x3c\x00"  # MQTT 5, clean start, keep-alive 60 s, no properties
_WINDOW = 2_000  # messages without acknowledgement
_AT_ONCE = 100  # messages a write
_PATIENCE = 60.0


def publish_frame(topic: str, payload: bytes) -> bytes:
    """A PUBLISH of QoS 1 whose packet id (two bytes after the topic) is still zero."""
    name = topic.encode()
    body = len(name).to_bytes(2, "big") + name + b"\x00\x00" + b"\x00" + payload
    return b"\x32" + _length(len(body)) + body


class Flood:
    """One connection that publishes frames in order."""

    def __init__(self, broker: str, client_id: str) -> None:
        """Connects to `mqtt://host:port`."""
        url = urlsplit(broker)
        self._socket = socket.create_connection((url.hostname or "127.0.0.1", url.port or 1883), timeout=_PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        name = client_id.encode()
        body = _CONNECT + len(name).to_bytes(2, "big") + name
        self._socket.sendall(b"\x10" + _length(len(body)) + body)
        head = self._socket.recv(2)
        rest = self._socket.recv(head[1])
        if head[0] != 0x20 or rest[1]:
            raise ConnectionError(f"the broker refuses: {rest.hex()}")
        self._sent = self._acknowledged = 0
        self._partial = b""

    def publish(self, frames: Sequence[bytes]) -> None:
        """Publish all; returns when the broker has acknowledged each."""
        for start in range(0, len(frames), _AT_ONCE):
            self._write(frames[start : start + _AT_ONCE])
            while self._sent - self._acknowledged > _WINDOW:
                self._read()
        while self._acknowledged < self._sent:
            self._read()

    def publish_paced(self, frames: Sequence[bytes], a_second: float) -> None:
        """Publish one after another at an even pace, acknowledgements read as they come."""
        began = time.monotonic()
        for number, frame in enumerate(frames):
            delay = began + number / a_second - time.monotonic()
            if delay > 0:
                time.sleep(delay)
            self._write([frame])
            if self._sent - self._acknowledged > _AT_ONCE:
                self._read()
        while self._acknowledged < self._sent:
            self._read()

    def close(self) -> None:
        """Say goodbye."""
        self._socket.sendall(b"\xe0\x00")
        self._socket.close()

    def _write(self, frames: Sequence[bytes]) -> None:
        numbered = bytearray()
        for frame in frames:
            at = len(numbered)
            numbered += frame
            self._sent += 1
            _number(numbered, at, self._sent % 65_535 + 1)
        self._socket.sendall(numbered)

    def _read(self) -> None:
        """PUBACK: 0x40, length 2 to 4, packet id, and for MQTT 5 a reason that a success may leave out."""
        data = self._partial + self._socket.recv(65_536)
        at = 0
        while at + 2 <= len(data) and at + 2 + data[at + 1] <= len(data):
            if data[at] == 0x40:
                self._acknowledged += 1
            at += 2 + data[at + 1]
        self._partial = data[at:]


def _number(buffer: bytearray, at: int, packet_id: int) -> None:
    at += 1
    while buffer[at] & 0x80:
        at += 1
    (topic,) = struct.unpack_from(">H", buffer, at + 1)
    struct.pack_into(">H", buffer, at + 3 + topic, packet_id)


def _length(value: int) -> bytes:
    encoded = bytearray()
    while True:
        value, low = divmod(value, 128)
        encoded.append(low | (0x80 if value else 0))
        if not value:
            return bytes(encoded)
