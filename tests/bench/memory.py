"""Resident memory of a process, as the kernel counts it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_BARE = "import asyncio; asyncio.run(asyncio.sleep(0)); print(flush=True); input()"


def resident(process_id: int | None) -> float:
    """Megabytes now."""
    return _megabytes(process_id, "VmRSS")


def most(process_id: int | None) -> float:
    """Megabytes at most since it began."""
    return _megabytes(process_id, "VmHWM")


def bare_interpreter() -> float:
    """Megabytes of a Python that has run an event loop and nothing else."""
    with subprocess.Popen([sys.executable, "-c", _BARE], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as bare:
        assert bare.stdout is not None
        bare.stdout.readline()
        found = resident(bare.pid)
        bare.communicate(b"\n")
    return found


def _megabytes(process_id: int | None, field: str) -> float:
    status = Path(f"/proc/{process_id}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith(field))
    return int(line.split()[1]) / 1024
