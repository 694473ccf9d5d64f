"""Fixtures of the fleet's tests: those of ingest's county and of the pages' world."""

from tests.api.conftest import app, as_, client, clock, world
from tests.ingest.conftest import connection, county, ingest

__all__ = ["app", "as_", "client", "clock", "connection", "county", "ingest", "world"]
