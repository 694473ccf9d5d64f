"""One connection to a meter: its characteristics by their short names, and what it sends in the order it came.

The only file that speaks to bleak's client.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any, TypeVar

from bleak import BleakClient
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.device import BLEDevice
from bleak.exc import (
    BleakCharacteristicNotFoundError,
    BleakDBusError,
    BleakError,
    BleakGATTProtocolError,
    BleakGATTProtocolErrorCode,
)
from bleak_retry_connector import establish_connection

from devices.gatt import short_name
from devices.visit import Packet

T = TypeVar("T")

_NO_BOND_YET = {
    BleakGATTProtocolErrorCode.INSUFFICIENT_AUTHENTICATION,
    BleakGATTProtocolErrorCode.INSUFFICIENT_AUTHORIZATION,
    BleakGATTProtocolErrorCode.INSUFFICIENT_ENCRYPTION,
}


class Interrupted(Exception):
    """The transfer ended before its end: what came is kept, the next visit goes on from there."""


# After a hang-up an answer that was under way comes within milliseconds, or never.
_LAST_WORD = 1.0


class Link:
    """An open connection. Every method raises `BleakError` when the meter refuses or has gone."""

    def __init__(
        self,
        client: BleakClient,
        inbox: asyncio.Queue[Packet | None],
        gone: asyncio.Event,
        now: Callable[[], datetime],
    ) -> None:
        """Use `connected`."""
        self._client = client
        self._inbox = inbox
        self._gone = gone
        self._now = now

    def services(self) -> frozenset[str]:
        """The services it has, by short name."""
        return frozenset(short_name(service.uuid) for service in self._client.services)

    def offers(self, characteristic: str, *operations: str) -> bool:
        """Whether the meter has it with all these operations: read, write, notify, indicate."""
        return any(set(operations) <= set(each.properties) for each in self._all(characteristic))

    async def read(self, characteristic: str) -> bytes:
        """Its value now."""
        found = self._first(characteristic)
        return bytes(await self._bonded(lambda: self._client.read_gatt_char(found)))

    async def write(self, characteristic: str, value: bytes) -> None:
        """Write and wait for the meter's answer."""
        found = self._first(characteristic)
        await self._bonded(lambda: self._client.write_gatt_char(found, value, response=True))

    async def bond(self) -> None:
        """Bond now, where there is no bond yet: bluetoothd asks our agent."""
        await self._answered(self._client.pair)

    async def subscribe(self, characteristic: str) -> None:
        """From now on its notifications or indications arrive."""

        def arrived(_sender: BleakGATTCharacteristic, value: bytearray) -> None:
            self._inbox.put_nowait(Packet(characteristic, bytes(value), self._now()))

        found = self._first(characteristic)
        await self._bonded(lambda: self._client.start_notify(found, arrived))

    async def arrivals(self, within: float) -> list[Packet]:
        """What came since, waiting for the first; empty when the meter has hung up or was silent for `within` s."""
        try:
            async with asyncio.timeout(within):
                while (first := await self._inbox.get()) is None:
                    if not self._client.is_connected:
                        return []
        except TimeoutError:
            return []
        return [first, *self.rest()]

    def rest(self) -> list[Packet]:
        """What came and was not taken yet, without waiting; the end of the link stays to be seen."""
        packets = []
        while not self._inbox.empty():
            packet = self._inbox.get_nowait()
            if packet is None:
                self._inbox.put_nowait(None)
                break
            packets.append(packet)
        return packets

    async def _bonded(self, attempt: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Tries; a meter that wants a bond first gets one and is asked again."""
        try:
            return await self._answered(attempt)
        except BleakError as error:
            if not _wants_bond(error):
                raise
        await self.bond()
        return await self._answered(attempt)

    async def _answered(self, attempt: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The answer. When the link ends meanwhile bluetoothd may never give one; then the visit ends here."""
        asked, gone = asyncio.create_task(attempt()), asyncio.create_task(self._gone.wait())
        try:
            await asyncio.wait({asked, gone}, return_when=asyncio.FIRST_COMPLETED)
            done, _ = await asyncio.wait({asked}, timeout=_LAST_WORD)
            if not done:
                raise Interrupted("it hung up when it was asked something")
            return asked.result()
        finally:
            asked.cancel()
            gone.cancel()

    def _all(self, characteristic: str) -> list[BleakGATTCharacteristic]:
        """One, or several where two services have it."""
        found = self._client.services.characteristics.values()
        return [each for each in found if short_name(each.uuid) == short_name(characteristic)]

    def _first(self, characteristic: str) -> BleakGATTCharacteristic:
        found = self._all(characteristic)
        if not found:
            raise BleakCharacteristicNotFoundError(characteristic)
        return found[0]


@asynccontextmanager
async def connected(device: BLEDevice, *, attempts: int, now: Callable[[], datetime]) -> AsyncIterator[Link]:
    """Connects with a few attempts, hangs up at the end. Raises `BleakError` when the meter does not answer."""
    inbox: asyncio.Queue[Packet | None] = asyncio.Queue()
    gone = asyncio.Event()

    def hung_up(_client: BleakClient) -> None:
        inbox.put_nowait(None)
        gone.set()

    # A failed attempt hangs up too: `arrivals` asks the client whether the link is really down.
    client = await establish_connection(
        BleakClient,
        device,
        device.name or device.address,
        disconnected_callback=hung_up,
        max_attempts=attempts,
    )
    if client.is_connected:
        gone.clear()
    try:
        yield Link(client, inbox, gone, now)
    finally:
        # A link that cannot be closed in order is closed all the same; what the visit ended with matters more.
        with suppress(BleakError, TimeoutError, EOFError):
            await client.disconnect()


def _wants_bond(error: BleakError) -> bool:
    if isinstance(error, BleakGATTProtocolError):
        return error.code in _NO_BOND_YET
    return isinstance(error, BleakDBusError) and error.dbus_error_details == "Not paired"
