"""Fixtures of ingest's tests: a connection to a fresh database, the county in it, the pipeline on it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.ingest.county import County, Ingest, settle


@pytest.fixture
def connection(database: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection to a fresh, migrated database; every statement commits at once."""
    with psycopg.connect(database, autocommit=True) as opened:
        yield opened


@pytest.fixture
def county(connection: psycopg.Connection[Any]) -> County:
    """The registered county."""
    return settle(connection)


@pytest.fixture
def ingest(connection: psycopg.Connection[Any], county: County) -> Ingest:  # noqa: ARG001 - it must be registered
    """The pipeline on that database."""
    return Ingest(connection)
