"""A process that can be killed and started again with the same words."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from maixun.runtime import child

STOPS_WITHIN = 5.0  # seconds: what every process of ours promises


class Process:
    """`python -m <words>`; its log grows over restarts."""

    def __init__(self, name: str, *words: str, logs: Path, environment: Mapping[str, str]) -> None:
        """`environment` is added to ours."""
        logs.mkdir(exist_ok=True)
        self.name = name
        self.log = logs / f"{name}.log"
        self._command = [sys.executable, "-m", *words]
        self._environment = {**os.environ, **environment}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process_id(self) -> int:
        """The running process's id."""
        assert self._process is not None, f"{self.name} does not run"
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it is alive."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it; returns at once."""
        self._process = child.start(self._command, self.log, stop_signal=signal.SIGTERM, environment=self._environment)

    def kill(self) -> None:
        """kill -9."""
        assert self._process is not None, f"{self.name} does not run"
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """SIGTERM; returns the exit code, -9 when it did not end in time."""
        if self._process is None:
            return 0
        child.stop(self._process, signal.SIGTERM, STOPS_WITHIN)
        return self._process.returncode
