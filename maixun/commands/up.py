"""`maixun up`: everything at once on embedded services, with a synthetic county to look at."""

from __future__ import annotations

import argparse
import signal
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import FrameType

from psycopg import OperationalError

from api.settings import ApiSettings
from gateway.kiosk.settings import KioskSettings
from ingest.migrate import MigrationRefused, migrate
from maixun import endpoints
from maixun.configuration import ConfigurationError, settings
from maixun.demonstration import PHONE, PIN
from maixun.runtime import child, line
from maixun.runtime.embedded import Embedded
from maixun.runtime.errors import PackagesUnavailable, ServiceFailed
from maixun.runtime.only_one import AlreadyRunning, only_one
from maixun.runtime.program import Program
from maixun.runtime.service import Service, free_port, is_free
from maixun.runtime.supervisor import Supervisor

EMBEDDED_FAILED = (PackagesUnavailable, ServiceFailed)
READY_WITHIN = 60.0  # seconds for the pages; on a slow disk the first connections take their time


class Stopped(Exception):
    """SIGTERM or Ctrl-C."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How large a county, and where the pages are."""
    parser.add_argument("--port", type=int, help="port of the pages (default: config/api.yaml, another if it is taken)")
    parser.add_argument(
        "--county",
        action=argparse.BooleanOptionalAction,
        help="fill in and play the synthetic county (default: yes, but not in a database that MAIXUN_DATABASE names)",
    )
    parser.add_argument("--days", default="365", help="days of the county's history (default: %(default)s)")
    parser.add_argument("--residents", help="how many people live in it (default: config/simulate.yaml)")


def run(options: argparse.Namespace) -> int:
    """Run everything until SIGTERM or Ctrl-C. Returns the exit code."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _raise_stopped)
    try:
        with only_one(endpoints.runtime_folder()):
            _run(options, endpoints.runtime_folder())
    except Stopped:
        say("stopped")
    except (AlreadyRunning, ConfigurationError, MigrationRefused, OperationalError, *EMBEDDED_FAILED) as why:
        print(why, file=sys.stderr)
        return 1
    return 0


def say(line: str) -> None:
    """Progress, one line a step."""
    print(f"maixun: {line}", flush=True)


def _run(options: argparse.Namespace, folder: Path) -> None:
    embedded = Embedded(folder, say)
    county = _county_options(options, embedded)
    running: list[Program] = []
    try:
        say("starting PostgreSQL and Mosquitto")
        where = embedded.start()
        endpoints.write(where)
        for name in migrate(where.database):
            say(f"schema: {name}")
        if county is not None:
            _fill(running, folder, [*county, "--days", options.days])
        port = _port(options.port, settings(ApiSettings, "api").port)
        kiosk = None if county is None else _port(None, settings(KioskSettings, "kiosk").port)
        live = None if county is None else [*county, "--kiosk-port", str(kiosk)]
        running += line.programs(folder / "logs", port=port, county=live)
        _play(running, embedded.servers, folder, port, kiosk)
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C shall not interrupt the stopping
        line.stop(running, embedded.servers)


def _county_options(options: argparse.Namespace, embedded: Embedded) -> list[str] | None:
    if options.county is False:
        return None
    if options.county is None and not embedded.owns_database:
        say("no synthetic county in a database of yours; `maixun up --county` puts it in")
        return None
    return ["--residents", options.residents] if options.residents else []


def _fill(running: list[Program], folder: Path, county: list[str]) -> None:
    say("the synthetic county: filling in its history (at the first start a few minutes)")
    fill = Program("fill", "simulate", "fill", *county, logs=folder / "logs", on_terminal=True)
    running.append(fill)
    fill.start()
    if fill.finish():
        raise ServiceFailed("the county's history could not be filled in, see above")
    running.remove(fill)


def _play(running: list[Program], servers: list[Service], folder: Path, port: int, kiosk: int | None) -> None:
    say("starting ingest (2), alerting, pages")
    for program in running:
        program.start()
    _wait_for_pages(f"http://127.0.0.1:{port}", next(program for program in running if program.name == "api"))
    _welcome(folder, port, kiosk)
    supervisor = Supervisor([*servers, *running], say)
    if kiosk is not None:
        running.append(_clips(folder))
    supervisor.run()


def _clips(folder: Path) -> Program:
    """Makes the kiosk's spoken prompts beside everything else and ends; until then, or without them, it is silent."""
    clips = Program("clips", "clips", logs=folder / "logs")
    clips.start()
    return clips


def _wait_for_pages(address: str, api: Program) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while not _ready(address):
        if not api.running or time.monotonic() > deadline:
            raise ServiceFailed(f"the pages did not start:\n{child.last_lines(api.log)}")
        time.sleep(0.1)


def _ready(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/health/ready", timeout=5) as answer:  # noqa: S310 our own http address
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def _port(given: int | None, configured: int) -> int:
    if given or is_free(configured):
        return given or configured
    say(f"port {configured} is taken, using another")
    return free_port()


def _welcome(folder: Path, port: int, kiosk: int | None) -> None:
    accounts = folder / "secrets" / "accounts.txt"
    print(f"\n  Maixun is running: http://127.0.0.1:{port}/\n")
    if accounts.is_file():
        print("\n".join(f"    {account}" for account in accounts.read_text().splitlines()))
    if kiosk is not None:
        print(f"\n  A station's kiosk: http://127.0.0.1:{kiosk}/ (phone {PHONE} with PIN {PIN}, or as a guest)")
    print(f"\n  Logs are in {folder / 'logs'}. Ctrl-C stops everything.\n", flush=True)


def _raise_stopped(_number: int, _frame: FrameType | None) -> None:
    raise Stopped
