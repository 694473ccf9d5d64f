"""`maixun rollup`: readings folded by person and month, so that the CDC's figures answer at once. One is enough."""

from __future__ import annotations

import argparse

from ingest import rollup
from ingest.rollup import RollupSettings
from maixun import endpoints, logs, stopping
from maixun.configuration import settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It takes none: see `config/rollup.yaml`."""
    parser.set_defaults()


def run(_options: argparse.Namespace) -> int:
    """Work until SIGTERM or SIGINT. Returns the exit code."""
    logs.start("rollup")
    rollup.run(endpoints.database(), settings(RollupSettings, "rollup"), stopping.on_signals())
    return 0
