"""How many messages a second leave the outbox, each claimed, composed, sent and marked, beside bare rows on that disk.

The real way: open alerts become notices for another system, which takes them over HTTP on this machine.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import psycopg

from ingest.alerting.channels.http import post
from ingest.alerting.channels.settings import Webhook
from ingest.alerting.channels.webhook import WebhookSender
from ingest.alerting.policy import Way
from tests.bench.figure import Figure
from tests.bench.outbox import timed
from tests.harness.line import running_line
from tests.notify.channels import answering
from tests.notify.office import Office

ALERTS = 1_000
_NO_LIMIT = 1_000_000
_TWO_COMMITS = "a row inserted and updated, two commits"


def figures() -> Iterator[Figure]:
    """Escalation in notices a second; then each message from its claim to its mark."""
    with running_line() as line, answering(lambda _asked: (200, b"{}")) as (address, asked):
        office = Office(line.database)
        bus = Webhook(kind="webhook", enabled=True, way=Way.APP, per_minute=_NO_LIMIT)
        office.channels = {"bus": bus}
        for _ in range(ALERTS):
            office.alert()
        deciding = _escalate(office)
        bare = timed(_bare(office.connection), ALERTS)
        posting = timed(lambda _number: _posted(address), ALERTS)
        asked.clear()
        sent = _send(office, WebhookSender(bus, address, "key"))
    if len(asked) != ALERTS:
        raise AssertionError(f"{len(asked)} messages arrived of {ALERTS}")
    yield Figure(name="alerts escalated, a notice each", value=ALERTS / deciding, unit="/s",
                 baseline_name=_TWO_COMMITS, baseline=len(bare) / sum(bare))  # fmt: skip
    yield Figure(name="messages claimed, composed, sent, marked", value=len(sent) / sum(sent), unit="/s",
                 baseline_name=_TWO_COMMITS, baseline=len(bare) / sum(bare))  # fmt: skip
    yield Figure(name="one message, p50", value=1000 * p(50, sent), unit="ms",
                 baseline_name="its POST alone, p50", baseline=1000 * p(50, posting))  # fmt: skip
    yield Figure(name="one message, p99", value=1000 * p(99, sent), unit="ms",
                 baseline_name=f"{_TWO_COMMITS}, p99", baseline=1000 * p(99, bare))  # fmt: skip


def p(share: float, times: Sequence[float]) -> float:
    """A percentile in seconds."""
    return float(np.percentile(times, share))


def _escalate(office: Office) -> float:
    """Seconds until every alert that nobody took up for a minute has its notice."""
    began = time.perf_counter()
    office.now += timedelta(minutes=1)
    while office.one("select count(*) from care.notice") < ALERTS:
        office.look()
    return time.perf_counter() - began


def _send(office: Office, sender: WebhookSender) -> list[float]:
    post = office.post("bus", sender)
    times: list[float] = []
    while True:
        began = time.perf_counter()
        if not post.send_next(office.connection, lambda: office.now):
            return times
        times.append(time.perf_counter() - began)


def _bare(connection: psycopg.Connection[Any]) -> Callable[[int], None]:
    """A row inserted, and updated, each in a transaction of its own."""
    connection.execute("create table bare (id bigint primary key, state text not null)")

    def work(number: int) -> None:
        connection.execute("insert into bare values (%s, 'claimed')", [number])
        connection.execute("update bare set state = 'sent' where id = %s", [number])

    return work


def _posted(address: str) -> None:
    post(address, b"{}", timeout=5)
