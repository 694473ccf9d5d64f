"""A kiosk: the gateway's real process, where wanted in a network of its own, with instruments on serial lines."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar
from zoneinfo import ZoneInfo

from gateway.kiosk.line_driver import framed
from gateway.outbox import Outbox
from maixun.runtime import child
from tests.harness.network import GATEWAY, Machine
from tests.ingest.line import eventually
from tests.kiosk.wires import Wire, wire

NAME = "gw-cellar"
INSTRUMENTS = {"blood_pressure": "cuff-1", "oximetry": "oximeter-1", "glucose": "glucometer-1"}
_COURSE = {"rest_seconds": 0.2, "between_seconds": 0.2, "differ_mmhg": 10}
_PATIENCE = 30.0
_STOPS_WITHIN = 5.0
_ZONE = ZoneInfo("Asia/Shanghai")


def _figure(value: float) -> dict[str, object]:
    return {"value": value, "source": "a test's patience", "verified": False}


@dataclass
class Station:
    """`machine`: in whose network it stands, None for ours. `broker`: its URL there. `port`: of the page.

    `told`: what instruments said, by their names, each with the time it gave itself if it has a clock.
    """

    folder: Path
    broker: str
    wires: dict[str, Wire]
    port: int
    machine: Machine | None = None
    told: list[tuple[str, datetime | None]] = field(default_factory=list)
    COMMAND: ClassVar[tuple[str, ...]] = (sys.executable, "-m", "maixun", "gateway", "--id", NAME, "--kiosk")

    def __post_init__(self) -> None:
        self.log = self.folder / "gateway.log"
        self.printed = self.folder / "printer"
        self.printed.touch()
        self._outbox = self.folder / "outbox.sqlite3"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Switch it on; returns when the page is there."""
        self._process = child.start(
            [*(self.machine.enter if self.machine else ()), *self.COMMAND, "--outbox", str(self._outbox)],
            self.log,
            stop_signal=signal.SIGTERM,
            environment=os.environ | self._settings(),
        )
        eventually(self._serves, f"the kiosk does not serve: see {self.log}")

    @property
    def process_id(self) -> int:
        """While it is on."""
        assert self._process is not None
        return self._process.pid

    def lose_power(self) -> None:
        """Nothing is tidied up: kill -9."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(_PATIENCE)

    def stop(self) -> None:
        """SIGTERM."""
        if self._process is not None and self._process.poll() is None:
            child.stop(self._process, signal.SIGTERM, _STOPS_WITHIN)

    def connect(self) -> socket.socket:
        """A connection as the kiosk's own browser makes it, within its network."""
        made = self.machine.socket() if self.machine else socket.socket()
        try:
            made.connect(("127.0.0.1", self.port))
        except OSError:
            made.close()
            raise
        return made

    def measure(self, measurement: str, values: str, *, stamped: bool) -> None:
        """An instrument says a value, `stamped` by its own clock, which is slow, and is told that it is kept."""
        number = len(self.told) + 1
        at = datetime.now(_ZONE).replace(microsecond=0) - timedelta(seconds=20 + number)
        stamp = f"time={at.replace(tzinfo=None).isoformat()};" if stamped else ""
        line = self.wires[measurement]
        line.says(framed(f"MX1;seq={number};type={measurement};{stamp}{values}"))
        ready, _, _ = select.select([line.end], [], [], _PATIENCE)
        answer = os.read(line.end, 4096) if ready else b""
        assert answer == framed(f"ACK;seq={number}"), answer
        self.told.append((INSTRUMENTS[measurement], at if stamped else None))

    def left(self) -> tuple[int, int]:
        """After it was stopped: how many readings wait for a receipt, and how many have one."""
        with closing(Outbox(self._outbox)) as outbox:
            counts = outbox.counts()
        return counts.unsettled, counts.stored

    def _serves(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, child.last_lines(self.log)
        try:
            self.connect().close()
        except OSError:
            return False
        return True

    def _settings(self) -> dict[str, str]:
        kiosk = {
            "host": "0.0.0.0",  # noqa: S104 - for phones; this network holds nobody but us
            "port": self.port,
            "course": {name: _figure(value) for name, value in _COURSE.items()},
            "instruments": [
                {"measures": measures, "by": "serial", "device": device, "port": self.wires[measures].path}
                for measures, device in INSTRUMENTS.items()
            ],
            "printer": {"kind": "file", "path": str(self.printed)},
            "phones_url": f"http://{GATEWAY}:{self.port}",
        }
        return {
            **{f"MAIXUN_KIOSK_{key.upper()}": json.dumps(value) for key, value in kiosk.items()},
            "MAIXUN_BROKER": self.broker,
            "MAIXUN_RUNTIME": str(self.folder),
            "MAIXUN_GATEWAY_KEEPALIVE_SECONDS": "2",
            "MAIXUN_GATEWAY_HEARTBEAT_SECONDS": "1",
            "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent",  # no Bluetooth here: the radio waits for one
        }


@contextmanager
def serial_lines() -> Iterator[dict[str, Wire]]:
    """A line for each instrument."""
    with ExitStack() as stack:
        yield {measurement: stack.enter_context(wire()) for measurement in INSTRUMENTS}
