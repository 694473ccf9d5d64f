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

    def __init__(
        self,
        name: str,
        *words: str,
        logs: Path,
        environment: Mapping[str, str] | None = None,
        on_terminal: bool = False,
    ) -> None:
        """`environment` is added to ours. The log is `<logs>/<name>.log`, the last run's is kept as `.log.1`.

        `on_terminal`: it shows its progress to the person at ours instead of writing a log.
        """
        self.name = name
        self.log = logs / f"{name}.log"
        self._command = [sys.executable, "-m", "maixun", *words]
        self._environment = {**os.environ, **(environment or {})}
        self._on_terminal = on_terminal
        self._process: subprocess.Popen[bytes] | None = None
        logs.mkdir(parents=True, exist_ok=True)
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".log.1"))

    @property
    def running(self) -> bool:
        """Whether the process we started is alive."""
        return self.process_id is not None

    @property
    def process_id(self) -> int | None:
        """While it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> None:
        """Start it; returns at once."""
        log = None if self._on_terminal else self.log
        self._process = child.start(self._command, log, stop_signal=_STOP, environment=self._environment)

    def ask_to_stop(self) -> None:
        """SIGTERM, so that several can stop at the same time."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(_STOP)

    def stop(self, within: float) -> int:
        """SIGTERM and wait; killed after `within` seconds. Returns the exit code, 0 if it does not run any more."""
        if self._process is None:
            return 0
        child.stop(self._process, _STOP, within)
        process, self._process = self._process, None
        return process.returncode

    def finish(self) -> int:
        """Wait for a started program that ends by itself. Returns its exit code, 0 if it was never started."""
        return self._process.wait() if self._process else 0
