"""`maixun ingest`: one worker from broker to database; start as many as wanted, each with its own `--worker`."""

from __future__ import annotations

import argparse

from ingest.service import run as run_service
from ingest.settings import IngestSettings
from maixun import configuration, endpoints, logs, stopping


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the subcommand."""
    parser.add_argument("--worker", help="the worker's stable name, by which the broker keeps its session")


def run(options: argparse.Namespace) -> int:
    """Work until SIGTERM."""
    logs.start("ingest")
    settings = configuration.settings(IngestSettings, "ingest")
    if options.worker:
        settings = IngestSettings.model_validate(settings.model_dump() | {"worker": options.worker})
    return run_service(settings, endpoints.database(), endpoints.broker(), stopping.on_signals())
