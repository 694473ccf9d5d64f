"""What the fault suite relies on: a killed server comes back on the same port with the same data."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from maixun.runtime.binaries import Binaries
from maixun.runtime.errors import ServiceFailed
from maixun.runtime.mosquitto import Mosquitto
from maixun.runtime.postgres import Postgres
from maixun.runtime.unprivileged import AS_NOBODY, AS_WE_ARE


@pytest.fixture
def durable(binaries: Binaries, tmp_path: Path) -> Iterator[Postgres]:
    server = Postgres(binaries.postgresql, tmp_path / "postgres")
    server.start()
    yield server
    server.stop()


def note(server: Postgres, text: str) -> None:
    with psycopg.connect(server.dsn()) as connection:
        connection.execute("create table if not exists note (text text)")
        connection.execute("insert into note values (%s)", [text])


def notes(server: Postgres) -> list[str]:
    with psycopg.connect(server.dsn()) as connection:
        return [text for (text,) in connection.execute("select text from note order by text")]


def test_what_was_committed_survives_kill_9_on_the_same_port(durable: Postgres) -> None:
    port = durable.port
    note(durable, "before")
    durable.kill()
    assert not durable.running
    durable.start()  # over the stale pid file the crash left
    note(durable, "after")
    assert (durable.port, notes(durable)) == (port, ["after", "before"])


def test_a_server_left_by_a_killed_run_is_taken_over(durable: Postgres, binaries: Binaries) -> None:
    """The new run finds the data held by a process it did not start."""
    note(durable, "kept")
    left_over = durable.process_id
    successor = Postgres(binaries.postgresql, durable.folder)
    successor.start()
    try:
        assert successor.process_id != left_over
        assert not durable.running
        assert notes(successor) == ["kept"]
    finally:
        successor.stop()


def test_commits_are_durable_unless_a_test_says_otherwise(durable: Postgres, postgres: Postgres) -> None:
    def settings(server: Postgres) -> list[str]:
        with psycopg.connect(server.dsn()) as connection:
            rows = [connection.execute(f"show {name}").fetchone() for name in ("fsync", "synchronous_commit")]
            return [row[0] for row in rows if row]

    assert settings(durable) == ["on", "on"]
    assert settings(postgres) == ["off", "off"]


def test_nobody_enters_without_the_password(durable: Postgres) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(durable.dsn(), password="guess")
    assert (durable.folder / "password").stat().st_mode & 0o077 == 0


def test_root_can_start_it_where_user_namespaces_are_blocked_in_a_closed_home(
    binaries: Binaries, tmp_path: Path
) -> None:
    """As in many containers. For everybody but root this is the ordinary start."""
    tmp_path.chmod(0o700)
    (tmp_path / "programs").symlink_to(binaries.postgresql)
    server = Postgres(tmp_path / "programs", tmp_path / "postgresql")
    server.user = AS_NOBODY if os.geteuid() == 0 else AS_WE_ARE
    server.start()
    try:
        note(server, "kept")
        server.kill()
        server.start()
        assert notes(server) == ["kept"]
    finally:
        server.stop()


def test_a_failed_start_says_what_the_server_said(durable: Postgres, binaries: Binaries, tmp_path: Path) -> None:
    second = Postgres(binaries.postgresql, tmp_path / "second", port=durable.port)
    with pytest.raises(ServiceFailed, match=r"could not bind|Address already in use"):
        second.start()


def test_the_broker_comes_back_on_the_same_port(binaries: Binaries, tmp_path: Path) -> None:
    server = Mosquitto(binaries.mosquitto, tmp_path / "mosquitto")
    server.start()
    try:
        url = server.url
        server.kill()
        assert not server.answers()
        server.start()
        assert (server.url, server.answers()) == (url, True)
    finally:
        server.stop()


KILLED_RUN = """
import os, pathlib, signal, sys
from maixun.runtime.mosquitto import Mosquitto
server = Mosquitto(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
server.start()
print(server.process_id, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_server_does_not_outlive_the_run_that_started_it(binaries: Binaries, tmp_path: Path) -> None:
    """A killed test run cannot tidy up; the kernel ends its servers instead."""
    words = [sys.executable, "-c", KILLED_RUN, str(binaries.mosquitto), str(tmp_path / "mosquitto")]
    run = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode == -signal.SIGKILL
    wait_until(lambda: not Path(f"/proc/{int(run.stdout)}").exists())


def wait_until(holds: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)
