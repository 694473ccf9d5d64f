"""The town: an alert nobody expected fails the test, and so does an episode whose record has a hole."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ingest.alerting.town import Town


@pytest.fixture
def town(database: str) -> Iterator[Town]:
    """A town on a fresh database."""
    town = Town(database)
    yield town
    try:
        assert town.unexpected() == []
        assert town.consistent()
    finally:
        town.close()
