"""Fixtures: a virtual radio on a private bus where the real bleak looks for the system bus."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from bleak.backends.bluezdbus.manager import get_global_bluez_manager

from maixun.runtime.binaries import dbus_daemon
from tests.gateway.ble.station import Station, open_station
from tests.harness.radio.adapter import VirtualRadio
from tests.harness.radio.bus import private_bus


@pytest.fixture
def bus() -> Iterator[str]:
    """A message bus of its own for each test, named as the system bus."""
    with private_bus(dbus_daemon(print)) as address, pytest.MonkeyPatch.context() as environment:
        environment.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        yield address


@pytest_asyncio.fixture
async def radio(bus: str) -> AsyncIterator[VirtualRadio]:  # noqa: ARG001 -- the bus must be there first
    """The air: an adapter "hci0" and room for meters."""
    async with VirtualRadio() as virtual:
        yield virtual
        await leave_the_bus()


async def leave_the_bus() -> None:
    """bleak keeps one bus connection a loop for ever; a test's loop ends, so its connection must."""
    manager = await get_global_bluez_manager()
    assert manager._bus is not None
    manager._bus.disconnect()
    assert manager._bus_watcher_task is not None
    await manager._bus_watcher_task


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    """A gateway that has never met a meter."""
    opened = open_station(tmp_path)
    yield opened
    opened.outbox.close()
