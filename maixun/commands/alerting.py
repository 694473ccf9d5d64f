"""`maixun alerting`: readings to alerts. Run as many as wanted; they share the people between them."""

from __future__ import annotations

import argparse

import holidays

from ingest.alerting import engine, fleet_round, review, rounds, rules, sentinel_round
from ingest.alerting.rounds import Round
from ingest.alerting.rules import Rules
from ingest.alerting.sentinel import SentinelSettings
from ingest.alerting.settings import AlertingSettings
from ingest.authenticity import store as questions
from ingest.authenticity.settings import AuthenticitySettings
from ingest.fleet_settings import FleetSettings
from ingest.followups import dispatcher, programmes
from maixun import collector, endpoints, logs, stopping
from maixun.configuration import load, load_all, settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It takes none: see `config/alerting.yaml`, `config/rules/` and the files of the rounds."""
    parser.set_defaults()


def run(_options: argparse.Namespace) -> int:
    """Work until SIGTERM or SIGINT. Returns the exit code."""
    logs.start("alerting")
    collector.relax()
    stop = stopping.on_signals()
    known, configured = rules.parse(load_all("rules/*.yaml")), settings(AlertingSettings, "alerting")
    beside = rounds.start(endpoints.database(), _rounds(known, configured), stop)
    engine.run(endpoints.database(), known, configured, stop)
    for thread in beside:
        thread.join()
    return 0


def _rounds(known: Rules, configured: AlertingSettings) -> list[Round]:
    sentinel = settings(SentinelSettings, "sentinel")
    quality = settings(AuthenticitySettings, "authenticity")
    rulebook = programmes.parse(load("programmes.yaml"), load("packages.yaml"))
    works = holidays.country_holidays("CN").is_working_day  # knows the weekends that are worked instead
    fleet = settings(FleetSettings, "fleet").troubles
    reviews = configured.reviews_at_once
    return [
        Round(
            name="review",
            every_seconds=configured.review_every_seconds,
            look=lambda connection, now: engine.review_all(connection, now, rules=known, people=reviews),
        ),
        Round(
            name="fleet",
            every_seconds=configured.trouble_every_seconds,
            look=lambda connection, now: fleet_round.look(connection, now, limits=fleet),
        ),
        Round(name="agreements", every_seconds=configured.agreements_every_seconds, look=review.find_missing),
        Round(
            name="sentinel",
            every_seconds=sentinel.look_every_seconds,
            look=lambda connection, now: sentinel_round.look(connection, sentinel, works, now),
        ),
        Round(
            name="data quality",
            every_seconds=min(quality.look_every_seconds, 600),
            look=lambda connection, now: questions.look(connection, quality, now),
        ),
        Round(
            name="follow-ups",
            every_seconds=dispatcher.EVERY_SECONDS,
            look=lambda connection, now: dispatcher.look(connection, rulebook, now),
        ),
    ]
