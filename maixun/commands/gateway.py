"""`maixun gateway`: the edge. Reads meters, keeps what they say, passes it on until the server has it."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from devices.clock import ClockPolicy, parse_policy
from gateway import identity
from gateway.disk import OutboxFull, OutboxInUse
from gateway.edge import Edge
from gateway.identity import Identity
from gateway.passkey_desk import PasskeyDesk
from gateway.radio import Radio
from gateway.salvage import opened
from gateway.settings import GatewaySettings
from maixun import configuration, endpoints, logs

if TYPE_CHECKING:
    from devices.simulator.simulation import Simulation
    from gateway.kiosk.part import KioskPart


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which gateway this is, and which radio it listens with."""
    parser.set_defaults(action=_work)
    parser.add_argument("--id", help="this gateway's name, e.g. gw-0001 (default: as which it was enrolled)")
    parser.add_argument("--radio", choices=("bleak", "simulated"), default="bleak", help="default: %(default)s")
    parser.add_argument("--outbox", type=Path, help="the outbox's file (default: one a gateway in the runtime folder)")
    parser.add_argument("--retry-refused", action="store_true", help="send again what the server could not open")
    parser.add_argument("--adapter", default="hci0", help="bleak: the Bluetooth adapter (default: %(default)s)")
    parser.add_argument("--station", type=int, default=0, help="simulated: number of the station it stands in")
    parser.add_argument("--seed", type=int, default=7, help="simulated: the county's seed (default: %(default)s)")
    parser.add_argument("--residents", type=int, help="simulated: how many (default: config/simulate.yaml)")
    parser.add_argument("--kiosk", action="store_true", help="serve the kiosk's pages too (config/kiosk.yaml)")
    parser.add_argument("--kiosk-port", type=int, help="their port (default: config/kiosk.yaml)")
    claiming = parser.add_subparsers(metavar="claim CODE").add_parser("claim", help="enrol this machine as a gateway")
    claiming.add_argument("code", help="from `maixun admin gateway enrol`, good once")
    claiming.add_argument("--server", required=True, help="address of the server's pages, https://…")
    claiming.set_defaults(action=_claim)


def run(options: argparse.Namespace) -> int:
    """Claim, or serve until SIGTERM or SIGINT. Returns the exit code."""
    try:
        options.action(options)
    except (OutboxInUse, OutboxFull, configuration.ConfigurationError, endpoints.NotRunning) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _claim(options: argparse.Namespace) -> None:
    """Imports what it needs itself: a gateway at work does without."""
    from gateway.claim import ClaimRefused, claim

    try:
        me = claim(options.server, options.code, endpoints.secrets_folder())
    except ClaimRefused as refused:
        raise configuration.ConfigurationError(str(refused)) from None
    print(f"this machine is {me.gateway} now; start it with: maixun gateway")


def _work(options: argparse.Namespace) -> None:
    me = identity.load(endpoints.secrets_folder()) if options.id is None else None
    name = me.gateway if me else options.id
    if name is None:
        raise configuration.ConfigurationError("this machine is no gateway yet: `maixun gateway claim CODE`, or --id")
    logs.start(f"gateway {name}")
    settings = configuration.settings(GatewaySettings, "gateway")
    path = options.outbox or outbox_path(name)
    policy = parse_policy(configuration.load("devices/clock.yaml"))
    if options.retry_refused:
        _retry_refused(path, settings)
    passkeys = PasskeyDesk() if options.kiosk else None  # without a page nobody could be asked
    edge = _edge(options, me, name, path, settings, policy, passkeys)
    if options.kiosk:
        part = _kiosk(options, name, settings, policy, passkeys)
        edge.beside["kiosk"] = part.run
        edge.correspondents.append(part.known)
    asyncio.run(_serve(edge))


def _edge(
    options: argparse.Namespace,
    me: Identity | None,
    name: str,
    path: Path,
    settings: GatewaySettings,
    policy: ClockPolicy,
    passkeys: PasskeyDesk | None,
) -> Edge:
    radio = _radio(options, settings, passkeys)
    if me is None:
        return Edge(name, radio, endpoints.broker(), path, settings, policy)
    return Edge(name, radio, me.broker, path, me.secured(settings), policy, me)


def _kiosk(
    options: argparse.Namespace,
    name: str,
    settings: GatewaySettings,
    policy: ClockPolicy,
    passkeys: PasskeyDesk | None,
) -> KioskPart:
    """Imported when it is asked for: a gateway without a kiosk stays small. Simulated radio, simulated instruments."""
    from maixun import kiosk

    given = {"zone": settings.wall_clock(), "policy": policy, "port": options.kiosk_port}
    if options.radio != "simulated":
        return kiosk.real(name, **given, passkeys=passkeys)
    return kiosk.simulated(name, kiosk.instruments(_simulation(options), options.station), **given)


def outbox_path(gateway: str) -> Path:
    """Where a gateway keeps its outbox when nobody says otherwise."""
    return endpoints.runtime_folder() / "gateways" / f"{gateway}.sqlite3"


async def _serve(edge: Edge) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await edge.run(stop)


def _retry_refused(path: Path, settings: GatewaySettings) -> None:
    with closing(opened(path, settings.limits())) as outbox:
        print(f"{outbox.retry_refused()} refused readings are sent again", file=sys.stderr)


def _radio(options: argparse.Namespace, settings: GatewaySettings, passkeys: PasskeyDesk | None) -> Radio:
    """Imports the chosen radio alone: the other's packages may be missing here."""
    return _bleak(options.adapter, settings, passkeys) if options.radio == "bleak" else _simulated(options)


def _bleak(adapter: str, settings: GatewaySettings, passkeys: PasskeyDesk | None) -> Radio:
    from devices.catalogue import parse
    from gateway.bleak_radio import BleakRadio

    models = parse(configuration.load_all("devices/*.yaml"))
    return BleakRadio(
        adapter,
        models=models,
        zone=settings.wall_clock(),
        consents=settings.consents,
        patience=settings.radio,
        passkeys=passkeys,
    )


def _simulated(options: argparse.Namespace) -> Radio:
    from devices.simulator.simulation import ZONE
    from gateway.simulated_radio import SimulatedRadio

    simulation = _simulation(options)
    simulation.warm_up(datetime.now(ZONE).date())
    return SimulatedRadio(simulation, options.station)


def _simulation(options: argparse.Namespace) -> Simulation:
    from devices.simulator.assumptions import parse
    from devices.simulator.simulation import Simulation

    return Simulation(options.seed, parse(configuration.load("simulate.yaml")), residents=options.residents)
