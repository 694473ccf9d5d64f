"""Fixtures of the tests of the dashboard: the county and the application of the tests of the pages."""

from __future__ import annotations

from tests.api.conftest import app, as_, client, clock, world

__all__ = ["app", "as_", "client", "clock", "world"]
