"""What an ingest process counts, in the names that Prometheus shows."""

from __future__ import annotations

from collections import Counter as Tally

from prometheus_client import Counter, Gauge, Histogram, start_http_server

from ingest.reason import Settled

RECEIVED = Counter("maixun_ingest_received", "Readings and unreadable messages received, repeats included")
SETTLED = Counter("maixun_ingest_settled", "What became of them", ["outcome", "reason"])
MESSAGES = Counter("maixun_ingest_messages", "Messages taken from the broker")
UNKNOWN_FIELDS = Counter("maixun_ingest_unknown_fields", "Fields of a newer version, dropped")
UNREADABLE_STATUS = Counter("maixun_ingest_unreadable_status", "Status messages that could not be read, dropped")
DATABASE_FAILURES = Counter("maixun_ingest_database_failures", "Batches that had to be tried again")
BATCH_SECONDS = Histogram("maixun_ingest_batch_seconds", "From a batch's first look to its commit")
WAITING = Gauge("maixun_ingest_waiting", "Messages that no writer has taken yet")


def settled(counts: Tally[Settled]) -> None:
    """Count a batch's outcomes."""
    for (outcome, reason), number in counts.items():
        RECEIVED.inc(number)
        SETTLED.labels(outcome, reason or "").inc(number)


def serve(port: int) -> None:
    """Show the counters on 127.0.0.1; 0 shows nothing."""
    if port:
        start_http_server(port, addr="127.0.0.1")
