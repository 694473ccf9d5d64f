"""The processes of the whole line on one machine, as one would start them by hand."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from maixun.runtime.program import Program
from maixun.runtime.service import Service

GONE_WITHIN = 4.5  # seconds for everything together: people wait five for a Ctrl-C
_OWN_SHARE = 3.0  # seconds of that for our own processes, the rest for the servers


def programs(logs: Path, *, port: int, county: Sequence[str] | None) -> list[Program]:
    """What runs beside the servers. `county`: options of `maixun simulate live`, or None to leave it out."""
    address = f"http://127.0.0.1:{port}"
    line = [
        Program("ingest-1", "ingest", logs=logs, environment={"MAIXUN_INGEST_WORKER": "ingest-1"}),
        Program("ingest-2", "ingest", logs=logs, environment={"MAIXUN_INGEST_WORKER": "ingest-2"}),
        Program("alerting", "alerting", logs=logs),
        Program("rollup", "rollup", logs=logs),
        Program("figures", "figures", logs=logs),
        Program("notify", "notify", logs=logs, environment={"MAIXUN_CHANNELS_PUBLIC_ADDRESS": address}),
        Program("api", "api", "--port", str(port), logs=logs),
    ]
    if county is not None:
        line.append(Program("simulate", "simulate", "live", *county, logs=logs))
    return line


def stop(line: Sequence[Program], servers: Sequence[Service]) -> None:
    """Stop everything: first our processes, all at once, then the servers they depend on."""
    began = time.monotonic()
    for program in line:
        program.ask_to_stop()
    for program in line:
        program.stop(within=max(0.1, began + _OWN_SHARE - time.monotonic()))
    for server in reversed(servers):
        server.stop(within=max(0.5, began + GONE_WITHIN - time.monotonic()))
