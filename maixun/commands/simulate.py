"""`maixun simulate`: the synthetic county, a year of history quickly and then live."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from datetime import UTC, date, datetime

import psycopg
from tqdm import tqdm

from devices.simulator.simulation import ZONE, Simulation
from ingest import identity, seed, seed_records, seed_symptoms
from ingest.accounts import new_password
from ingest.alerting import rules
from ingest.followups import programmes
from maixun import county, demonstration, endpoints, live, logs
from maixun.configuration import load, load_all

DOCTOR = "doctor01a"
SHOWN = {  # whom a visitor can be
    DOCTOR: "family doctor",
    "lead01": "station lead",
    "cdc": "county CDC",
    "technician": "technician",
    "admin": "administrator",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the subcommand."""
    parser.add_argument("action", choices=("fill", "live"), help="fill the database with a history, or play on live")
    parser.add_argument("--seed", type=int, default=7, help="the same seed gives the same county (default %(default)s)")
    parser.add_argument("--residents", type=int, help="how many people live in it (default: config/simulate.yaml)")
    parser.add_argument("--days", type=int, default=365, help="fill: how far back (default %(default)s)")
    parser.add_argument("--speed", type=float, help="live: how much faster than life (default: config/simulate.yaml)")
    parser.add_argument("--kiosk-port", type=int, help="live: a kiosk to walk through, at this port (default: none)")


def run(options: argparse.Namespace) -> int:
    """Fill and return, or play until SIGTERM or SIGINT. Returns the exit code."""
    logs.start("simulate")
    simulation = county.simulation(options.seed, residents=options.residents)
    if options.action == "live":
        asyncio.run(_play(simulation, options.speed, options.kiosk_port))
        return 0
    try:
        _fill(simulation, options.days)
    except seed.OtherCounty as why:
        print(why, file=sys.stderr)
        return 1
    return 0


async def _play(simulation: Simulation, speed: float | None, kiosk_port: int | None) -> None:
    if kiosk_port is not None:
        demonstration.write_key()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await live.play(simulation, endpoints.broker(), stop, speed=speed, staged_for=DOCTOR, kiosk_port=kiosk_port)


def _fill(simulation: Simulation, days: int) -> None:
    until = datetime.now(ZONE).replace(tzinfo=None)
    with psycopg.connect(endpoints.database(), autocommit=True) as connection:
        if not seed.is_registered(connection, simulation.county):
            _register(connection, simulation)
        demonstration.register(connection, simulation, DOCTOR)
        demonstration.fill_rota(connection, datetime.now(UTC))
        rulebook = programmes.parse(load("programmes.yaml"), load("packages.yaml"))
        seed_records.register(connection, simulation, rules.parse(load_all("rules/*.yaml")), rulebook, until)
        first = county.first_missing_day(connection, until.date(), days)
        _fill_from(connection, simulation, first, until)
        seed_symptoms.register(connection, simulation, days, until)


def _register(connection: psycopg.Connection[tuple[object, ...]], simulation: Simulation) -> None:
    """The accounts are written down first: a password nobody knows would be of no use."""
    passwords = {login: new_password() for login in SHOWN}
    _write_accounts(passwords)
    seed.register(connection, simulation.county, simulation.meters, key=identity.load_key(), passwords=passwords)


def _write_accounts(passwords: dict[str, str]) -> None:
    path = endpoints.runtime_folder() / "secrets" / "accounts.txt"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.writelines(f"{login:<10} {password}  {SHOWN[login]}\n" for login, password in passwords.items())


def _fill_from(
    connection: psycopg.Connection[tuple[object, ...]], simulation: Simulation, first: date, until: datetime
) -> None:
    days = (until.date() - first).days + 1
    with tqdm(total=days, unit="day", desc="history") as bar:
        for filled in county.fill(connection, simulation, first, until):
            bar.update((filled.until.date() - first).days - bar.n)
        bar.update(days - bar.n)
