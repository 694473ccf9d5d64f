"""`maixun replay-packets FILE`: captured GATT packets through the whole line, and what became of each."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from devices.clock import parse_policy
from gateway.captures import CaptureError, read
from gateway.collector import Collector
from gateway.disk import OutboxFull, OutboxInUse
from gateway.replay import NO_RECEIPT, Fate, collect, deliver, fates
from gateway.salvage import opened
from gateway.settings import GatewaySettings
from maixun import configuration, endpoints, logs

_REGISTER = "Readings of a device nobody registered are kept in quarantine. Register it, then release them:"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The file, and as whom it is sent."""
    parser.add_argument("file", type=Path, help="a JSON list or JSON lines: characteristic, hex, device, time, quirk")
    parser.add_argument("--gateway", default="replay", help="the gateway to send as (default: %(default)s)")
    parser.add_argument("--outbox", type=Path, help="keep them in this outbox (default: one that is thrown away)")
    parser.add_argument(
        "--wait", type=float, default=30.0, metavar="SECONDS", help="default: %(default)s, for receipts"
    )


def run(options: argparse.Namespace) -> int:
    """Send, wait, print the table. Returns 0 when every reading got its receipt, 1 when not, 2 for a wrong file."""
    logs.start("replay")
    settings = configuration.settings(GatewaySettings, "gateway")
    try:
        with tempfile.TemporaryDirectory() as folder:
            told, passed_over = _replay(options, settings, options.outbox or Path(folder) / "outbox.sqlite3")
    except (CaptureError, OutboxInUse, OutboxFull, configuration.ConfigurationError, endpoints.NotRunning) as error:
        print(error, file=sys.stderr)
        return 2
    _print(told, passed_over)
    return int(any(fate.outcome == NO_RECEIPT for fate in told))


def _replay(options: argparse.Namespace, settings: GatewaySettings, path: Path) -> tuple[list[Fate], int]:
    zone = settings.wall_clock()
    captures = read(options.file, zone=zone)
    broker = endpoints.broker()
    with closing(opened(path, settings.limits())) as outbox:
        policy = parse_policy(configuration.load("devices/clock.yaml"))
        made = collect(captures.packets, Collector(outbox, policy=policy, zone=zone))
        asyncio.run(deliver(options.gateway, broker, outbox, settings, seconds=options.wait))
        return fates(captures.packets, made, outbox), captures.passed_over


def _print(told: Sequence[Fate], passed_over: int) -> None:
    width = max((len(fate.capture.device) for fate in told), default=0)
    for fate in told:
        packet = fate.capture.packet
        print(
            f"{fate.capture.number:>4}  {fate.capture.device:<{width}}  {packet.characteristic:<16}  "
            f"{fate.outcome:<12} {fate.reason or ''}".rstrip()
        )
    counts = Counter(f"{fate.outcome} ({fate.reason})" if fate.reason else fate.outcome for fate in told)
    print(f"\n{len(told)} packets:", ", ".join(f"{count} {what}" for what, count in counts.most_common()))
    if passed_over:
        print(f"{passed_over} entries are numbers alone, not packets, and were passed over")
    unknown = next((fate.capture.device for fate in told if fate.reason == "unknown_device"), None)
    if unknown:
        print(_REGISTER, f"maixun admin device --help   (for example {unknown})", sep="\n  ")
