"""`maixun up` as a new user meets it: one command, pages that answer, the same county again, nothing left running."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psycopg
import pytest

from maixun.runtime import prefix
from maixun.runtime.service import free_port

SMALL_COUNTY = ("--residents", "40", "--days", "10")
PATIENCE = 120.0  # seconds; a busy machine starts six processes slowly


class Up:
    """One run of the command on a runtime folder, its output read as it comes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.output = folder / f"output-{self.port}"  # one a run: "it is running" must not be the run before
        words = [sys.executable, "-m", "maixun", "up", "--port", str(self.port), *SMALL_COUNTY]
        environment = {**os.environ, "MAIXUN_RUNTIME": str(folder), "MAIXUN_CACHE": str(prefix.cache_folder())}
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(words, env=environment, stdout=output, stderr=subprocess.STDOUT)

    def said(self) -> str:
        return self.output.read_text(errors="replace")

    def wait_until(self, holds: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < deadline, self.said()
            assert self.process.poll() is None, self.said()
            time.sleep(0.05)

    def wait_until_running(self) -> None:
        self.wait_until(lambda: "Ctrl-C stops everything" in self.said())

    def children(self) -> list[int]:
        tasks = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(number) for number in tasks.read_text().split()]

    def child(self, words: str) -> int | None:
        """The process whose command line holds `words`."""
        for number in self.children():
            if words in Path(f"/proc/{number}/cmdline").read_text().replace("\0", " "):
                return number
        return None

    def replaced(self, words: str, killed: int) -> bool:
        """Whether another process has taken the place of the one killed."""
        return self.child(words) not in {None, killed}

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Callable[[], Up]]:
    """Starts the command on one and the same folder; whatever still runs is stopped after the test."""
    started: list[Up] = []

    def start() -> Up:
        started.append(Up(tmp_path))
        return started[-1]

    yield start
    for run in started:
        if run.process.poll() is None:
            run.stop()


def readings(folder: Path) -> int:
    dsn = json.loads((folder / "endpoints.json").read_text())["database"]
    with psycopg.connect(dsn) as connection:
        row = connection.execute("select count(*) from telemetry.reading").fetchone()
    return row[0] if row else 0


def test_from_nothing_to_pages_and_again(up: Callable[[], Up], tmp_path: Path) -> None:
    first = up()
    first.wait_until_running()
    with urllib.request.urlopen(f"http://127.0.0.1:{first.port}/health/ready", timeout=30) as answer:
        assert json.load(answer)["ready"] is True
    accounts = (tmp_path / "secrets/accounts.txt").read_text()
    assert all(word in first.said() for word in accounts.split())
    kept = readings(tmp_path)
    assert kept > 0
    everything = first.children()
    assert first.stop() == 0
    assert [number for number in everything if Path(f"/proc/{number}").exists()] == []

    second = up()
    second.wait_until_running()
    assert readings(tmp_path) >= kept
    assert all(word in second.said() for word in accounts.split())
    assert second.stop() == 0


def test_what_is_killed_comes_back(up: Callable[[], Up]) -> None:
    run = up()
    run.wait_until_running()
    for words in ("maixun alerting", "bin/postgres -D"):
        killed = run.child(words)
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        run.wait_until(partial(run.replaced, words, killed))
    assert run.said().count("is started again") == 2
    assert run.stop() == 0


def test_a_second_one_on_the_same_folder_is_refused(up: Callable[[], Up]) -> None:
    first = up()
    first.wait_until(lambda: "maixun:" in first.said())
    second = up()
    assert second.process.wait(PATIENCE) == 1
    assert "already" in second.said()
    assert first.stop() == 0
