"""A crowd of meters around one gateway: its real process and the real bleak, on a virtual radio, a real broker behind.

What the virtual radio does not have is the air: links open at once and no packet is lost. So times are those of our
own work and of the message bus; a real link adds about a second a meter.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID
from zoneinfo import ZoneInfo

from maixun.runtime.binaries import dbus_daemon, services
from maixun.runtime.mosquitto import Mosquitto
from maixun.runtime.program import Program
from tests.bench import memory
from tests.gateway.server import Server
from tests.harness.radio import packets
from tests.harness.radio.adapter import VirtualRadio
from tests.harness.radio.air import Air
from tests.harness.radio.bus import private_bus
from tests.harness.radio.glucose_meter import GlucoseMeter
from tests.harness.radio.indicating_meter import BloodPressureMeter, Oximeter, Thermometer
from tests.harness.radio.meter import Meter

METERS = 20
_GATEWAY = "gw-crowd"
_PATIENCE = 120.0
_ZONE = ZoneInfo("Asia/Shanghai")
_SETTLED = 3.0  # seconds until a process that has nothing to do has the memory it keeps
_STOPS_WITHIN = 5.0


@dataclass(frozen=True, slots=True)
class Crowd:
    """What one run gave: seconds, and megabytes of resident memory."""

    one_alone: float
    last_of_all: float
    idle: float
    busy: float


def measured(*words: str, **environment: str) -> Crowd:
    """Run a gateway with these words more, visited by one meter and then by `METERS` that begin at the same moment."""
    with _surroundings() as (folder, broker):
        return asyncio.run(_measured(folder, broker, words, environment))


async def _measured(folder: Path, broker: str, words: Sequence[str], environment: dict[str, str]) -> Crowd:
    async with VirtualRadio() as air, _gateway(folder, broker, words, environment) as program:
        with Server(broker, _GATEWAY) as server:
            await air.diary.until("scan")
            await asyncio.sleep(_SETTLED)
            idle = memory.resident(program.process_id)
            one_alone = await _until_heard(air, server, [0])
            last_of_all = await _until_heard(air, server, range(1, METERS + 1))
            return Crowd(one_alone, last_of_all, idle, memory.most(program.process_id))


async def _until_heard(air: Air, server: Server, numbers: Sequence[int]) -> float:
    """Seconds until the readings of all these meters are at the server, each exactly once."""
    before = set(server.came)
    async with _switched_on(air, numbers) as began:
        arrived = await asyncio.to_thread(server.wait, lambda: len(_new(server, before)) >= len(numbers), _PATIENCE)
        seconds = time.perf_counter() - began
    if not arrived or set(_new(server, before).values()) != {1}:
        raise AssertionError(f"of {len(numbers)} readings these came, so often: {_new(server, before)}")
    return seconds


def _new(server: Server, before: set[UUID]) -> dict[UUID, int]:
    return {reading: times for reading, times in server.came.items() if reading not in before}


@asynccontextmanager
async def _switched_on(air: Air, numbers: Sequence[int]) -> AsyncIterator[float]:
    """Each with one record; gives the moment at which they begin to advertise."""
    async with AsyncExitStack() as stack:
        meters = [_meter(air, number) for number in numbers]
        began = time.perf_counter()
        for meter in meters:
            await stack.enter_async_context(meter)
        yield began


def _meter(air: Air, number: int) -> Meter:
    """Four kinds in turn; all but glucose meters hang up after their records, as the most do."""
    address, at = f"F0:F1:F2:F3:F5:{number:02X}", datetime.now(_ZONE).replace(tzinfo=None) - timedelta(minutes=1)
    match number % 4:
        case 0:
            return BloodPressureMeter(radio=air, address=address, records=[packets.blood_pressure(128, 82, at)])
        case 1:
            return Thermometer(radio=air, address=address, records=[packets.temperature(36.5, at)])
        case 2:
            return Oximeter(radio=air, address=address, records=[packets.spot_check(97, 70, at)])
    return GlucoseMeter(radio=air, address=address, records=[packets.glucose(number, 100, at)])


@contextmanager
def _surroundings() -> Iterator[tuple[Path, str]]:
    """A message bus that stands for the system's, and a broker: its URL."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="maixun-")))
        folder.chmod(0o755)  # the broker may run as another user
        os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = stack.enter_context(private_bus(dbus_daemon(print)))
        stack.callback(os.environ.pop, "DBUS_SYSTEM_BUS_ADDRESS")
        mosquitto = Mosquitto(services(print).mosquitto, folder / "mosquitto")
        mosquitto.start()
        stack.callback(mosquitto.stop)
        yield folder, mosquitto.url


@asynccontextmanager
async def _gateway(
    folder: Path, broker: str, words: Sequence[str], environment: dict[str, str]
) -> AsyncIterator[Program]:
    known = {"MAIXUN_BROKER": broker, "MAIXUN_RUNTIME": str(folder)}
    program = Program(
        "gateway", "gateway", "--id", _GATEWAY, *words, logs=folder / "logs", environment=known | environment
    )
    program.start()
    try:
        yield program
    finally:
        await asyncio.to_thread(program.stop, _STOPS_WITHIN)  # it takes leave of the radio, which is on our loop
