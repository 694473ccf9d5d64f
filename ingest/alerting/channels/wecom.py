"""企业微信群机器人. It answers 200 also when it refuses, so the answer's code decides (apprise does not look at it)."""

from __future__ import annotations

from ingest.alerting.channels.http import answered, dumped, post
from ingest.alerting.channels.message import Message
from ingest.alerting.channels.outcome import MendChannel, TryAgain
from ingest.alerting.channels.settings import WeCom

BUSY = {-1, 45009}  # system busy; more than 20 a minute


class WeComSender:
    """Posts text to the robot's address, the secret `url`."""

    def __init__(self, channel: WeCom, url: str) -> None:
        self._channel, self._url = channel, url

    def send(self, message: Message) -> None:
        """Raises `TryAgain`, `MendChannel`."""
        content = {"msgtype": "text", "text": {"content": message.text}}
        answer = answered(post(self._url, dumped(content), timeout=self._channel.timeout_seconds))
        code = answer.get("errcode")
        if code != 0:
            raise (TryAgain if code in BUSY else MendChannel)(f"errcode {code}")
