"""One channel's thread: takes a notice, sends it, marks it. A slow channel holds up nobody but itself."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg

from ingest.alerting.channels import outbox
from ingest.alerting.channels.content import address, content
from ingest.alerting.channels.in_page import ring
from ingest.alerting.channels.message import compose
from ingest.alerting.channels.outbox import Claimed, Retries
from ingest.alerting.channels.outcome import NotSent
from ingest.alerting.channels.sender import Sender
from ingest.alerting.channels.settings import ChannelsSettings, Known
from ingest.alerting.policy import EscalationSettings
from ingest.alerting.store import Connection
from ingest.database import connect

log = logging.getLogger(__name__)

ROLE = "maixun_notify"
RETRY_SECONDS = 1.0  # before the database is tried again


def utc_now() -> datetime:
    """The present."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """What a channel's work needs. `causes`: the names of the causes of episodes, in Chinese."""

    name: str
    channel: Known
    sender: Sender | None
    settings: ChannelsSettings
    escalation: EscalationSettings
    causes: Mapping[str, str]
    key: bytes

    def send_next(self, connection: Connection, now: Callable[[], datetime] = utc_now) -> bool:
        """Send one notice, if there is one and the channel's limit allows it. False: nothing to do now."""
        lease = timedelta(seconds=self.settings.lease_seconds)
        claimed = outbox.claim(connection, self.name, per_minute=self.channel.per_minute, lease=lease, now=now())
        if claimed is None:
            return False
        try:
            if self._send(connection, claimed):
                outbox.sent(connection, claimed, now())
            else:
                outbox.cancel(connection, claimed)
        except NotSent as why:
            given_up = outbox.failed(connection, claimed, why, self._retries(), now())
            log.warning(
                "%s: notice %d not sent (%s), %s",
                self.name,
                claimed.notice_id,
                why.says,
                "given up" if given_up else "tried again",
            )
        return True

    def _send(self, connection: Connection, claimed: Claimed) -> bool:
        """False: the matter is not open any more."""
        about = content(connection, claimed, self.causes, self.key)
        if about is None:
            return False
        if self.sender is None:
            ring(connection, claimed)
            return True
        message = compose(
            about,
            public_address=self.settings.public_address,
            zone=self.escalation.tzinfo,
            to_group=claimed.staff_id is None,
            address=address(connection, claimed, self.channel.address, self.key),
        )
        self.sender.send(message)
        return True

    def _retries(self) -> Retries:
        return Retries(
            attempts=self.channel.attempts,
            first=timedelta(seconds=self.settings.first_retry_seconds),
            longest=timedelta(seconds=self.settings.longest_retry_seconds),
        )


def run(dsn: str, post: Post, stop: threading.Event) -> None:
    """Work until told to stop; waits for the database, which the escalation's thread reports."""
    while not stop.is_set():
        try:
            with connect(dsn, ROLE) as connection:
                while not stop.is_set():
                    if not post.send_next(connection):
                        stop.wait(post.settings.poll_seconds)
        except psycopg.Error as error:
            log.debug("%s waits for the database: %s", post.name, error)
            stop.wait(RETRY_SECONDS)
