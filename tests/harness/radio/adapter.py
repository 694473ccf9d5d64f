"""A small org.bluez: one adapter and the agent manager on a bus, backed by a real host stack on a virtual link.

It answers exactly the calls bleak makes. What it is not: bluetoothd itself, with its timing and its faults.
"""

# No `from __future__ import annotations` here: dbus-fast reads the annotations themselves.

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

from bumble.device import Advertisement, Connection, Device, DeviceConfiguration
from bumble.hci import Address
from bumble.keys import MemoryKeyStore
from bumble.pairing import PairingConfig, PairingDelegate
from dbus_fast import BusType, DBusError, Message, MessageType, PropertyAccess
from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusBool, DBusDict, DBusObjectPath, DBusStr
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property

from tests.harness.radio.air import Air
from tests.harness.radio.characteristic import Strings
from tests.harness.radio.device import RemoteDevice, device_path
from tests.harness.radio.diary import Diary

_ADDRESS = "C0:00:00:00:00:AA"


class Agents(ServiceInterface):
    """AgentManager1: remembers who answers pairing questions."""

    def __init__(self, radio: "VirtualRadio") -> None:
        super().__init__("org.bluez.AgentManager1")
        self._radio = radio
        self.path: str | None = None
        self.owner: str | None = None
        self.capability: str | None = None
        self.is_default = False

    async def authorise(self, device: str) -> bool:
        """Asks the default agent, as bluetoothd does for "just works"; nobody there means no."""
        if self.path is None or not self.is_default:
            return False
        question = Message(
            destination=self.owner,
            path=self.path,
            interface="org.bluez.Agent1",
            member="RequestAuthorization",
            signature="o",
            body=[device],
        )
        reply = await self._radio.bus.call(question)
        return reply is not None and reply.message_type is MessageType.METHOD_RETURN

    def registered_by(self, message: Message) -> bool:
        """Notes the sender, which dbus-fast does not hand to a service method; leaves the message to the method."""
        if message.member == "RegisterAgent":
            self.owner = message.sender
        return False

    @dbus_method(name="RegisterAgent")
    def register(self, agent: DBusObjectPath, capability: DBusStr) -> None:
        """One agent at a time is enough here."""
        if self.path is not None:
            raise DBusError("org.bluez.Error.AlreadyExists", "Already Exists")
        self.path, self.capability = agent, capability

    @dbus_method(name="RequestDefaultAgent")
    def request_default(self, agent: DBusObjectPath) -> None:
        """Makes it the one that is asked."""
        self.is_default = agent == self.path

    @dbus_method(name="UnregisterAgent")
    def unregister(self, agent: DBusObjectPath) -> None:
        """Forgets it."""
        if agent != self.path:
            raise DBusError("org.bluez.Error.DoesNotExist", "Does Not Exist")
        self.path, self.owner, self.is_default = None, None, False


class Adapter(ServiceInterface):
    """Adapter1: discovery on and off."""

    def __init__(self, radio: "VirtualRadio") -> None:
        super().__init__("org.bluez.Adapter1")
        self._radio = radio
        self.is_discovering = False

    @dbus_method(name="SetDiscoveryFilter")
    def set_discovery_filter(self, _options: DBusDict) -> None:
        """Every device is reported: filters only spare work."""

    @dbus_method(name="StartDiscovery")
    async def start_discovery(self) -> None:
        """A second discovery of the same client is refused, as bluetoothd does."""
        if self.is_discovering:
            raise DBusError("org.bluez.Error.InProgress", "Operation already in progress")
        self.is_discovering = True
        self._radio.diary.note("scan")
        await self._radio.central.start_scanning(filter_duplicates=False)
        self.emit_properties_changed({"Discovering": True})

    @dbus_method(name="StopDiscovery")
    async def stop_discovery(self) -> None:
        """Back to silence."""
        if not self.is_discovering:
            raise DBusError("org.bluez.Error.Failed", "No discovery started")
        self.is_discovering = False
        await self._radio.central.stop_scanning()
        self.emit_properties_changed({"Discovering": False})

    @dbus_method(name="RemoveDevice")
    async def remove_device(self, device: DBusObjectPath) -> None:
        """Forgets a device and its bond."""
        known = self._radio.devices.pop(device, None)
        if known is None:
            raise DBusError("org.bluez.Error.DoesNotExist", "Does Not Exist")
        await known.forget()

    @dbus_property(PropertyAccess.READ, name="Address")
    def address(self) -> DBusStr:
        """MAC."""
        return _ADDRESS

    @dbus_property(PropertyAccess.READ, name="Name")
    def adapter_name(self) -> DBusStr:
        """Any."""
        return "virtual"

    @dbus_property(PropertyAccess.READ, name="Powered")
    def powered(self) -> DBusBool:
        """Always on."""
        return True

    @dbus_property(PropertyAccess.READ, name="Discovering")
    def discovering(self) -> DBusBool:
        """Whether a client scans."""
        return self.is_discovering

    @dbus_property(PropertyAccess.READ, name="Roles")
    def roles(self) -> Strings:
        """A central."""
        return ["central"]


class _AskTheAgent(PairingDelegate):
    """Puts the stack's pairing question for one connection to the agent on the bus."""

    def __init__(self, radio: "VirtualRadio", connection: Connection) -> None:
        super().__init__(PairingDelegate.NO_OUTPUT_NO_INPUT)
        self._radio = radio
        self._connection = connection

    async def confirm(self, auto: bool = False) -> bool:  # noqa: ARG002 -- the stack's signature
        return await self._radio.agents.authorise(device_path(self._radio.adapter_path, self._connection.peer_address))


class VirtualRadio(Air):
    """`async with VirtualRadio() as radio`: an adapter on the system bus, and room on its air for emulated meters.

    `echoes`: every value that arrives is announced twice.
    """

    def __init__(self) -> None:
        super().__init__()
        self.devices: dict[str, RemoteDevice] = {}
        self.diary = Diary()
        self.echoes = False
        self.agents = Agents(self)
        self.adapter = Adapter(self)
        self.bus = MessageBus(bus_type=BusType.SYSTEM)
        configuration = DeviceConfiguration(name="virtual", address=Address(_ADDRESS))
        transport = self.transport("central")
        self.central = Device.from_config_with_hci(configuration, transport.source, transport.sink)

    async def __aenter__(self) -> Self:
        """Powers the adapter and takes the name org.bluez."""
        await self.central.power_on()
        self.central.keystore = MemoryKeyStore()
        self.central.pairing_config_factory = self._pairing
        self.central.on("advertisement", self._heard)
        await self.bus.connect()
        self.bus.add_message_handler(self.agents.registered_by)
        self.bus.export("/org/bluez", self.agents)
        self.bus.export(self.adapter_path, self.adapter)
        await self.bus.request_name("org.bluez")
        return self

    async def __aexit__(self, *_: Any) -> None:
        """Ends every link and leaves the bus."""
        for device in list(self.devices.values()):
            await device.hang_up()
        await self.central.power_off()
        self.bus.disconnect()
        await self.bus.wait_for_disconnect()  # type: ignore[no-untyped-call]

    async def heard_of(self, address: str, data: bytes, times: int = 1) -> None:
        """Returns when an advertisement with this service data has been passed on so often."""
        await self.diary.until(f"{address} says {data.hex()}", times)

    @asynccontextmanager
    async def scanning_paused(self) -> AsyncIterator[None]:
        """The virtual controller, like many a real one, does not scan while it opens a link."""
        was_scanning = self.adapter.is_discovering
        if was_scanning:
            await self.central.stop_scanning()
        try:
            yield
        finally:
            if was_scanning and self.adapter.is_discovering:
                await self.central.start_scanning(filter_duplicates=False)

    def _pairing(self, connection: Connection) -> PairingConfig:
        return PairingConfig(sc=True, mitm=False, bonding=True, delegate=_AskTheAgent(self, connection))

    def _heard(self, advertisement: Advertisement) -> None:
        path = device_path(self.adapter_path, advertisement.address)
        if (known := self.devices.get(path)) is not None:
            known.heard(advertisement)
            return
        device = self.devices[path] = RemoteDevice(self, advertisement.address)
        device.heard(advertisement)
        self.bus.export(path, device)
