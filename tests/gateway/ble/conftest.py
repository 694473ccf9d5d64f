"""Fixtures: an air with an adapter where the real bleak looks for one, behind it the virtual radio or bluetoothd."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from bleak.backends.bluezdbus.manager import _global_instances

from maixun.runtime.binaries import dbus_daemon
from tests.gateway.ble.station import Station, open_station
from tests.harness.radio.adapter import VirtualRadio
from tests.harness.radio.air import Air, Airs
from tests.harness.radio.bluetoothd import Bluetoothd
from tests.harness.radio.bus import private_bus

# Set by `make test-bluez`: the program to stand behind the adapter instead of the virtual radio.
_BLUETOOTHD = os.environ.get("MAIXUN_TEST_BLUETOOTHD")


def pytest_configure(config: pytest.Config) -> None:
    """The stories that `make test-bluez` leaves out."""
    config.addinivalue_line("markers", "emulated_adapter: asks something of the virtual radio that bluetoothd has not")


@pytest.fixture
def bus() -> Iterator[str]:
    """A message bus of its own for each test, named as the system bus."""
    with private_bus(dbus_daemon(print)) as address, pytest.MonkeyPatch.context() as environment:
        environment.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        yield address


@pytest_asyncio.fixture
async def airs(bus: str) -> AsyncIterator[Airs]:  # noqa: ARG001 -- the bus must be there first
    """Makes the adapter appear, and the service behind it, for the length of a block."""
    yield VirtualRadio if _BLUETOOTHD is None else lambda: Bluetoothd(Path(_BLUETOOTHD))
    await leave_the_bus()


@pytest_asyncio.fixture
async def radio(airs: Airs) -> AsyncIterator[Air]:
    """The air: an adapter "hci0" and room for meters."""
    async with airs() as air:
        yield air
        await leave_the_bus()


async def leave_the_bus() -> None:
    """bleak keeps one bus connection a loop for ever; a test's loop ends, so its connection must."""
    manager = _global_instances.get(asyncio.get_running_loop())
    if manager is not None and manager._bus is not None and manager._bus_watcher_task is not None:
        manager._bus.disconnect()
        await manager._bus_watcher_task


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    """A gateway that has never met a meter."""
    opened = open_station(tmp_path)
    yield opened
    opened.outbox.close()
