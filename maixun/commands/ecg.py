"""`maixun ecg import FILE`: recordings of a portable ECG into the outbox and through the whole line."""

from __future__ import annotations

import argparse
import asyncio
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from devices.clock import parse_policy
from devices.reading import Flag, Reading, Unusable
from gateway.disk import OutboxFull, OutboxInUse
from gateway.outbox import Outbox
from gateway.replay import deliver
from gateway.salvage import opened
from gateway.settings import GatewaySettings
from maixun import configuration, endpoints, logs
from maixun.commands.gateway import outbox_path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The files, and whose they are."""
    commands = parser.add_subparsers(dest="ecg_command", required=True, metavar="command")
    importing = commands.add_parser("import", help="read CSV or EDF files; without one, send what still waits")
    importing.add_argument("files", type=Path, nargs="*", metavar="FILE", help="one recording each: see docs/ecg.md")
    importing.add_argument("--device", required=True, metavar="ADDRESS", help="as registered: address or serial number")
    importing.add_argument("--person", type=UUID, metavar="TOKEN", help="whose it is, where several use the device")
    importing.add_argument("--at", type=_moment, metavar="TIME", help="when it began, ISO 8601; else as the file says")
    importing.add_argument("--gateway", default="ecg", help="the gateway to send as (default: %(default)s)")
    importing.add_argument("--outbox", type=Path, help="its outbox (default: the gateway's in the runtime folder)")
    importing.add_argument("--wait", type=float, default=30.0, metavar="SECONDS", help="for receipts: %(default)s")


def run(options: argparse.Namespace) -> int:
    """Keep, send, say. 0: all received; 1: something waits, or was not readable; 2: a file or the set-up is wrong."""
    logs.start("ecg")
    settings = configuration.settings(GatewaySettings, "gateway")
    path = options.outbox or outbox_path(options.gateway)
    try:
        with closing(opened(path, settings.limits())) as outbox:
            kept = _import(options, settings, outbox) if options.files else {}
            sent = _send(options.gateway, settings, outbox, options.wait)
            outcomes = outbox.outcomes()
    except ModuleNotFoundError as error:
        if error.name not in ("numpy", "edfio"):
            raise
        print("reading ECGs needs numpy and edfio: install maixun[ecg]", file=sys.stderr)
        return 2
    except (OutboxInUse, OutboxFull, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    for file, entry in kept.items():
        print(f"{file}  {_says(entry)}  {_fate(outcomes.get(entry.reading_id))}")
    if not sent:
        print(f"kept in {path}; the next `maixun ecg import` sends what waits there", file=sys.stderr)
    return int(not sent or any(isinstance(entry, Unusable) for entry in kept.values()))


def _import(options: argparse.Namespace, settings: GatewaySettings, outbox: Outbox) -> dict[Path, Reading | Unusable]:
    """Everything is read before anything is kept. Imports numpy: nothing else here needs it."""
    from devices.ecg import criteria
    from devices.ecg.interpret import Arrival
    from devices.ecg.recording import NotARecording
    from gateway.ecg.driver import read
    from gateway.ecg.keeping import keep

    zone = settings.wall_clock()
    told = options.at.replace(tzinfo=options.at.tzinfo or zone) if options.at else None
    arrival = Arrival(received_at=datetime.now(UTC), zone=zone, person=options.person, started_at=told)
    policy = parse_policy(configuration.load("devices/clock.yaml"))
    limits = criteria.parse(configuration.load("ecg.yaml"))
    recordings = {file: read(file, options.device) for file in options.files}
    for file, recording in recordings.items():
        if recording.started_at is None and told is None:
            raise NotARecording(f"{file} does not say when it was recorded: say it with --at 2026-11-21T08:00")
    return {file: keep(one, arrival, outbox, policy=policy, criteria=limits) for file, one in recordings.items()}


def _send(gateway: str, settings: GatewaySettings, outbox: Outbox, seconds: float) -> bool:
    """Whether everything in the outbox has its receipt."""
    if not outbox.counts().unsettled:
        return True
    try:
        broker = endpoints.broker()
    except endpoints.NotRunning as error:
        print(error, file=sys.stderr)
        return False
    return asyncio.run(deliver(gateway, broker, outbox, settings, seconds=seconds))


def _says(entry: Reading | Unusable) -> str:
    if isinstance(entry, Unusable):
        return "not readable, record again"
    found = "; possible atrial fibrillation, needs a doctor's reading" if Flag.POSSIBLE_AF in entry.flags else ""
    return f"{entry.values['pulse']:.0f} /min{found}"


def _fate(outcome: tuple[str, str | None] | None) -> str:
    said, reason = outcome or ("no receipt yet", None)
    return f"{said} ({reason})" if reason else said


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
