"""One server process under our care: started, waited for, stopped, killed, started again on the same port and data."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from maixun.runtime import child
from maixun.runtime.errors import ServiceFailed
from maixun.runtime.unprivileged import Unprivileged

READY_WITHIN = 60.0  # seconds; a PostgreSQL killed while busy may replay a gigabyte of WAL before it answers
STOPPED_WITHIN = 10.0  # seconds; a shutdown writes what is in memory
SERVERS = range(20_000, 32_000)  # Linux gives 32768 and above to outgoing connections
_STOP = signal.SIGINT  # to PostgreSQL: fast shutdown; to Mosquitto: save and leave


class Service(ABC):
    """A server on 127.0.0.1 with one folder for its data and its log.

    Start it from the main thread: the kernel ends it with the thread that started it, none outlives a killed run.
    """

    name: str

    def __init__(self, folder: Path, port: int | None = None) -> None:
        """`folder` holds everything the service writes, kept between starts; without a `port` a free one is taken."""
        self.folder = folder
        self.port = port or free_port()
        self.user = Unprivileged.choose()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """The log file: grows over restarts."""
        return self.folder / "log"

    @property
    def running(self) -> bool:
        """Whether the process we started is alive."""
        return self.process_id is not None

    @property
    def process_id(self) -> int | None:
        """While it runs, as started by us."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> None:
        """Start and return when it answers. Raises `ServiceFailed`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._end_left_over()
        self.prepare()
        self.user.own(self.folder)
        self._process = child.start(self.command(), self.log, stop_signal=_STOP, user=self.user)
        self._wait_until_ready()

    def stop(self, within: float = STOPPED_WITHIN) -> None:
        """Stop cleanly; killed if that takes too long. Nothing happens when it does not run."""
        if self._process is not None:
            child.stop(self._process, _STOP, within)
            self._process = None

    def kill(self) -> None:
        """kill -9, as a crash would; `start` brings it back."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @abstractmethod
    def prepare(self) -> None:
        """Make data and configuration if they are not there yet."""

    @abstractmethod
    def command(self) -> Sequence[str]:
        """The server's command line, staying in the foreground."""

    @abstractmethod
    def answers(self) -> bool:
        """True once a client would be served."""

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_WITHIN
        while not (self.answers() and self.running):
            if not self.running or time.monotonic() > deadline:
                self.kill()
                raise ServiceFailed(f"{self.name} did not start:\n{child.last_lines(self.log)}")
            time.sleep(0.02)

    def _end_left_over(self) -> None:
        """A server on this very folder, left by a run that was killed, would hold its data: end it first."""
        deadline = time.monotonic() + READY_WITHIN
        for number in self._left_over():
            with suppress(ProcessLookupError):  # it ended meanwhile
                os.kill(number, _STOP)
        while self._left_over() and time.monotonic() < deadline:
            time.sleep(0.05)

    def _left_over(self) -> list[int]:
        """Ids of the same program working on our folder; none where there is no /proc."""
        program = Path(self.command()[0]).name
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
                same = (process / "exe").readlink().name == program
                works_here = (process / "cwd").readlink().is_relative_to(self.folder)
            except OSError:  # it ended meanwhile, or is somebody else's
                continue
            if same and (works_here or any(word.startswith(f"{self.folder}/") for word in words)):
                found.append(int(process.name))
        return found


def free_port() -> int:
    """A TCP port nobody uses on 127.0.0.1 now, below those that systems give to outgoing connections.

    From among those a client that tries again and again could be given the very port of a server that is being
    restarted, connect to itself, and keep the server out.
    """
    while True:
        port = SERVERS.start + secrets.randbelow(len(SERVERS))  # by chance: several start at once
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def is_free(port: int) -> bool:
    """Whether nobody listens on that port of 127.0.0.1."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
