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

_ADDRESS = "C0:00:00:00:00:AA"


class Agents(ServiceInterface):
    """AgentManager1: remembers who answers pairing questions."""

    def __init__(self, radio: "VirtualRadio") -> None:
        super().__init__("org.bluez.AgentManager1")
        self._radio = radio
        self.path: str | None = None
        self.owner: str | None = None
        self._sender: str | None = None
        self.capability: str | None = None
        self.is_default = False

    @property
    def has_keyboard(self) -> bool:
        """Whether the agent says that a code can be typed."""
        return self.capability == "KeyboardOnly"

    async def authorise(self, device: str) -> bool:
        """Asks the default agent, as bluetoothd does for "just works"; nobody there means no."""
        return await self._ask("RequestAuthorization", device) is not None

    async def passkey(self, device: str) -> int | None:
        """Asks the default agent for the code that a meter shows; None when it gives none."""
        answer = await self._ask("RequestPasskey", device)
        return None if answer is None else int(answer[0])

    async def _ask(self, member: str, device: str) -> list[Any] | None:
        if self.path is None or not self.is_default:
            return None
        question = Message(
            destination=self.owner,
            path=self.path,
            interface="org.bluez.Agent1",
            member=member,
            signature="o",
            body=[device],
        )
        reply = await self._radio.bus.call(question)
        return reply.body if reply is not None and reply.message_type is MessageType.METHOD_RETURN else None

    def registered_by(self, message: Message) -> bool:
        """Notes the sender, which dbus-fast does not hand to a service method; leaves the message to the method."""
        if message.member == "RegisterAgent":
            self._sender = message.sender
        return False

    @dbus_method(name="RegisterAgent")
    def register(self, agent: DBusObjectPath, capability: DBusStr) -> None:
        """One for each client; here the last client's counts."""
        if self.path is not None and self.owner == self._sender:
            raise DBusError("org.bluez.Error.AlreadyExists", "Already Exists")
        self.path, self.capability, self.owner = agent, capability, self._sender

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
    """Adapter1: power and discovery, on and off."""

    def __init__(self, radio: "VirtualRadio") -> None:
        super().__init__("org.bluez.Adapter1")
        self._radio = radio
        self.is_discovering = False
        self.is_powered = True
        self.is_blocked = False  # as by rfkill: it cannot be switched on

    @dbus_method(name="SetDiscoveryFilter")
    def set_discovery_filter(self, _options: DBusDict) -> None:
        """Every device is reported: filters only spare work."""

    @dbus_method(name="StartDiscovery")
    async def start_discovery(self) -> None:
        """A second discovery of the same client is refused, as bluetoothd does, and any without power."""
        if not self.is_powered:
            raise DBusError("org.bluez.Error.NotReady", "Resource Not Ready")
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
        await self._fall_silent()

    async def _fall_silent(self) -> None:
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

    @dbus_property(PropertyAccess.READWRITE, name="Powered")
    def powered(self) -> DBusBool:
        """On at first."""
        return self.is_powered

    @powered.setter
    async def set_powered(self, value: DBusBool) -> None:
        """Off ends the scan and every link; on begins nothing again."""
        if value and self.is_blocked:
            raise DBusError("org.bluez.Error.Failed", "Blocked through rfkill")
        self.is_powered = value
        self._radio.diary.note("on" if value else "off")
        if not value:
            for device in self._radio.devices.values():
                await device.hang_up()
            if self.is_discovering:
                await self._fall_silent()
        self.emit_properties_changed({"Powered": value})

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
        keyboard = radio.agents.has_keyboard
        super().__init__(PairingDelegate.KEYBOARD_INPUT_ONLY if keyboard else PairingDelegate.NO_OUTPUT_NO_INPUT)
        self._radio = radio
        self._connection = connection

    async def confirm(self, auto: bool = False) -> bool:  # noqa: ARG002 -- the stack's signature
        return await self._radio.agents.authorise(self._device())

    async def get_number(self) -> int | None:
        return await self._radio.agents.passkey(self._device())

    def _device(self) -> str:
        return device_path(self._radio.adapter_path, self._connection.peer_address)


class VirtualRadio(Air):
    """`async with VirtualRadio() as radio`: an adapter on the system bus, and room on its air for emulated meters.

    `echoes` and `mute`: see `RemoteCharacteristic`. `deaf_until`: nothing is heard before this entry is in the
    diary ("scan", "off", "on"), as when a controller is stuck.
    """

    def __init__(self) -> None:
        super().__init__()
        self.devices: dict[str, RemoteDevice] = {}
        self.echoes = self.mute = False
        self.deaf_until: str | None = None
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
        keyboard = self.agents.has_keyboard
        return PairingConfig(sc=True, mitm=keyboard, bonding=True, delegate=_AskTheAgent(self, connection))

    def _heard(self, advertisement: Advertisement) -> None:
        if self.deaf_until is not None and self.deaf_until not in self.diary.entries:
            return
        path = device_path(self.adapter_path, advertisement.address)
        if (known := self.devices.get(path)) is not None:
            known.heard(advertisement)
            return
        device = self.devices[path] = RemoteDevice(self, advertisement.address)
        device.heard(advertisement)
        self.bus.export(path, device)
