"""The gateway on a small machine: from a meter's packet to the outbox, a crowd of meters, and the memory it takes."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from devices import clock
from gateway.collector import Collector
from gateway.outbox import Outbox
from maixun import configuration
from maixun.runtime.service import free_port
from tests.bench import crowd, memory, readings
from tests.bench.figure import Figure
from tests.bench.outbox import bare_insert, timed

_PACKETS = 1500


def figures() -> Iterator[Figure]:
    """Latency, then the crowd without and with a kiosk."""
    yield from _latency()
    bare = memory.bare_interpreter()
    alone = crowd.measured()
    yield Figure(name=f"{crowd.METERS} meters at once, last reading at the server", unit="s",
                 value=alone.last_of_all, baseline_name=f"one meter alone, {crowd.METERS} times",
                 baseline=alone.one_alone * crowd.METERS)  # fmt: skip
    with_kiosk = crowd.measured("--kiosk", MAIXUN_KIOSK_PORT=str(free_port()))
    for what, run in (("gateway", alone), ("gateway with kiosk", with_kiosk)):
        for state, megabytes in (("idle", run.idle), (f"peak with {crowd.METERS} meters", run.busy)):
            yield Figure(name=f"{what}, memory, {state}", value=megabytes, unit="MB",
                         baseline_name="bare Python with asyncio", baseline=bare)  # fmt: skip


def _latency() -> Iterator[Figure]:
    """From the packet in the radio's hand to its reading in the outbox: journalled, decoded, stored, both durable."""
    with tempfile.TemporaryDirectory() as folder:
        ours = timed(_visits(Path(folder) / "outbox.db"), _PACKETS)
        bare = timed(bare_insert(Path(folder) / "bare.db"), _PACKETS)
    for name, part in (("p50", 500), ("p99", 990)):
        yield Figure(name=f"meter's packet to outbox, {name}", value=_share(ours, part), unit="ms",
                     baseline_name="bare SQLite commit", baseline=_share(bare, part))  # fmt: skip


def _visits(path: Path) -> Callable[[int], None]:
    outbox = Outbox(path)
    policy = clock.parse_policy(configuration.load("devices/clock.yaml"))
    collector = Collector(outbox, policy=policy, zone=ZoneInfo("Asia/Shanghai"))
    now = datetime.now(UTC)
    packets = [readings.packet(number, now - timedelta(seconds=_PACKETS - number)) for number in range(_PACKETS)]

    def visit(number: int) -> None:
        contact = collector.open(readings.meter(0))
        contact.packet("2A18", packets[number], now)
        contact.close()
        if number == _PACKETS - 1:
            assert outbox.counts().unsettled == _PACKETS
            outbox.close()

    return visit


def _share(seconds: list[float], part: int) -> float:
    """Milliseconds below which so many of a thousand are."""
    return 1000 * statistics.quantiles(seconds, n=1000, method="inclusive")[part - 1]
