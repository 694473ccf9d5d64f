"""钉钉群机器人 with 加签. It answers 200 also when it refuses, so the answer's code decides."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from urllib.parse import urlencode

from ingest.alerting.channels.http import answered, dumped, post
from ingest.alerting.channels.message import Message
from ingest.alerting.channels.outcome import MendChannel, TryAgain
from ingest.alerting.channels.settings import DingTalk

BUSY = {-1, 130101, 410100}  # busy; more than 20 a minute, after which it takes nothing for ten minutes


class DingTalkSender:
    """Posts text to the robot's address, the secret `url`; `key` is its 加签 key or empty."""

    def __init__(self, channel: DingTalk, url: str, key: str, clock: Callable[[], float] = time.time) -> None:
        self._channel, self._url, self._key, self._clock = channel, url, key, clock

    def send(self, message: Message) -> None:
        """Raises `TryAgain`, `MendChannel`."""
        content = {"msgtype": "text", "text": {"content": message.text}}
        answer = answered(post(self._signed(), dumped(content), timeout=self._channel.timeout_seconds))
        code = answer.get("errcode")
        if code != 0:
            raise (TryAgain if code in BUSY else MendChannel)(f"errcode {code}")

    def _signed(self) -> str:
        """HMAC-SHA256 with the key over `timestamp\\nkey`, milliseconds."""
        if not self._key:
            return self._url
        timestamp = str(round(self._clock() * 1000))
        digest = hmac.digest(self._key.encode(), f"{timestamp}\n{self._key}".encode(), hashlib.sha256)
        signed = urlencode({"timestamp": timestamp, "sign": base64.b64encode(digest).decode()})
        return f"{self._url}{'&' if '?' in self._url else '?'}{signed}"
