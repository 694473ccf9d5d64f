"""An instrument on a serial port: opened again and again, its messages taken in, each answered when it is kept."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from gateway.kiosk.instruments import Driver, Said
from gateway.kiosk.serial_port import PortGone, SerialPort
from gateway.saying import Saying

_log = logging.getLogger(__name__)
RETRY = 3.0  # seconds until a port that is gone is tried again


class SerialInstrument:
    """One port with its driver."""

    def __init__(
        self,
        path: str,
        baud: int,
        driver: Driver,
        take_in: Callable[[Said], bool],
        *,
        now: Callable[[], datetime],
    ) -> None:
        """`take_in` keeps what was said and tells whether it did; only then the instrument may forget it."""
        self._path = path
        self._baud = baud
        self._driver = driver
        self._take_in = take_in
        self._now = now
        self._saying = Saying(_log, well=True)

    async def run(self) -> None:
        """Listen until cancelled."""
        while True:
            try:
                with SerialPort(self._path, self._baud) as port:
                    self._saying.well(f"the instrument on {self._path} is there")
                    await self._listen(port)
            except PortGone as gone:
                self._saying.trouble("gone", str(gone))
                await asyncio.sleep(RETRY)

    async def _listen(self, port: SerialPort) -> None:
        while True:
            for message in self._driver.feed(await port.read(), self._now()):
                kept = message.said is not None and self._take_in(message.said)
                answer = message.if_kept if kept else message.if_not
                if answer:
                    port.write(answer)
