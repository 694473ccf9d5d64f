"""The shipped configuration, parsed as every process parses it."""

from __future__ import annotations

from datetime import timedelta, timezone

from devices import catalogue, clock, metrics
from maixun.configuration import load, load_all

SHANGHAI = timezone(timedelta(hours=8))
POLICY = clock.parse_policy(load("devices/clock.yaml"))
METRICS = metrics.parse(load("metrics.yaml"))
MODELS = catalogue.parse(load_all("devices/*.yaml"))
