"""A Mosquitto broker of our own on 127.0.0.1."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from pathlib import Path

from maixun.runtime.service import Service

# Mosquitto's defaults drop what does not fit its queues, after acknowledging it; nothing here may be dropped silently.
_CONFIGURATION = """\
per_listener_settings false
listener {port} 127.0.0.1
allow_anonymous true
persistence true
persistence_location {data}/
autosave_interval 30
max_queued_messages 0
max_queued_bytes 0
max_inflight_messages 0
max_inflight_bytes 0
max_keepalive 120
set_tcp_nodelay true
log_dest stdout
log_type error
log_type warning
log_type notice
connection_messages false
"""


class Mosquitto(Service):
    """Anonymous on loopback; a real installation has TLS and an account for each gateway."""

    name = "mosquitto"

    def __init__(self, program: Path, folder: Path, *, port: int | None = None) -> None:
        """`program` is Mosquitto 2.0.18 or later; `folder` keeps its stored sessions, configuration and log."""
        super().__init__(folder, port)
        self.program = program

    @property
    def url(self) -> str:
        """`mqtt://127.0.0.1:<port>`."""
        return f"mqtt://127.0.0.1:{self.port}"

    def prepare(self) -> None:
        """Write the configuration; stored sessions stay."""
        data = self.folder / "data"
        data.mkdir(exist_ok=True)
        self._configuration.write_text(_CONFIGURATION.format(port=self.port, data=data))

    def command(self) -> Sequence[str]:
        """mosquitto in the foreground."""
        return [str(self.program), "-c", str(self._configuration)]

    def answers(self) -> bool:
        """True once the port accepts a connection."""
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=2).close()
        except OSError:
            return False
        return True

    @property
    def _configuration(self) -> Path:
        return self.folder / "mosquitto.conf"
