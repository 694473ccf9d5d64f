"""A private message bus: the real dbus-daemon on a socket of its own, standing where the system bus would be."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_CONFIGURATION = """<busconfig>
  <type>custom</type>
  <listen>unix:dir={folder}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
    <allow own="*"/>
  </policy>
</busconfig>"""


@contextmanager
def private_bus(dbus_daemon: Path) -> Iterator[str]:
    """Runs a bus for the length of the block and gives its address, to be set as `DBUS_SYSTEM_BUS_ADDRESS`."""
    with tempfile.TemporaryDirectory(prefix="maixun-bus-") as folder:
        configuration = Path(folder) / "bus.conf"
        configuration.write_text(_CONFIGURATION.format(folder=folder), encoding="utf-8")
        command = [str(dbus_daemon), f"--config-file={configuration}", "--print-address", "--nofork", "--nosyslog"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as daemon:
            try:
                assert daemon.stdout is not None
                address = daemon.stdout.readline().strip()
                assert address, f"{dbus_daemon} did not start: run it by hand with --config-file to see why"
                yield address
            finally:
                daemon.terminate()
