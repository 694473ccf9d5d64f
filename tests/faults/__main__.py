"""Runs every fault over at least 20,000 readings, prints the table and leaves it in `.runtime/faults.json`."""

from __future__ import annotations

import argparse
import json
import sys
import time
from datetime import UTC, datetime

from maixun import endpoints
from maixun.runtime import child
from tests.faults.scenarios import ALL
from tests.faults.verdict import Verdict, judge
from tests.faults.world import NotHealed, World, running_world

READINGS = 2800  # packets a scenario: some are repeated, some hold nothing, which leaves about 2,100 ids

_COLUMNS = ("given", "acknowledged", "ledger", "readings", "held", "lost", "doubled", "open_episodes", "missed")


def main() -> int:
    """All scenarios, or those whose names begin with the words given. Returns 1 when anything is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--readings", type=int, default=READINGS, help="packets a scenario (default %(default)s)")
    parser.add_argument("names", nargs="*", help="beginnings of scenarios' names")
    options = parser.parse_args()
    chosen = [name for name in ALL if not options.names or name.startswith(tuple(options.names))]
    with running_world() as world:
        verdicts = run(world, chosen, options.readings)
        unclean = world.stop()
    _leave(verdicts, unclean)
    return 1 if unclean or len(verdicts) < len(chosen) or any(verdict.problems for verdict in verdicts) else 0


def run(world: World, names: list[str], readings: int) -> list[Verdict]:
    """One scenario after another; ends early when one does not heal."""
    print(f"{'scenario':<32}{'s':>6}", *(f"{column.replace('_', ' '):>13}" for column in _COLUMNS), flush=True)
    verdicts: list[Verdict] = []
    for name in names:
        began, before = time.monotonic(), len(world.expected)
        try:
            ALL[name](world, readings)
        except NotHealed as why:
            print(f"{name:<32} did not heal: {why}", flush=True)
            for process in world.processes():
                print(f"— {process.name}\n{child.last_lines(process.log)}", flush=True)
            return verdicts
        verdict = judge(world, name, time.monotonic() - began, len(world.expected) - before)
        print(_line(verdict), flush=True)
        verdicts.append(verdict)
    return verdicts


def _line(verdict: Verdict) -> str:
    numbers = "".join(f"{getattr(verdict, column):>14}" for column in _COLUMNS)
    problems = ", ".join(f"{name} {count}" for name, count in verdict.problems.items())
    return f"{verdict.scenario:<32}{verdict.seconds:>6}{numbers}" + (f"  WRONG: {problems}" if problems else "")


def _leave(verdicts: list[Verdict], unclean: list[str]) -> None:
    given = sum(verdict.given for verdict in verdicts)
    lost, doubled = (max((getattr(v, name) for v in verdicts), default=0) for name in ("lost", "doubled"))
    print(f"{given} readings given, {lost} lost, {doubled} doubled")
    if unclean:
        print(f"did not stop cleanly within five seconds: {', '.join(unclean)}")
    folder = endpoints.runtime_folder()
    folder.mkdir(exist_ok=True)
    document = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "given": given,
        "stopped_uncleanly": unclean,
        "scenarios": [verdict.as_json() for verdict in verdicts],
    }
    (folder / "faults.json").write_text(json.dumps(document, indent=1))
    print(f"written to {folder / 'faults.json'}")


if __name__ == "__main__":
    sys.exit(main())
