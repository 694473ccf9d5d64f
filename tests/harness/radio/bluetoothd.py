"""The real bluetoothd over the kernel's own Bluetooth, whose adapter is a virtual controller of ours (/dev/vhci)."""

from __future__ import annotations

import asyncio
import os
import shutil
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any, Self

from bumble import hci
from bumble.controller import Controller
from bumble.transport import open_transport
from dbus_fast import DBusError
from dbus_fast.aio import MessageBus

from gateway import bluez
from tests.harness.radio.air import Air
from tests.harness.radio.diary import Diary
from tests.harness.radio.pace import PACE

# Where bluetoothd keeps bonds and what it knows of each meter: a constant of Debian's build.
_MEMORY = Path("/var/lib/bluetooth")
# On air the features are exchanged some connection intervals after the link is up. Where the kernel opens the ATT
# channel, which it does then, before bluetoothd has handled "Device Connected" behind what else waits for it,
# bluetoothd loses count of its links for good. So the exchange takes until bluetoothd has, however busy this machine.
_FEATURE_EXCHANGE = 0.04
_LONGEST_FEATURE_EXCHANGE = 2.0
# Ours claims them, but what the kernel then uses is not emulated.
_NOT_EMULATED = hci.LeFeatureMask.LL_PRIVACY | hci.LeFeatureMask.LE_EXTENDED_ADVERTISING
_START = 10.0


class _AdapterController(Controller):
    """Our end of /dev/vhci; `diary` is told of scans, `bus` is where bluetoothd tells of connections."""

    diary: Diary
    bus: MessageBus
    _exchanges: set[asyncio.Task[None]]

    def on_hci_le_set_scan_enable_command(
        self, command: hci.HCI_LE_Set_Scan_Enable_Command
    ) -> hci.HCI_StatusReturnParameters:
        """As the base."""
        if command.le_scan_enable:
            self.diary.note("scan")
        return super().on_hci_le_set_scan_enable_command(command)

    def on_hci_le_set_random_address_command(
        self, command: hci.HCI_LE_Set_Random_Address_Command
    ) -> hci.HCI_StatusReturnParameters:
        """Only the lasting one is taken, not those of single scans.

        Without a public address the kernel may connect before it has taken back the last scan's, and the base changes
        it under an open link: the meter would answer to nobody, and bonding, which proves both addresses, would fail.
        """
        if not command.random_address.is_static:
            return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.SUCCESS)
        return super().on_hci_le_set_random_address_command(command)

    def send_hci_packet(self, packet: hci.HCI_Packet) -> None:
        """As the base, with the latency of a real link layer where its lack does harm."""
        if isinstance(packet, hci.HCI_LE_Read_Remote_Features_Complete_Event):
            exchange = asyncio.create_task(self._exchange(packet))
            self._exchanges.add(exchange)
            exchange.add_done_callback(self._exchanges.discard)
        else:
            super().send_hci_packet(packet)

    async def _exchange(self, features: hci.HCI_LE_Read_Remote_Features_Complete_Event) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_LONGEST_FEATURE_EXCHANGE * PACE):
                while not await self._is_told(features.connection_handle):
                    await asyncio.sleep(_FEATURE_EXCHANGE)
        super().send_hci_packet(features)

    async def _is_told(self, handle: int) -> bool:
        """Whether bluetoothd knows of the link; of one that has ended there is nothing to wait for."""
        connection = self.find_le_connection_by_handle(handle)
        if connection is None:
            return True
        meter = str(connection.peer_address).partition("/")[0].replace(":", "_")
        with suppress(DBusError):
            device = await bluez.properties(self.bus, f"{Air.adapter_path}/dev_{meter}", "org.bluez.Device1")
            return bool(device["Connected"])
        return False


class Bluetoothd(Air):
    """`async with Bluetoothd(program) as air`: needs Linux with Bluetooth, root and an empty /var/lib/bluetooth."""

    def __init__(self, program: Path) -> None:
        """`program`: bluetoothd."""
        super().__init__()
        self._program = program
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Plugs the adapter in and starts bluetoothd, which powers it."""
        async with AsyncExitStack() as stack:
            stack.callback(_forget)
            vhci = await stack.enter_async_context(await open_transport("vhci"))
            controller = _AdapterController("adapter", host_source=vhci.source, host_sink=vhci.sink, link=self.link)
            controller.diary = self.diary
            controller.bus = await stack.enter_async_context(bluez.system_bus())
            controller._exchanges = set()
            controller.le_features &= ~_NOT_EMULATED
            process = await asyncio.create_subprocess_exec(self._program, "--nodetach", env=dict(os.environ))
            stack.push_async_callback(_end, process)
            await asyncio.wait_for(_powered(), _START * PACE)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: Any) -> None:
        """Ends bluetoothd, unplugs the adapter, forgets bonds."""
        await self._stack.aclose()


async def _powered() -> None:
    async with bluez.system_bus() as bus:
        while True:
            with suppress(DBusError):
                if (await bluez.properties(bus, Air.adapter_path, "org.bluez.Adapter1"))["Powered"]:
                    return
            await asyncio.sleep(0.05)


async def _end(process: asyncio.subprocess.Process) -> None:
    process.terminate()
    await process.wait()


def _forget() -> None:
    shutil.rmtree(_MEMORY)
    _MEMORY.mkdir()
