"""Everything else that apprise knows how to reach, e.g. 企业微信 messages to a person. It says only yes or no."""

from __future__ import annotations

import logging
from urllib.parse import quote

import apprise

from ingest.alerting.channels.message import Message
from ingest.alerting.channels.outcome import MendChannel, TryAgain
from ingest.alerting.channels.settings import Apprise

logging.getLogger("apprise").setLevel(logging.CRITICAL)  # its lines may hold addresses


class AppriseSender:
    """`url` is apprise's; `{address}` in it is replaced by the person's."""

    def __init__(self, channel: Apprise, url: str) -> None:
        self._channel, self._url = channel, url

    def send(self, message: Message) -> None:
        """Raises `TryAgain`, `MendChannel`."""
        url = self._url.replace("{address}", quote(message.address, safe=""))
        timeout = self._channel.timeout_seconds
        service = apprise.Apprise()
        if not service.add(f"{url}{'&' if '?' in url else '?'}cto={timeout}&rto={timeout}"):
            raise MendChannel("apprise does not understand the channel's url")
        if not service.notify(title=message.subject, body=message.text):
            raise TryAgain("apprise could not deliver")
