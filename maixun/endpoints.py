"""Where the database and the broker are: the environment first, else what a running `maixun up` wrote down."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path


class NotRunning(Exception):
    """No database or broker is known; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """`database` is a libpq connection string, `broker` an URL `mqtt://[user[:password]@]host:port` or `mqtts://…`."""

    database: str
    broker: str


def runtime_folder() -> Path:
    """Where embedded services, keys and state live: `MAIXUN_RUNTIME`, else `.runtime` in the working folder."""
    return Path(os.environ.get("MAIXUN_RUNTIME", ".runtime")).absolute()


def secrets_folder() -> Path:
    """Where keys lie: those of the installation, and what a gateway got when it was enrolled."""
    return runtime_folder() / "secrets"


def write(endpoints: Endpoints) -> None:
    """Leave the addresses for the commands that come later (`maixun replay-packets …`)."""
    path = runtime_folder() / "endpoints.json"
    path.touch(mode=0o600)  # before the password is in it
    path.chmod(0o600)
    path.write_text(json.dumps(asdict(endpoints), indent=1))


def database() -> str:
    """The database's connection string. Raises `NotRunning`."""
    return os.environ.get("MAIXUN_DATABASE") or _written("database")


def broker() -> str:
    """The broker's URL. Raises `NotRunning`."""
    return os.environ.get("MAIXUN_BROKER") or _written("broker")


def _written(key: str) -> str:
    try:
        return str(json.loads((runtime_folder() / "endpoints.json").read_text())[key])
    except (FileNotFoundError, KeyError, ValueError):
        raise NotRunning(f"no {key} is known: start `make run` first, or set MAIXUN_{key.upper()}") from None
