"""The synthetic county live: one process with a real gateway for each station, and virtual meters for its radio."""

from __future__ import annotations

import asyncio
from datetime import datetime

from devices.simulator.simulation import ZONE, Simulation
from gateway.edge import Edge
from gateway.settings import GatewaySettings
from gateway.simulated_radio import SimulatedRadio
from maixun import configuration, county
from maixun.commands.gateway import outbox_path


async def play(
    simulation: Simulation, broker: str, stop: asyncio.Event, *, speed: float | None, staged_for: str | None
) -> None:
    """Play until `stop`. Each gateway has its own outbox in the runtime folder and its own connection to the broker.

    `speed`: how much faster than life, None as configured. `staged_for`: the login of a doctor who is to see crises.
    """
    settings = configuration.settings(GatewaySettings, "gateway")
    simulation.warm_up(datetime.now(ZONE).date())
    async with asyncio.TaskGroup() as gateways:
        for station in simulation.county.stations:
            radio = SimulatedRadio(simulation, station.number, speed=speed, staged_for=staged_for)
            outbox = outbox_path(station.gateway)
            edge = Edge(station.gateway, radio, broker, outbox, settings, county.clock_policy())
            gateways.create_task(edge.run(stop), name=station.gateway)
