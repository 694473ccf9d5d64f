"""A house in reach of a gateway: an air of its own with emulated cuffs in it, driven from an ordinary test."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import pytest

from maixun.runtime.binaries import dbus_daemon
from tests.harness.radio import packets
from tests.harness.radio.adapter import VirtualRadio
from tests.harness.radio.bus import private_bus
from tests.harness.radio.indicating_meter import BloodPressureMeter
from tests.harness.radio.meter_clock import EmulatedClock

T = TypeVar("T")

PATIENCE = 30.0


class Cuff:
    """A cuff with a right clock, and nothing measured yet."""

    def __init__(self, aside: Aside, meter: BloodPressureMeter) -> None:
        """Use `house_with_cuff`."""
        self._aside = aside
        self._meter = meter

    def measure(self, systolic: int, diastolic: int, *, ago: timedelta = timedelta(0)) -> None:
        """Somebody measures, or did: the cuff stores it and advertises until a gateway has come for it."""
        self._aside.run(self._measured(packets.blood_pressure(systolic, diastolic, local_time() - ago)))

    async def _measured(self, packet: bytes) -> None:
        self._meter.records.append(packet)
        await self._meter.advertise()


class Aside:
    """An event loop on a thread of its own: a browser's driver needs the main thread for its own."""

    def __init__(self) -> None:
        """Starts at once."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do it there and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    def close(self) -> None:
        """Nothing may be under way any more."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()


@contextmanager
def house_with_cuff(address: str) -> Iterator[tuple[Cuff, str]]:
    """The cuff, and the address of the bus on which a gateway finds the adapter that hears it."""
    with private_bus(dbus_daemon(print)) as bus, pytest.MonkeyPatch.context() as environment:
        environment.setenv("DBUS_SYSTEM_BUS_ADDRESS", bus)
        aside = Aside()
        radio, meter = aside.run(_switched_on(address))
        try:
            yield Cuff(aside, meter), bus
        finally:
            aside.run(_switched_off(radio, meter))
            aside.close()


def local_time() -> datetime:
    """What a clock on the wall there shows."""
    return datetime.now(ZoneInfo("Asia/Shanghai")).replace(tzinfo=None)


async def _switched_on(address: str) -> tuple[VirtualRadio, BloodPressureMeter]:
    radio = await VirtualRadio().__aenter__()
    meter = BloodPressureMeter(radio=radio, address=address, clock=EmulatedClock(now=local_time))
    await meter.device.power_on()
    return radio, meter


async def _switched_off(radio: VirtualRadio, meter: BloodPressureMeter) -> None:
    await meter.__aexit__()
    await radio.__aexit__()
