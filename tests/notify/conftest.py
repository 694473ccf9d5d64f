"""The office, on a fresh database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.notify.office import Office


@pytest.fixture
def office(database: str) -> Iterator[Office]:
    """A station, its people and its outbox."""
    office = Office(database)
    yield office
    office.connection.close()
