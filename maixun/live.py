"""The synthetic county live: one process with a real gateway for each station, and virtual meters for its radio."""

from __future__ import annotations

import asyncio
from datetime import datetime

from devices.simulator.simulation import ZONE, Simulation
from gateway.edge import Edge
from gateway.kiosk.part import KioskPart
from gateway.settings import GatewaySettings
from gateway.simulated_radio import SimulatedRadio
from maixun import configuration, county, kiosk
from maixun.commands.gateway import outbox_path
from maixun.demonstration import STATION


async def play(
    simulation: Simulation,
    broker: str,
    stop: asyncio.Event,
    *,
    speed: float | None,
    staged_for: str | None,
    kiosk_port: int | None = None,
) -> None:
    """Play until `stop`. Each gateway has its own outbox in the runtime folder and its own connection to the broker.

    `speed`: how much faster than life, None as configured. `staged_for`: the login of a doctor who is to see crises.
    `kiosk_port`: where the first station's kiosk can be walked through; None for no kiosk.
    """
    settings = configuration.settings(GatewaySettings, "gateway")
    simulation.warm_up(datetime.now(ZONE).date())
    async with asyncio.TaskGroup() as gateways:
        for station in simulation.county.stations:
            radio = SimulatedRadio(simulation, station.number, speed=speed, staged_for=staged_for)
            outbox = outbox_path(station.gateway)
            edge = Edge(station.gateway, radio, broker, outbox, settings, county.clock_policy())
            if kiosk_port is not None and station.number == STATION:
                part = _kiosk(simulation, station.gateway, settings, kiosk_port)
                edge.beside["kiosk"] = part.run
                edge.correspondents.append(part.known)
            gateways.create_task(edge.run(stop), name=station.gateway)


def _kiosk(simulation: Simulation, gateway: str, settings: GatewaySettings, port: int) -> KioskPart:
    devices = kiosk.instruments(simulation, STATION)
    return kiosk.simulated(gateway, devices, zone=settings.wall_clock(), policy=county.clock_policy(), port=port)
