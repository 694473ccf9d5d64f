"""飞书群机器人 with 签名校验, which apprise cannot sign."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from typing import Any

from ingest.alerting.channels.http import answered, dumped, post
from ingest.alerting.channels.message import Message
from ingest.alerting.channels.outcome import MendChannel, TryAgain
from ingest.alerting.channels.settings import Feishu

BUSY = {9499, 11232}  # too many requests; the robot's own limit


class FeishuSender:
    """Posts text to the robot's address, the secret `url`; `key` is its signature key or empty."""

    def __init__(self, channel: Feishu, url: str, key: str, clock: Callable[[], float] = time.time) -> None:
        self._channel, self._url, self._key, self._clock = channel, url, key, clock

    def send(self, message: Message) -> None:
        """Raises `TryAgain`, `MendChannel`."""
        content: dict[str, Any] = {"msg_type": "text", "content": {"text": message.text}}
        answer = answered(post(self._url, dumped(content | self._signed()), timeout=self._channel.timeout_seconds))
        code = answer.get("code", answer.get("StatusCode"))
        if code != 0:
            raise (TryAgain if code in BUSY else MendChannel)(f"code {code}")

    def _signed(self) -> dict[str, str]:
        """HMAC-SHA256 of nothing, its key `timestamp\\nkey`, seconds."""
        if not self._key:
            return {}
        timestamp = str(int(self._clock()))
        digest = hmac.digest(f"{timestamp}\n{self._key}".encode(), b"", hashlib.sha256)
        return {"timestamp": timestamp, "sign": base64.b64encode(digest).decode()}
