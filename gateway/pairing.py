"""The pairing agent: answers bluetoothd's questions while a meter bonds. Without one every pairing is refused.

Most meters bond without a question ("just works"). One that shows a code needs a person who types it: the question goes
to the desk. Only the meter under visit gets an answer at all.
"""

# No `from __future__ import annotations` here: dbus-fast reads the annotations themselves.

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dbus_fast import DBusError
from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusObjectPath, DBusStr, DBusUInt32
from dbus_fast.service import ServiceInterface, dbus_method

from gateway import bluez
from gateway.passkey_desk import NoCode, PasskeyDesk

_PATH = "/maixun/agent"
# What bluetoothd is told that we have. With a keyboard any meter that has a display would show a code, also one that
# bonds without: so it is claimed only for those that cannot do otherwise.
_NOTHING, _KEYBOARD = "NoInputNoOutput", "KeyboardOnly"
_BY_HAND = "it shows a code while bonding: bond it once by hand with `bluetoothctl pair`"
_REFUSED = "org.bluez.Error.AuthenticationFailed"


class PairingAgent(ServiceInterface):
    """org.bluez.Agent1. `bus`: the connection it is exported on. `desk`: None where nobody could be asked.

    `within`: seconds a person has to type a code.
    """

    def __init__(self, bus: MessageBus, desk: PasskeyDesk | None, within: float) -> None:
        super().__init__("org.bluez.Agent1")
        self.bus = bus
        self._desk = desk
        self._within = within
        self._visiting: str | None = None
        self._meter = ""
        self._capability: str | None = None
        self._refusal: str | None = None
        self._typed = False

    async def expect(self, device: str, meter: str, *, shows_code: bool) -> None:
        """The meter at this address, of this model, may bond now. Raises `DBusError`."""
        self._visiting, self._meter = device.upper(), meter
        self._refusal, self._typed = None, False
        await self._register(_KEYBOARD if shows_code else _NOTHING)

    def dismiss(self) -> None:
        """Nobody may bond."""
        self._visiting = None
        if self._desk is not None:
            self._desk.withdraw()

    def reason(self, error: Exception) -> str:
        """Why a visit ended with `error`, where a bond was the matter, else what it says of itself."""
        if self._refusal is not None:
            return self._refusal
        if _REFUSED in str(error):
            return "the meter refused the code that was typed" if self._typed else "the meter refused to bond"
        return str(error) or type(error).__name__

    async def leave(self) -> None:
        """Not the machine's agent any more. Raises `DBusError`."""
        if self._capability is not None:
            self._capability = None
            await self._manager("UnregisterAgent", "o", _PATH)

    @dbus_method(name="RequestPasskey")
    async def request_passkey(self, device: DBusObjectPath) -> DBusUInt32:
        """The meter shows a code."""
        address = self._only_under_visit(device)
        try:
            if self._desk is None:
                raise NoCode(_BY_HAND)
            code = await self._desk.ask(address, self._meter, self._within)
        except NoCode as why:
            self._refusal = str(why)
            raise DBusError("org.bluez.Error.Canceled", str(why)) from None
        self._typed = True
        return code

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
        """The question is withdrawn."""
        if self._desk is not None:
            self._desk.withdraw()

    @dbus_method(name="Release")
    def release(self) -> None:
        """bluetoothd goes; so does the scan, and everything is registered anew."""
        self._capability = None

    def _only_under_visit(self, device: str) -> str:
        address = device.rpartition("/dev_")[2].replace("_", ":")
        if address != self._visiting:
            raise DBusError("org.bluez.Error.Rejected", f"{address} is not being visited")
        return address

    async def _register(self, capability: str) -> None:
        if capability == self._capability:
            return
        await self.leave()
        await self._manager("RegisterAgent", "os", _PATH, capability)
        self._capability = capability
        await self._manager("RequestDefaultAgent", "o", _PATH)

    async def _manager(self, member: str, signature: str, *arguments: str) -> None:
        await bluez.call(self.bus, "/org/bluez", "org.bluez.AgentManager1", member, signature, *arguments)


@asynccontextmanager
async def pairing_agent(desk: PasskeyDesk | None, *, within: float) -> AsyncIterator[PairingAgent]:
    """The machine's default agent, from the first meter it expects to the end of the block.

    Raises `OSError` without a bus and `DBusError` without bluetoothd.
    """
    async with bluez.system_bus() as bus:
        agent = PairingAgent(bus, desk, within)
        bus.export(_PATH, agent)
        yield agent
        if bus.connected:
            await agent.leave()
