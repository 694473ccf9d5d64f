"""The process `maixun notify`: one thread decides who is told next, and one a channel tells them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime

import psycopg

from ingest.alerting import alarms, escalating
from ingest.alerting.channels import settings as channel_settings
from ingest.alerting.channels import worker
from ingest.alerting.channels.sender import sender
from ingest.alerting.channels.worker import ROLE, Post
from ingest.alerting.escalating import Means
from ingest.alerting.policy import EscalationSettings
from ingest.alerting.store import Connection
from ingest.database import connect

log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0  # before the database is tried again
STOP_SECONDS = 3.0  # a message under way may take longer: it is then sent again, marked as possibly repeated


def run(dsn: str, settings: EscalationSettings, causes: Mapping[str, str], key: bytes, stop: threading.Event) -> None:
    """Work until told to stop. `causes`: what alerts are about, in Chinese. Raises `ConfigurationError` at once."""
    channels = channel_settings.read()
    posts = [
        Post(
            name=name,
            channel=channel,
            sender=sender(name, channel),
            settings=channels,
            escalation=settings,
            causes=causes,
            key=key,
        )
        for name, channel in channels.enabled().items()
    ]
    log.info("channels: %s", ", ".join(post.name for post in posts) or "none")
    threads = [
        threading.Thread(target=worker.run, args=(dsn, post, stop), name=post.name, daemon=True) for post in posts
    ]
    for thread in threads:
        thread.start()
    _escalate(dsn, Means(settings, channels.enabled()), stop)
    deadline = time.monotonic() + STOP_SECONDS
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))


def _escalate(dsn: str, means: Means, stop: threading.Event) -> None:
    """Until told to stop; waits for the database and says so once."""
    waiting = False
    while not stop.is_set():
        try:
            with connect(dsn, ROLE) as connection:
                alarms.look(connection, means, datetime.now(UTC))  # shows that the schema is there too
                log.info("at work")
                waiting = False
                _rounds(connection, means, stop)
        except psycopg.Error as error:
            if not waiting:
                log.warning("waiting for the database: %s", str(error).strip().partition("\n")[0])
            waiting = True
            stop.wait(RETRY_SECONDS)


def _rounds(connection: Connection, means: Means, stop: threading.Event) -> None:
    looked = time.monotonic()
    while not stop.is_set():
        matters, written = escalating.run_once(connection, means, datetime.now(UTC))
        if written:
            log.info("%d alerts looked at, %d notices to send", matters, written)
        if time.monotonic() - looked >= means.settings.rota.look_every_seconds:
            alarms.look(connection, means, datetime.now(UTC))
            looked = time.monotonic()
        if matters < means.settings.matters_at_once:
            stop.wait(means.settings.poll_seconds)
