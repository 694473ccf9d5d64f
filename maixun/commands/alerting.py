"""`maixun alerting`: readings to alerts. Run as many as wanted; they share the people between them."""

from __future__ import annotations

import argparse

from ingest.alerting import engine, rules
from ingest.alerting.settings import AlertingSettings
from maixun import endpoints, logs, stopping
from maixun.configuration import load_all, settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It takes none: see `config/alerting.yaml` and `config/rules/`."""
    parser.set_defaults()


def run(_options: argparse.Namespace) -> int:
    """Work until SIGTERM or SIGINT. Returns the exit code."""
    logs.start("alerting")
    stop = stopping.on_signals()
    engine.run(
        endpoints.database(), rules.parse(load_all("rules/*.yaml")), settings(AlertingSettings, "alerting"), stop
    )
    return 0
