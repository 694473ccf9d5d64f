"""A small county for every test."""

from __future__ import annotations

import pytest

from devices.simulator.assumptions import Assumptions, parse
from devices.simulator.simulation import Simulation
from maixun import configuration


@pytest.fixture(scope="session")
def assumptions() -> Assumptions:
    """The shipped figures."""
    return parse(configuration.load("simulate.yaml"))


@pytest.fixture
def simulation(assumptions: Assumptions) -> Simulation:
    """A county of 300, new for each test because its meters remember."""
    return Simulation(7, assumptions, residents=300)
