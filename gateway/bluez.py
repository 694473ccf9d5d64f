"""What bleak does not ask of bluetoothd: calls and properties over a bus connection of our own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from dbus_fast import BusType, DBusError, Message, MessageType, Variant
from dbus_fast.aio import MessageBus

_SERVICE = "org.bluez"
_PROPERTIES = "org.freedesktop.DBus.Properties"


@asynccontextmanager
async def system_bus() -> AsyncIterator[MessageBus]:
    """A connection for the length of the block. Raises `OSError` where there is no bus."""
    bus = MessageBus(bus_type=BusType.SYSTEM)
    try:
        await bus.connect()
        yield bus
    finally:
        bus.disconnect()


async def call(bus: MessageBus, path: str, interface: str, member: str, signature: str = "", *arguments: Any) -> Any:
    """What the method answers, None when nothing. Raises `DBusError`, also when there is no bluetoothd."""
    message = Message(
        destination=_SERVICE,
        path=path,
        interface=interface,
        member=member,
        signature=signature,
        body=list(arguments),
    )
    reply = await bus.call(message)
    if reply is None:
        return None
    if reply.message_type is MessageType.ERROR:
        raise DBusError(str(reply.error_name), f"{member}: {', '.join(map(str, reply.body))}")
    return reply.body[0] if reply.body else None


async def properties(bus: MessageBus, path: str, interface: str) -> dict[str, Any]:
    """All of an object's properties. Raises `DBusError`, also when there is no such object."""
    told: dict[str, Variant] = await call(bus, path, _PROPERTIES, "GetAll", "s", interface)
    return {name: variant.value for name, variant in told.items()}


async def put(bus: MessageBus, path: str, interface: str, name: str, value: Variant) -> None:
    """Set a property. Raises `DBusError`."""
    await call(bus, path, _PROPERTIES, "Set", "ssv", interface, name, value)
