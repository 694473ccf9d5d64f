"""A ring on the person's open pages: PostgreSQL carries it to every API process, which hands it to the screens."""

from __future__ import annotations

from ingest.alerting.channels.outbox import Claimed
from ingest.alerting.store import Connection

CHANNEL = "notice"  # of LISTEN; the payload is "<staff_id> <matter> <number> <notice_id>"


def ring(connection: Connection, claimed: Claimed) -> None:
    """Whoever has a page open hears it; the others find the alert on their list."""
    payload = f"{claimed.staff_id} {claimed.matter} {claimed.number} {claimed.notice_id}"
    connection.execute("select pg_notify(%s, %s)", [CHANNEL, payload])
