"""A signed POST to another system: JSON, HMAC-SHA256 over time and body, and a key by which a repetition is seen."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable

from ingest.alerting.channels.http import dumped, post
from ingest.alerting.channels.message import Message
from ingest.alerting.channels.settings import Webhook


class WebhookSender:
    """Posts to the secret `url`; headers `maixun-time`, `maixun-signature`, `maixun-key` (the same when repeated)."""

    def __init__(self, channel: Webhook, url: str, key: str, clock: Callable[[], float] = time.time) -> None:
        self._channel, self._url, self._key, self._clock = channel, url, key, clock

    def send(self, message: Message) -> None:
        """Raises `TryAgain`, `MendChannel`."""
        body = dumped({"key": message.key, "text": message.text, "link": message.link, **message.fields})
        at = str(int(self._clock()))
        headers = {"maixun-time": at, "maixun-signature": signature(self._key, at, body), "maixun-key": message.key}
        post(self._url, body, timeout=self._channel.timeout_seconds, headers=headers)


def signature(key: str, at: str, body: bytes) -> str:
    """HMAC-SHA256 over `<time>.<body>`, hex: the receiver computes it anew and refuses an old time."""
    return hmac.digest(key.encode(), at.encode() + b"." + body, hashlib.sha256).hex()
