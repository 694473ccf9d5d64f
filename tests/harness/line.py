"""The whole server side on real parts with real fsync: servers, database, broker and our processes, in one folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from ingest.migrate import migrate
from maixun.runtime.binaries import services
from maixun.runtime.mosquitto import Mosquitto
from maixun.runtime.postgres import Postgres
from maixun.runtime.program import Program
from maixun.runtime.service import free_port

_STOP_WITHIN = 5.0


class Line:
    """Servers with a migrated database; programs are added with `start`."""

    def __init__(self, folder: Path) -> None:
        """Use `running_line`."""
        found = services(print)
        self.folder = folder
        self.postgres = Postgres(found.postgresql, folder / "postgres")
        self.mosquitto = Mosquitto(found.mosquitto, folder / "mosquitto")
        self.postgres.start()
        self.database = self.postgres.create("maixun")
        migrate(self.database)
        self.mosquitto.start()
        self.programs: list[Program] = []

    def start(self, name: str, *words: str, **environment: str) -> Program:
        """Start `maixun <words>` against these servers; its log is `<folder>/logs/<name>.log`."""
        known = {
            "MAIXUN_DATABASE": self.database,
            "MAIXUN_BROKER": self.mosquitto.url,
            "MAIXUN_RUNTIME": str(self.folder),
        }
        program = Program(name, *words, logs=self.folder / "logs", environment=known | environment)
        program.start()
        self.programs.append(program)
        return program

    def start_ingest(self, workers: int = 1) -> list[Program]:
        """Start that many workers and wait until the broker keeps readings for each."""
        started = [self.start(f"ingest-{n}", "ingest", "--worker", f"ingest-{n}") for n in range(1, workers + 1)]
        for program in started:
            wait_until(lambda program=program: b"subscribed:" in program.log.read_bytes())  # type: ignore[misc]
        return started

    def start_api(self) -> str:
        """Start the pages and wait until they hear of alerts; returns their address."""
        port = free_port()
        api = self.start("api", "api", "--port", str(port))
        wait_until(lambda: b"listening for alerts" in api.log.read_bytes())
        return f"http://127.0.0.1:{port}"

    def count(self, table: str) -> int:
        """Rows of a table."""
        with psycopg.connect(self.database) as connection:
            row = connection.execute(f"select count(*) from {table}".encode()).fetchone()  # noqa: S608 - our own names
        return int(row[0]) if row else 0

    def stop(self) -> None:
        """Stop everything, clients first."""
        for program in self.programs:
            program.ask_to_stop()
        for program in self.programs:
            program.stop(_STOP_WITHIN)
        self.mosquitto.stop()
        self.postgres.stop()


@contextmanager
def running_line() -> Iterator[Line]:
    """A line in a temporary folder, stopped at the end."""
    with TemporaryDirectory(prefix="maixun-") as folder:
        Path(folder).chmod(0o755)  # the servers may run as another user
        line = Line(Path(folder))
        try:
            yield line
        finally:
            line.stop()


def wait_until(true: Callable[[], bool], seconds: float = 30.0) -> None:
    """Look often until it holds. Raises `TimeoutError`."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not true within {seconds:.0f} s")
        time.sleep(0.02)
