"""One look of the watch for outbreaks: counts read, judged, and settled with the incidents there are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from ingest.alerting import incidents, sentinel_counts
from ingest.alerting.sentinel import CAUSES, SentinelSettings, troubles, watch
from ingest.alerting.store import Connection


def look(connection: Connection, settings: SentinelSettings, works: Callable[[date], bool], now: datetime) -> int:
    """Returns how many incidents changed. Any number of processes may look at once."""
    watched = [watch(series, settings, works) for series in sentinel_counts.read(connection, settings, now)]
    return incidents.settle(connection, troubles(watched, settings), causes=list(CAUSES.values()), now=now)
