"""The Bluetooth adapter: how it is, and what is tried when it is not well, up to what only a person can do."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from dbus_fast import DBusError, Variant
from dbus_fast.aio import MessageBus

from gateway import bluez
from gateway.patience import Patience
from gateway.saying import Saying

_log = logging.getLogger(__name__)

_INTERFACE = "org.bluez.Adapter1"
# A controller needs a moment between off and on to forget what it was stuck in; half of it is enough for most.
_OFF = 1.0


class AdapterNotReady(Exception):
    """The message says what a person must do; it may also get well by itself, so it is asked for again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterState:
    """As last seen. `last_heard`: when anything at all was heard, aware. `trouble`: what is wrong and what to do."""

    name: str
    present: bool = False
    powered: bool = False
    scanning: bool = False
    last_heard: datetime | None = None
    trouble: str | None = None

    @property
    def condition(self) -> str | None:
        """In one of the words that the server knows: well, absent, off or silent; none before the first look at it."""
        if self.trouble is None:
            return "well" if self.present else None
        if not self.present:
            return "absent"
        return "silent" if self.powered else "off"


class Adapter:
    """One adapter, by its name ("hci0"). `now` is aware."""

    def __init__(self, name: str, patience: Patience, now: Callable[[], datetime]) -> None:
        self.state = AdapterState(name=name)
        self._path = f"/org/bluez/{name}"
        self._patience = patience
        self._now = now
        self._saying = Saying(_log, well=True)
        self._silences = 0
        self._was_off = False

    def heard(self) -> None:
        """Something was heard, no matter what: the scan lives."""
        self._silences = 0
        self.state = replace(self.state, last_heard=self._now())
        self._well()

    async def make_ready(self, bus: MessageBus) -> None:
        """Sees that it is there and powered. Raises `AdapterNotReady`.

        An adapter found off is switched on only when it is still off at the next look: bluetoothd switches adapters on
        itself as it starts, and serves badly when somebody does the same at that moment.
        """
        was_off, self._was_off = self._was_off, False
        if (await self._look(bus)).powered:
            return
        self._was_off = True
        if not was_off:
            raise AdapterNotReady(f"adapter {self.state.name} is off, and will be switched on")
        await self._switch_on(bus)

    async def _switch_on(self, bus: MessageBus) -> None:
        await self._switch(bus, on=True)
        if not (await self._look(bus)).powered:
            raise AdapterNotReady(
                f"adapter {self.state.name} stays off: see whether `rfkill list` says that it is blocked"
            )

    async def must_be_ready(self, bus: MessageBus) -> None:
        """Raises `AdapterNotReady` when it was pulled out or switched off meanwhile, or bluetoothd ended."""
        if not (await self._look(bus)).powered:
            raise AdapterNotReady(f"adapter {self.state.name} was switched off")

    async def after_silence(self, bus: MessageBus) -> None:
        """Nothing was heard for `Patience.silence`, once more: the next remedy, while no scan runs.

        First nothing but the new scan that follows; then off and on; then a person is told, and both go on in turn.
        Raises `AdapterNotReady`.
        """
        self._silences += 1
        lasts = f"nothing heard on {self.state.name} for {self._silences * self._patience.silence:.0f} s"
        if self._silences > 2:
            self._trouble(
                "silent",
                f"nothing is heard on {self.state.name} though the scan and the adapter were begun anew: "
                "if any Bluetooth device is near, pull the adapter out and plug it in again, or restart the machine",
            )
        if self._silences % 2:
            _log.info("%s: the scan is begun anew", lasts)
            return
        _log.warning("%s: the adapter is switched off and on", lasts)
        await self._switch(bus, on=False)
        await asyncio.sleep(min(_OFF, self._patience.adapter))
        await self._switch_on(bus)

    def lost(self, error: Exception) -> None:
        """The radio cannot work; it says why, once."""
        self.state = replace(self.state, scanning=False)
        if isinstance(error, AdapterNotReady):
            words = str(error)
        else:
            self.state = replace(self.state, present=False, powered=False)
            words = f"Bluetooth does not answer ({error}): see whether the service `bluetooth` runs"
        self._trouble(str(error), f"no Bluetooth on {self.state.name}, waiting for it: {words}")

    def found(self) -> None:
        """The scan runs. A trouble with silence is over only when something is heard."""
        self.state = replace(self.state, scanning=True)
        if self._silences <= 2:
            self._well()

    async def _look(self, bus: MessageBus) -> AdapterState:
        try:
            told = await bluez.properties(bus, self._path, _INTERFACE)
        except DBusError as error:
            self.state = replace(self.state, present=False, powered=False, scanning=False)
            raise AdapterNotReady(_absent(self.state.name, error)) from None
        self.state = replace(self.state, present=True, powered=told["Powered"], scanning=told["Discovering"])
        return self.state

    async def _switch(self, bus: MessageBus, *, on: bool) -> None:
        try:
            await bluez.put(bus, self._path, _INTERFACE, "Powered", Variant("b", on))
        except DBusError as error:
            raise AdapterNotReady(
                f"adapter {self.state.name} cannot be switched {'on' if on else 'off'} ({error.text}): "
                "see whether `rfkill list` says that it is blocked; else pull it out and plug it in again"
            ) from None

    def _trouble(self, condition: str, words: str) -> None:
        self.state = replace(self.state, trouble=words)
        self._saying.trouble(condition, words)

    def _well(self) -> None:
        if self.state.trouble is not None:
            self.state = replace(self.state, trouble=None)
            self._saying.well(f"adapter {self.state.name} is well again")


def _absent(name: str, error: DBusError) -> str:
    if error.type == "org.freedesktop.DBus.Error.ServiceUnknown":
        return "bluetoothd does not run: `systemctl start bluetooth`"
    return f"there is no adapter {name} ({error.text}): plug it in, or name another with --adapter"
