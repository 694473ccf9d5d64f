"""Room for emulated meters around one Bluetooth adapter, whatever stands behind that adapter."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from bumble.controller import Controller
from bumble.link import LocalLink
from bumble.transport.common import Transport

from tests.harness.radio.diary import Diary


class Air:
    """`link` carries what is sent; the adapter is on the system bus under its usual path.

    `diary`: what the adapter was told to do, "scan" for one.
    """

    adapter_name = "hci0"
    adapter_path = "/org/bluez/hci0"

    def __init__(self) -> None:
        self.link = LocalLink()  # type: ignore[no-untyped-call]
        self.diary = Diary()

    def transport(self, name: str) -> Transport:
        """A fresh virtual controller on this air, for one meter."""
        controller = Controller(name, link=self.link)
        return Transport(controller, controller)


class Airs(Protocol):
    """Makes an air with its adapter and the service `org.bluez`, both gone at the end of the block."""

    def __call__(self) -> AbstractAsyncContextManager[Air]: ...
