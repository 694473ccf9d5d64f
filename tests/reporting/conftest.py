"""Fixtures of the tests of the figures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.api.conftest import app, as_, client, clock, world
from tests.reporting.town import Town

__all__ = ["app", "as_", "client", "clock", "connection", "town", "world"]


@pytest.fixture
def connection(database: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection to a fresh, migrated database; every statement commits at once."""
    with psycopg.connect(database, autocommit=True) as opened:
        yield opened


@pytest.fixture
def town(connection: psycopg.Connection[Any]) -> Town:
    """One station, nobody in it yet."""
    return Town.settle(connection)
