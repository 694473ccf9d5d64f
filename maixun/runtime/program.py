"""One of our own processes (`maixun ingest`, `maixun api` …) as a child with a log file of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from maixun.runtime import child

_STOP = signal.SIGTERM


class Program:
    """`maixun <words>`; started again and again by the supervisor as it dies."""

    def __init__(self, name: str, *words: str, logs: Path, environment: Mapping[str, str] | None = None) -> None:
        """`environment` is added to ours; the log is `<logs>/<name>.log`, the last run's is kept as `.log.1`."""
        self.name = name
        self.log = logs / f"{name}.log"
        self._command = [sys.executable, "-m", "maixun", *words]
        self._environment = {**os.environ, **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None
        logs.mkdir(parents=True, exist_ok=True)
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".log.1"))

    @property
    def running(self) -> bool:
        """Whether the process we started is alive."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it; returns at once."""
        self._process = child.start(self._command, self.log, stop_signal=_STOP, environment=self._environment)

    def ask_to_stop(self) -> None:
        """SIGTERM, so that several can stop at the same time."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(_STOP)

    def stop(self, within: float) -> None:
        """SIGTERM and wait; killed after `within` seconds."""
        if self._process is not None:
            child.stop(self._process, _STOP, within)
            self._process = None

    def finish(self, within: float) -> int:
        """Wait for a program that ends by itself. Returns its exit code; raises `subprocess.TimeoutExpired`."""
        assert self._process is not None, "start it first"  # noqa: S101
        return self._process.wait(within)
