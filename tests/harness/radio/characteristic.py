"""GattService1 and GattCharacteristic1 of org.bluez: a remote attribute, read, written and subscribed over real ATT."""

# No `from __future__ import annotations` here: dbus-fast reads the annotations themselves.

import asyncio
from typing import Annotated

from bumble import att, core
from bumble.gatt import Characteristic
from bumble.gatt_client import CharacteristicProxy, ServiceProxy
from dbus_fast import DBusError, PropertyAccess
from dbus_fast.annotations import DBusBool, DBusBytes, DBusDict, DBusObjectPath, DBusSignature, DBusStr, DBusUInt16
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property

Strings = Annotated[list[str], DBusSignature("as")]

_FLAGS = {
    Characteristic.Properties.READ: "read",
    Characteristic.Properties.WRITE: "write",
    Characteristic.Properties.WRITE_WITHOUT_RESPONSE: "write-without-response",
    Characteristic.Properties.NOTIFY: "notify",
    Characteristic.Properties.INDICATE: "indicate",
}
_NEEDS_A_BOND = (att.ATT_INSUFFICIENT_AUTHENTICATION_ERROR, att.ATT_INSUFFICIENT_ENCRYPTION_ERROR)
_NOT_PERMITTED: dict[int, str] = {att.ATT_READ_NOT_PERMITTED_ERROR: "Read", att.ATT_WRITE_NOT_PERMITTED_ERROR: "Write"}
_ECHO_SECONDS = 0.003


def full_uuid(uuid: core.UUID) -> str:
    """The 128-bit form with dashes, as bluetoothd writes it."""
    text = uuid.to_bytes(force_128=True)[::-1].hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def bluez_error(error: core.ProtocolError) -> DBusError:
    """An ATT error in the words of bluetoothd (its create_gatt_dbus_error), which bleak reads back."""
    if error.error_code in _NEEDS_A_BOND:
        return DBusError("org.bluez.Error.NotPermitted", "Not paired")
    if error.error_code in _NOT_PERMITTED:
        return DBusError("org.bluez.Error.NotPermitted", f"{_NOT_PERMITTED[error.error_code]} not permitted")
    return DBusError("org.bluez.Error.Failed", f"Operation failed with ATT error: {error.error_code:#04x}")


class RemoteService(ServiceInterface):
    """One primary service found on a meter."""

    def __init__(self, device_path: str, service: ServiceProxy) -> None:
        super().__init__("org.bluez.GattService1")
        self._device_path = device_path
        self._uuid = full_uuid(service.uuid)
        self.path = f"{device_path}/service{service.handle:04x}"

    @dbus_property(PropertyAccess.READ, name="UUID")
    def uuid(self) -> DBusStr:
        """Full form."""
        return self._uuid

    @dbus_property(PropertyAccess.READ, name="Primary")
    def primary(self) -> DBusBool:
        """Included services are not emulated."""
        return True

    @dbus_property(PropertyAccess.READ, name="Device")
    def device(self) -> DBusObjectPath:
        """Path of the meter."""
        return self._device_path


class RemoteCharacteristic(ServiceInterface):
    """One characteristic of a meter. `echoes`: each value is announced twice, as bluetoothd does at times.

    `mute`: a subscription that needs a bond is never answered and costs the link, as when the meter refuses the bond
    that bluetoothd tries by itself.
    """

    def __init__(
        self,
        service: RemoteService,
        remote: CharacteristicProxy[bytes],
        mtu: int,
        *,
        echoes: bool = False,
        mute: bool = False,
    ) -> None:
        super().__init__("org.bluez.GattCharacteristic1")
        self._service_path = service.path
        self._remote = remote
        self._mtu = mtu
        self._echoes = echoes
        self._mute = mute
        self._value = b""
        self._notifying = False
        self.path = f"{service.path}/char{remote.handle - 1:04x}"

    @dbus_method(name="ReadValue")
    async def read_value(self, _options: DBusDict) -> DBusBytes:
        """ATT read; the value is announced too, as bluetoothd does."""
        try:
            self._arrived(await self._remote.read_value())
        except core.ProtocolError as error:
            raise bluez_error(error) from None
        return self._value

    @dbus_method(name="WriteValue")
    async def write_value(self, value: DBusBytes, options: DBusDict) -> None:
        """ATT write request, or command when the caller says so."""
        command = "type" in options and options["type"].value == "command"
        try:
            await self._remote.write_value(bytes(value), with_response=not command)
        except core.ProtocolError as error:
            raise bluez_error(error) from None

    @dbus_method(name="StartNotify")
    async def start_notify(self) -> None:
        """Writes the CCCD; values then arrive as changes of the property `Value`."""
        try:
            await self._remote.subscribe(self._arrived)
        except core.ProtocolError as error:
            if self._mute and error.error_code in _NEEDS_A_BOND:
                await self._remote.client.connection.disconnect()
                await asyncio.Event().wait()
            raise bluez_error(error) from None
        self._notifying = True
        self.emit_properties_changed({"Notifying": True})

    @dbus_method(name="StopNotify")
    async def stop_notify(self) -> None:
        """Clears the CCCD."""
        await self._remote.unsubscribe(self._arrived)
        self._notifying = False
        self.emit_properties_changed({"Notifying": False})

    def _arrived(self, value: bytes) -> None:
        self._value = bytes(value)
        self._announce()
        if self._echoes:
            asyncio.get_running_loop().call_later(_ECHO_SECONDS, self._announce)

    def _announce(self) -> None:
        self.emit_properties_changed({"Value": self._value})

    @dbus_property(PropertyAccess.READ, name="UUID")
    def uuid(self) -> DBusStr:
        """Full form."""
        return full_uuid(self._remote.uuid)

    @dbus_property(PropertyAccess.READ, name="Service")
    def service(self) -> DBusObjectPath:
        """Path of its service."""
        return self._service_path

    @dbus_property(PropertyAccess.READ, name="Flags")
    def flags(self) -> Strings:
        """What the meter's declaration allows."""
        return [name for bit, name in _FLAGS.items() if self._remote.properties & bit]

    @dbus_property(PropertyAccess.READ, name="Value")
    def value(self) -> DBusBytes:
        """The last value seen."""
        return self._value

    @dbus_property(PropertyAccess.READ, name="Notifying")
    def notifying(self) -> DBusBool:
        """Whether the CCCD is set."""
        return self._notifying

    @dbus_property(PropertyAccess.READ, name="MTU")
    def mtu(self) -> DBusUInt16:
        """The ATT MTU agreed for the connection."""
        return self._mtu
