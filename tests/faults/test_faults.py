"""The faults in short, so that each change meets them; `make faults` runs all of them over 20,000 readings."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.scenarios import ALL
from tests.faults.verdict import judge
from tests.faults.world import World, running_world

READINGS = 400  # packets a scenario: some are repeated, some hold nothing
SHORT = [name for name in ALL if not name.endswith("10 s")]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """One world for all scenarios: each meets what the ones before have left."""
    with running_world() as started:
        yield started


@pytest.mark.parametrize("scenario", SHORT)
def test_nothing_is_lost_and_nothing_doubled(world: World, scenario: str) -> None:
    ALL[scenario](world, READINGS)
    verdict = judge(world, scenario, seconds=0, given=READINGS)
    assert verdict.problems == {}
    assert verdict.acknowledged == verdict.ledger > 0


def test_alerts_were_raised_and_everybody_stops_in_time(world: World) -> None:
    assert judge(world, "end", seconds=0, given=0).episodes > 0
    assert world.stop() == []
