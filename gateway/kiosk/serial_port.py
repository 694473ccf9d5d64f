"""One serial port on the event loop: read what has come, write a few bytes."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

import serial

_AT_ONCE = 4096  # bytes a read takes at most
_WRITE_WITHIN = 1.0  # seconds: a device that takes no bytes for so long is off


class PortGone(Exception):
    """The port cannot be used (any more): look at cable, power and the port's name in config/kiosk.yaml."""


class SerialPort:
    """An open port, 8N1. Close it by leaving the `with` block."""

    def __init__(self, path: str, baud: int) -> None:
        """Opens it for this process alone. Raises `PortGone`."""
        try:
            self._serial = serial.Serial(path, baud, timeout=0, write_timeout=_WRITE_WITHIN, exclusive=True)
        except (serial.SerialException, ValueError) as error:
            raise PortGone(f"{path} cannot be opened ({error}): is the instrument plugged in?") from None
        self._path = path

    def __enter__(self) -> Self:
        """The port itself."""
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self._serial.close()

    async def read(self) -> bytes:
        """What has come, at least one byte. Raises `PortGone`."""
        loop, ready = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._serial.fileno(), ready.set)
        try:
            await ready.wait()
        finally:
            loop.remove_reader(self._serial.fileno())
        try:
            received = bytes(self._serial.read(_AT_ONCE))
        except (serial.SerialException, OSError) as error:
            raise PortGone(f"{self._path} is gone ({error})") from None
        if not received:
            raise PortGone(f"{self._path} is gone")
        return received

    def write(self, data: bytes) -> None:
        """Send a few bytes. Raises `PortGone`."""
        try:
            self._serial.write(data)
        except (serial.SerialException, OSError) as error:
            raise PortGone(f"{self._path} takes no bytes ({error})") from None

    def discard(self) -> None:
        """Forget what has come and was not read. Raises `PortGone`."""
        try:
            self._serial.reset_input_buffer()
        except (serial.SerialException, OSError) as error:
            raise PortGone(f"{self._path} is gone ({error})") from None
