"""The servers of `maixun up`: embedded ones, or those that `MAIXUN_DATABASE` and `MAIXUN_BROKER` name."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from maixun.endpoints import Endpoints
from maixun.runtime.binaries import services
from maixun.runtime.mosquitto import Mosquitto
from maixun.runtime.postgres import Postgres
from maixun.runtime.service import Service

DATABASE = "maixun"


class Embedded:
    """Whatever the environment does not name, below one folder."""

    def __init__(self, folder: Path, report: Callable[[str], None]) -> None:
        """Fetch the programs if any are needed. Raises `PackagesUnavailable`."""
        self._database = os.environ.get("MAIXUN_DATABASE")
        self._broker = os.environ.get("MAIXUN_BROKER")
        self.postgres: Postgres | None = None
        self.mosquitto: Mosquitto | None = None
        if self._database and self._broker:
            return
        binaries = services(report)
        if not self._database:
            self.postgres = Postgres(binaries.postgresql, folder / "postgresql")
        if not self._broker:
            self.mosquitto = Mosquitto(binaries.mosquitto, folder / "mosquitto")

    @property
    def servers(self) -> list[Service]:
        """Those of ours, database first."""
        return [server for server in (self.postgres, self.mosquitto) if server is not None]

    @property
    def owns_database(self) -> bool:
        """Whether the database is ours to fill with a synthetic county."""
        return self.postgres is not None

    def start(self) -> Endpoints:
        """Start what is ours. Returns where everything is; raises `ServiceFailed`."""
        for server in self.servers:
            server.start()
        if self.postgres is not None and not self.postgres.has(DATABASE):
            self.postgres.create(DATABASE)
        return Endpoints(
            database=self.postgres.dsn(DATABASE) if self.postgres else str(self._database),
            broker=self.mosquitto.url if self.mosquitto else str(self._broker),
        )
