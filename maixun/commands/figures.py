"""`maixun figures`: publishes the figures of dashboard and API, small cells hidden. One is enough."""

from __future__ import annotations

import argparse

from api.reporting import definitions, publisher
from api.reporting.publisher import FiguresSettings
from api.reporting.settings import ReportingSettings
from api.small_cells import SmallCells
from maixun import endpoints, logs, stopping
from maixun.configuration import settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It takes none: see `config/figures.yaml`."""
    parser.set_defaults()


def run(_options: argparse.Namespace) -> int:
    """Work until SIGTERM or SIGINT. Returns the exit code."""
    logs.start("figures")
    publisher.run(
        endpoints.database(),
        publisher.Publisher(
            definitions.load(),
            settings(FiguresSettings, "figures"),
            settings(ReportingSettings, "reporting"),
            settings(SmallCells, "small_cells").threshold,
        ),
        stopping.on_signals(),
    )
    return 0
