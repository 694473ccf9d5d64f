"""`maixun notify`: who is told of an alert, and by what. Run as many as wanted; none of them holds up the alerting."""

from __future__ import annotations

import argparse
import sys

from ingest.alerting import notifier, rules
from ingest.alerting.policy import EscalationSettings
from ingest.identity import IdentityKeyError, load_key
from maixun import endpoints, logs, stopping
from maixun.configuration import load_all, settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It takes none: see `config/escalation.yaml` and `config/channels.yaml`."""
    parser.set_defaults()


def run(_options: argparse.Namespace) -> int:
    """Work until SIGTERM or SIGINT. Returns the exit code."""
    logs.start("notify")
    known = rules.parse(load_all("rules/*.yaml"))
    causes = {name: cause.label.zh for file in known.files for name, cause in file.causes.items()}
    stop = stopping.on_signals()
    try:
        notifier.run(endpoints.database(), settings(EscalationSettings, "escalation"), causes, load_key(), stop)
    except IdentityKeyError as error:
        print(error, file=sys.stderr)
        return 1
    return 0
