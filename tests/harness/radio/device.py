"""Device1 of org.bluez: one meter as the adapter sees it: advertised, connected, resolved, paired, gone."""

# No `from __future__ import annotations` here: dbus-fast reads the annotations themselves.

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

from bumble import core
from bumble.core import AdvertisingData
from bumble.device import Advertisement, Connection, Peer
from bumble.hci import Address
from dbus_fast import DBusError, PropertyAccess, Variant
from dbus_fast.annotations import DBusBool, DBusDict, DBusInt16, DBusObjectPath, DBusSignature, DBusStr
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property

from tests.harness.radio.characteristic import RemoteCharacteristic, RemoteService, Strings, full_uuid

if TYPE_CHECKING:
    from tests.harness.radio.adapter import VirtualRadio

ManufacturerData = Annotated[dict[int, Variant], DBusSignature("a{qv}")]

# What a 5.x kernel agrees on with a modern meter; big enough for every packet of the profiles in use.
MTU = 247
# A meter that does not answer a connection request within this time is gone; bluetoothd waits 20 s or longer.
CONNECT_SECONDS = 2.0
PAIR_SECONDS = 5.0


def device_path(adapter_path: str, address: Address) -> str:
    """The object path bluetoothd gives a device."""
    return f"{adapter_path}/dev_{bare(address).replace(':', '_')}"


def bare(address: Address) -> str:
    """The address without bumble's suffix for the address type."""
    return str(address).split("/")[0]


def names(data: AdvertisingData) -> list[str]:
    """The names advertised."""
    return data.get_all(AdvertisingData.Type.COMPLETE_LOCAL_NAME)


def service_uuids(data: AdvertisingData) -> list[str]:
    """The services advertised, in full form; the emulated meters list 16-bit ones only."""
    lists = data.get_all(AdvertisingData.Type.INCOMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS)
    return [full_uuid(uuid) for listed in lists for uuid in listed]


class RemoteDevice(ServiceInterface):
    """A meter heard by the adapter."""

    def __init__(self, radio: "VirtualRadio", address: Address) -> None:
        super().__init__("org.bluez.Device1")
        self.path = device_path(radio.adapter_path, address)
        self.connection: Connection | None = None
        self._radio = radio
        self._address = address
        self._name: str | None = None
        self._rssi = -127
        self._uuids: list[str] = []
        self._manufacturer: dict[int, Variant] = {}
        self._service_data: dict[str, Variant] = {}
        self._resolved = False
        self._paired = False
        self._trusted = False
        self._attributes: list[RemoteService | RemoteCharacteristic] = []
        self._resolving: asyncio.Task[None] | None = None

    def heard(self, advertisement: Advertisement) -> None:
        """Takes in one advertisement and announces what it says."""
        data = advertisement.data
        self._rssi = advertisement.rssi
        changed: dict[str, Any] = {"RSSI": self._rssi}
        for name in names(data):
            self._name = name
            changed |= {"Name": name, "Alias": name}
        if uuids := service_uuids(data):
            changed["UUIDs"] = self._uuids = uuids
        for company, payload in data.get_all(AdvertisingData.Type.MANUFACTURER_SPECIFIC_DATA):
            self._manufacturer[int(company)] = Variant("ay", bytes(payload))
            changed["ManufacturerData"] = self._manufacturer
        for uuid, payload in data.get_all(AdvertisingData.Type.SERVICE_DATA_16_BIT_UUID):
            self._service_data[full_uuid(uuid)] = Variant("ay", bytes(payload))
            changed["ServiceData"] = self._service_data
            self._radio.diary.note(f"{bare(self._address)} says {bytes(payload).hex()}")
        self.emit_properties_changed(changed)

    @dbus_method(name="Connect")
    async def connect(self) -> None:
        """Opens the link and begins to discover services; `ServicesResolved` follows."""
        if self.connection is None:
            await self._open()

    async def _open(self) -> Connection:
        try:
            async with self._radio.scanning_paused():
                connection = await asyncio.wait_for(self._radio.central.connect(self._address), CONNECT_SECONDS)
        except TimeoutError:
            raise DBusError("org.bluez.Error.Failed", "le-connection-abort-by-local") from None
        except core.BaseBumbleError as error:
            raise DBusError("org.bluez.Error.Failed", str(error)) from None
        connection.on(connection.EVENT_DISCONNECTION, self._gone)
        self.connection = connection
        self.emit_properties_changed({"Connected": True})
        self._resolving = asyncio.create_task(self._resolve(connection))
        return connection

    async def _resolve(self, connection: Connection) -> None:
        try:
            if self._paired:
                await connection.encrypt()
            peer = Peer(connection)
            await peer.request_mtu(MTU)
            for service in await peer.discover_services():
                exported = RemoteService(self.path, service)
                self._export(exported)
                for characteristic in await peer.discover_characteristics(service=service):
                    echoes, mute = self._radio.echoes, self._radio.mute
                    made = RemoteCharacteristic(exported, characteristic, connection.att_mtu, echoes=echoes, mute=mute)
                    self._export(made)
        except (core.BaseBumbleError, TimeoutError, asyncio.CancelledError):
            return  # the meter went away while it was asked: `_gone` tells
        self._resolved = True
        self._uuids = [full_uuid(service.uuid) for service in peer.services]
        self.emit_properties_changed({"UUIDs": self._uuids, "ServicesResolved": True})

    def _export(self, attribute: RemoteService | RemoteCharacteristic) -> None:
        self._radio.bus.export(attribute.path, attribute)
        self._attributes.append(attribute)

    def _gone(self, _reason: int) -> None:
        if self._resolving is not None:
            self._resolving.cancel()
        for attribute in reversed(self._attributes):
            self._radio.bus.unexport(attribute.path, attribute)
        self._attributes = []
        self._resolved = False
        self.connection = None
        self.emit_properties_changed({"ServicesResolved": False, "Connected": False})

    @dbus_method(name="Disconnect")
    async def disconnect(self) -> None:
        """Hangs up."""
        await self.hang_up()

    @dbus_method(name="Pair")
    async def pair(self) -> None:
        """Bonds over real SMP; the question whether to go on is put to the registered agent, as bluetoothd does."""
        if self._paired:
            raise DBusError("org.bluez.Error.AlreadyExists", "Already Exists")
        connection = self.connection or await self._open()
        try:
            await asyncio.wait_for(connection.pair(), PAIR_SECONDS)
        except (core.BaseBumbleError, TimeoutError, asyncio.CancelledError):
            raise DBusError("org.bluez.Error.AuthenticationFailed", "Authentication Failed") from None
        self._paired = True
        self.emit_properties_changed({"Paired": True})

    async def forget(self) -> None:
        """Adapter1.RemoveDevice: the link, the bond and the object go."""
        await self.hang_up()
        self._paired = False
        self._radio.bus.unexport(self.path, self)

    async def hang_up(self) -> None:
        """Ends the link, if there is one."""
        if self.connection is not None:
            await self.connection.disconnect()

    @dbus_property(PropertyAccess.READ, name="Address")
    def address(self) -> DBusStr:
        """MAC."""
        return bare(self._address)

    @dbus_property(PropertyAccess.READ, name="AddressType")
    def address_type(self) -> DBusStr:
        """Public or random."""
        return "random" if self._address.is_random else "public"

    @dbus_property(PropertyAccess.READ, name="Adapter")
    def adapter(self) -> DBusObjectPath:
        """Path of the adapter that hears it."""
        return self._radio.adapter_path

    @dbus_property(PropertyAccess.READ, name="Name")
    def advertised_name(self) -> DBusStr:
        """Advertised, else made from the address."""
        return self._name or bare(self._address).replace(":", "-")

    @dbus_property(PropertyAccess.READ, name="Alias")
    def alias(self) -> DBusStr:
        """The same: nobody renames devices here."""
        return self._name or bare(self._address).replace(":", "-")

    @dbus_property(PropertyAccess.READ, name="RSSI")
    def rssi(self) -> DBusInt16:
        """Of the last advertisement."""
        return self._rssi

    @dbus_property(PropertyAccess.READ, name="UUIDs")
    def uuids(self) -> Strings:
        """Advertised, and all once resolved."""
        return self._uuids

    @dbus_property(PropertyAccess.READ, name="ManufacturerData")
    def manufacturer_data(self) -> ManufacturerData:
        """By company."""
        return self._manufacturer

    @dbus_property(PropertyAccess.READ, name="ServiceData")
    def service_data(self) -> DBusDict:
        """By service."""
        return self._service_data

    @dbus_property(PropertyAccess.READ, name="Connected")
    def connected(self) -> DBusBool:
        """Whether there is a link."""
        return self.connection is not None

    @dbus_property(PropertyAccess.READ, name="ServicesResolved")
    def services_resolved(self) -> DBusBool:
        """Whether discovery is done."""
        return self._resolved

    @dbus_property(PropertyAccess.READ, name="Paired")
    def paired(self) -> DBusBool:
        """Whether there is a bond."""
        return self._paired

    @dbus_property(PropertyAccess.READWRITE, name="Trusted")
    def trusted(self) -> DBusBool:
        """Set by bleak before it pairs."""
        return self._trusted

    @trusted.setter
    def set_trusted(self, value: DBusBool) -> None:
        self._trusted = value
