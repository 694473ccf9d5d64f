"""Runs the benchmarks, prints a table and leaves it in `.runtime/bench.json`."""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime

from maixun import endpoints
from tests.bench.figure import Figure

BENCHMARKS = (
    "decoding",
    "outbox",
    "notices",
    "imports",
    "ingestion",
    "line",
    "backlog",
    "alerting",
    "ecg",
    "edge",
    "kiosk",
    "install",
    "suppression",
    "reports",
    "published_figures",
    "alerts_a_week",
    "consoles",
    "dashboard",
)


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all."""
    unknown = set(names) - set(BENCHMARKS)
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    found = []
    for name in names or BENCHMARKS:
        began = time.monotonic()
        print(f"— {name}", flush=True)
        for figure in importlib.import_module(f"tests.bench.{name}").figures():
            print(figure.line(), flush=True)
            found.append(figure)
        print(f"  ({time.monotonic() - began:.0f} s)", flush=True)
    _leave(found)
    return 0


def _leave(found: list[Figure]) -> None:
    folder = endpoints.runtime_folder()
    folder.mkdir(exist_ok=True)
    document = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "figures": [asdict(figure) | {"ratio": figure.ratio} for figure in found],
    }
    (folder / "bench.json").write_text(json.dumps(document, indent=1, ensure_ascii=False))
    print(f"written to {folder / 'bench.json'}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
