"""What every emulated meter has: an advertisement, attributes, and a diary of what happened."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from bumble import att, data_types
from bumble.core import UUID, AdvertisingData, BaseBumbleError
from bumble.device import Connection, Device, DeviceConfiguration
from bumble.gatt import (
    GATT_CLIENT_CHARACTERISTIC_CONFIGURATION_DESCRIPTOR,
    Characteristic,
    CharacteristicValue,
    Descriptor,
    Service,
)
from bumble.hci import Address

from tests.harness.radio.air import Air
from tests.harness.radio.bonding import Bonding
from tests.harness.radio.diary import Diary

Properties = Characteristic.Properties
Permissions = att.Attribute.Permissions

# Quick enough that a test hears a meter at once; real ones advertise each 100 ms to 1 s.
_ADVERTISING_MS = 20.0


@dataclass(kw_only=True)
class Meter:
    """Base of the emulated meters; `diary` tells in words what the gateway did to it. `battery`: per cent, if told.

    `secure`: it speaks over an encrypted link only; `code` and `refuses_to_bond`: see `Bonding`.
    """

    DELETED: ClassVar[str] = "memory deleted"

    radio: Air
    address: str
    name: str = "METER"
    manufacturer: str | None = None
    model: str | None = None
    battery: int | None = None
    secure: bool = False
    code: str | None = None
    refuses_to_bond: bool = False
    service: int = 0
    announces_service: bool = True
    diary: Diary = field(default_factory=Diary)
    stays_silent_after_hang_up: bool = False

    def __post_init__(self) -> None:
        self.connection: Connection | None = None
        self.connected_at = 0.0
        self._tasks: set[asyncio.Task[None]] = set()
        self._characteristics: dict[int | str, Characteristic[bytes]] = {}
        transport = self.radio.transport(self.address)
        configuration = DeviceConfiguration(
            name=self.name,
            address=Address(self.address),
            advertising_interval_min=_ADVERTISING_MS,
            advertising_interval_max=_ADVERTISING_MS,
        )
        self.device = Device.from_config_with_hci(configuration, transport.source, transport.sink)
        bonding = Bonding(self.diary, code=self.code, refuses=self.refuses_to_bond)
        self.device.pairing_config_factory = lambda _connection: bonding.configuration()
        for service in [*self.services(), *self._information()]:
            self.device.add_service(service)
        self.device.on("connection", self._connected)

    async def __aenter__(self) -> Self:
        """Switches the meter on: it advertises."""
        await self.device.power_on()
        await self.advertise()
        return self

    async def __aexit__(self, *_: Any) -> None:
        """Switches it off. Whoever deleted anything in it fails here: a meter's memory is its owner's."""
        self.stays_silent_after_hang_up = True
        await self.hang_up()
        for task in self._tasks:
            task.cancel()
        await self.device.power_off()
        assert self.DELETED not in self.diary.entries

    def services(self) -> Sequence[Service]:
        """The services of the kind of meter."""
        return []

    def begin(self) -> None:
        """A new connection."""

    def has_records(self) -> bool:
        """Whether there is a reason to advertise again."""
        return True

    async def advertise(self) -> None:
        """Name and service ride in the one packet: virtual controllers deliver no scan responses."""
        services = [UUID.from_16_bits(self.service)] if self.announces_service else []
        self.device.advertising_data = bytes(
            AdvertisingData(
                [
                    data_types.Flags(AdvertisingData.Flags.LE_GENERAL_DISCOVERABLE_MODE),
                    data_types.IncompleteListOf16BitServiceUUIDs(services),
                    data_types.CompleteLocalName(self.name),
                ]
            )
        )
        await self.device.start_advertising(auto_restart=False)

    async def hang_up(self) -> None:
        """Ends the link, if there is one."""
        if self.connection is not None:
            await self.connection.disconnect()

    def characteristic(
        self,
        number: int | str,
        properties: Characteristic.Properties,
        *,
        read: Callable[[], bytes] | None = None,
        write: Callable[[bytes], None] | None = None,
        subscribed: Callable[[], None] | None = None,
        secure: bool | None = None,
    ) -> Characteristic[bytes]:
        """One attribute, by its 16-bit number or full UUID; with `secure` every access needs an encrypted link."""
        encrypted = self.secure if secure is None else secure
        permissions = Permissions(0)
        if read is not None:
            permissions |= Permissions.READABLE | (Permissions.READ_REQUIRES_ENCRYPTION if encrypted else 0)
        if write is not None:
            permissions |= Permissions.WRITEABLE | (Permissions.WRITE_REQUIRES_ENCRYPTION if encrypted else 0)
        value = CharacteristicValue[bytes](
            read=lambda _connection: read() if read else b"",
            write=lambda _connection, value: write(bytes(value)) if write else None,
        )
        uuid = UUID.from_16_bits(number) if isinstance(number, int) else UUID(number)
        made = Characteristic[bytes](uuid, properties, permissions, value, [])
        if properties & (Properties.NOTIFY | Properties.INDICATE):
            self._add_subscription(number, made, encrypted, subscribed)
        self._characteristics[number] = made
        return made

    def _add_subscription(
        self, number: int | str, made: Characteristic[bytes], encrypted: bool, subscribed: Callable[[], None] | None
    ) -> None:
        permissions = Permissions.READABLE | Permissions.WRITEABLE
        if encrypted:
            permissions |= Permissions.WRITE_REQUIRES_ENCRYPTION
        made.descriptors = [
            Descriptor(
                GATT_CLIENT_CHARACTERISTIC_CONFIGURATION_DESCRIPTOR,
                permissions,
                self.device.gatt_server.make_descriptor_value(made),
            )
        ]

        def on_subscription(_connection: Connection, notify: bool, indicate: bool) -> None:
            if notify or indicate:
                self.diary.note(f"subscribe {number:04X}" if isinstance(number, int) else f"subscribe {number}")
                if subscribed is not None:
                    subscribed()

        made.on("subscription", on_subscription)

    async def send(self, number: int | str, value: bytes, *, indicate: bool = False) -> None:
        """Notifies, or indicates and waits for the confirmation."""
        server = self.device.gatt_server
        deliver = server.indicate_subscriber if indicate else server.notify_subscriber
        assert self.connection is not None
        await deliver(self.connection, self._characteristics[number], value)

    def in_background(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs what the meter does of its own accord; it ends quietly when the link does."""

        async def until_the_link_ends() -> None:
            try:
                await work
            except (BaseBumbleError, TimeoutError, AssertionError):
                self.diary.note("cut off")

        task = asyncio.create_task(until_the_link_ends())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _information(self) -> list[Service]:
        told = {0x2A29: self.manufacturer, 0x2A24: self.model}
        characteristics = [self._telling(number, text.encode()) for number, text in told.items() if text is not None]
        found = [Service(UUID.from_16_bits(0x180A), characteristics)] if characteristics else []
        if self.battery is not None:
            found.append(Service(UUID.from_16_bits(0x180F), [self._telling(0x2A19, bytes([self.battery]))]))
        return found

    def _telling(self, number: int, value: bytes) -> Characteristic[bytes]:
        def read() -> bytes:
            self.diary.note(f"read {number:04X}")
            return value

        return self.characteristic(number, Properties.READ, read=read, secure=False)

    def _connected(self, connection: Connection) -> None:
        self.connection = connection
        self.connected_at = asyncio.get_running_loop().time()
        self.begin()
        self.diary.note("connect")
        connection.on(connection.EVENT_PAIRING, lambda *_: self.diary.note("bonded"))
        connection.on(connection.EVENT_CONNECTION_ENCRYPTION_CHANGE, lambda *_: self.diary.note("encrypted"))
        connection.on(connection.EVENT_DISCONNECTION, self._disconnected)

    def _disconnected(self, _reason: int) -> None:
        self.connection = None
        self.diary.note("hang up")
        if not self.stays_silent_after_hang_up and self.has_records():
            self.in_background(self.advertise())
