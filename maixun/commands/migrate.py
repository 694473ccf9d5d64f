"""`maixun migrate`: bring the database's schema up to date."""

from __future__ import annotations

import argparse

from ingest.edition import Timescale
from ingest.migrate import migrate
from maixun import endpoints, logs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the subcommand."""
    parser.add_argument(
        "--timescale",
        type=Timescale,
        choices=list(Timescale),
        default=Timescale.AUTO,
        help="use TimescaleDB where the server has it (auto), insist on it (require), or leave it alone (never)",
    )


def run(options: argparse.Namespace) -> int:
    """Migrate the database that `MAIXUN_DATABASE` or a running `maixun up` names."""
    logs.start("migrate")
    applied = migrate(endpoints.database(), timescale=options.timescale)
    print(f"{len(applied)} migrations applied" if applied else "the schema is up to date")
    return 0
