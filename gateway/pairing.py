"""The pairing agent: answers bluetoothd's questions while a meter bonds. Without one every pairing is refused.

A meter has no keyboard and the gateway no screen, so "just works" it is; only the meter under visit gets a yes.
"""

# No `from __future__ import annotations` here: dbus-fast reads the annotations themselves.

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dbus_fast import BusType, DBusError, Message, MessageType
from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusObjectPath, DBusStr, DBusUInt32
from dbus_fast.service import ServiceInterface, dbus_method

_PATH = "/maixun/agent"
_CAPABILITY = "NoInputNoOutput"


class PairingAgent(ServiceInterface):
    """org.bluez.Agent1. `visiting` is the address of the meter that may pair now."""

    def __init__(self) -> None:
        super().__init__("org.bluez.Agent1")
        self.visiting: str | None = None

    @dbus_method(name="RequestAuthorization")
    def request_authorization(self, device: DBusObjectPath) -> None:
        """The "just works" question."""
        self._only_under_visit(device)

    @dbus_method(name="RequestConfirmation")
    def request_confirmation(self, device: DBusObjectPath, passkey: DBusUInt32) -> None:  # noqa: ARG002 -- bluez's signature
        """Some versions of bluetoothd ask this instead; there is no screen to compare the number on."""
        self._only_under_visit(device)

    @dbus_method(name="AuthorizeService")
    def authorize_service(self, device: DBusObjectPath, uuid: DBusStr) -> None:  # noqa: ARG002 -- bluez's signature
        """A meter uses a service of ours: only the one we called."""
        self._only_under_visit(device)

    @dbus_method(name="Cancel")
    def cancel(self) -> None:
        """The question is withdrawn; nothing waits here."""

    @dbus_method(name="Release")
    def release(self) -> None:
        """bluetoothd goes; so does the scan, and everything is registered anew."""

    def _only_under_visit(self, device: str) -> None:
        address = device.rpartition("/dev_")[2].replace("_", ":")
        if self.visiting is None or address != self.visiting.upper():
            raise DBusError("org.bluez.Error.Rejected", f"{address} is not being visited")


@asynccontextmanager
async def pairing_agent() -> AsyncIterator[PairingAgent]:
    """The machine's default agent for the length of the block. Raises `DBusError` or `OSError` without bluetoothd."""
    agent = PairingAgent()
    bus = MessageBus(bus_type=BusType.SYSTEM)
    try:
        await bus.connect()
        bus.export(_PATH, agent)
        await _manager(bus, "RegisterAgent", "os", _PATH, _CAPABILITY)
        await _manager(bus, "RequestDefaultAgent", "o", _PATH)
        yield agent
        if bus.connected:
            await _manager(bus, "UnregisterAgent", "o", _PATH)
    finally:
        bus.disconnect()


async def _manager(bus: MessageBus, member: str, signature: str, *arguments: str) -> None:
    reply = await bus.call(
        Message(
            destination="org.bluez",
            path="/org/bluez",
            interface="org.bluez.AgentManager1",
            member=member,
            signature=signature,
            body=list(arguments),
        )
    )
    if reply is not None and reply.message_type is MessageType.ERROR:
        raise DBusError(str(reply.error_name), f"{member}: {reply.body}")
