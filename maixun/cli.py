"""The command `maixun`: picks one subcommand and loads only its module, so an edge device needs no server packages."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from keyword import iskeyword

from maixun.configuration import ConfigurationError
from maixun.endpoints import NotRunning

COMMANDS = {
    "up": "run everything at once on embedded services (what `make run` does)",
    "gateway": "the edge: read meters, keep readings, pass them on",
    "ingest": "broker to database; run as many as wanted",
    "alerting": "readings to alerts; run as many as wanted",
    "rollup": "readings to figures: folds them by person and month",
    "figures": "figures for the CDC: counts, hides small cells, publishes",
    "rules": "try rules out on stored history",
    "notify": "alerts to people: escalation and channels; run as many as wanted",
    "api": "web pages and HTTP interface",
    "report": "the quarterly report: make, check, close, export",
    "migrate": "bring the database's schema up to date",
    "simulate": "the synthetic county: fill a history, then live",
    "replay-packets": "send captured GATT packets through the whole line",
    "ecg": "bring in recordings of a portable ECG",
    "clips": "make the spoken prompts of the kiosk, once",
    "decode": "show what one characteristic's bytes say",
    "fhir": "everything as FHIR R4, in bulk",
    "import": "residents, staff, stations, conditions, contracts, population from CSV, XLSX or FHIR",
    "admin": "accounts, devices and assignments",
}


def module_name(command: str) -> str:
    """The module of a command: its name as Python can write it."""
    return f"{command}_" if iskeyword(command) else command.replace("-", "_")


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point of the console command. Returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(
        prog="maixun", description="Maixun 脉讯: from a person's arm to the doctor who must act"
    )
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="command")
    chosen = next((word for word in given if not word.startswith("-")), None)
    for name, help_line in COMMANDS.items():
        subparser = subparsers.add_parser(name, help=help_line, description=help_line)
        if name == chosen:
            module = importlib.import_module(f"maixun.commands.{module_name(name)}")
            module.add_arguments(subparser)
            subparser.set_defaults(run=module.run)
    options = parser.parse_args(given)
    try:
        return int(options.run(options))
    except (ConfigurationError, NotRunning) as error:
        print(f"maixun {options.command}: {error}", file=sys.stderr)
        return 2
