"""Counts the fleet by station, at most once a minute: a county's meters are too many to be judged at every request."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta

from psycopg import Connection
from psycopg.rows import DictRow

from api import fleet_state
from api.dashboard.equipment import Equipment, by_station
from ingest.fleet_settings import Troubles

FRESH = timedelta(minutes=1)  # a gateway speaks about as often


class Inventory:
    """The equipment of one database. Safe to use from several threads."""

    def __init__(self) -> None:
        """Nothing is counted yet."""
        self._lock = threading.Lock()
        self._at: datetime | None = None
        self._counted: Mapping[int | None, Equipment] = {}

    def read(self, connection: Connection[DictRow], limits: Troubles, now: datetime) -> Mapping[int | None, Equipment]:
        """What each station has, not older than a minute."""
        with self._lock:
            if self._at is None or not timedelta() <= now - self._at < FRESH:
                gateways, meters = fleet_state.gateways(connection), fleet_state.meters(connection, now)
                self._counted, self._at = by_station(gateways, meters, limits, now), now
            return self._counted
