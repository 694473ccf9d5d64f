"""Fixtures of the journeys: one town for all of them, since starting it takes longer than any of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.journeys.town import Town, running_town, the_key_of


@pytest.fixture(scope="package")
def shared_town() -> Iterator[Town]:
    """Every test has gateways, meters and residents of its own in it."""
    with running_town() as running:
        yield running


@pytest.fixture
def town(shared_town: Town) -> Iterator[Town]:
    """The town; whatever a test does to it, no process may end by it."""
    before = {program: program.process_id for program in shared_town.line.programs if program.running}
    with the_key_of(shared_town.line):
        yield shared_town
    assert {program: program.process_id for program in before} == before
