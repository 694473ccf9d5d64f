"""Fixtures of the ECG's tests: ingest's database and the pages, as their own tests have them."""

from __future__ import annotations

from tests.api.conftest import app, as_, client, clock, world
from tests.ingest.conftest import connection, county, ingest

__all__ = ["app", "as_", "client", "clock", "connection", "county", "ingest", "world"]
