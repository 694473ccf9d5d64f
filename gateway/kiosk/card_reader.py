"""The ID card reader at its port: looks for a card while somebody may lay one down, reads each card once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from gateway.kiosk import id_card
from gateway.kiosk.id_card import Answer, AnswerReader, IdCard, Unreadable
from gateway.kiosk.serial_port import PortGone, SerialPort
from gateway.saying import Saying

_log = logging.getLogger(__name__)
_LOOK_EVERY = 0.4  # seconds: a card is seen at once, and the reader is not kept busy
_ANSWER_WITHIN = 2.0  # seconds: 1,295 bytes take 0.12 s at 115,200 baud, the reader itself about one
RETRY = 3.0  # seconds until a port that is gone is tried again


class CardReader:
    """One reader. `wanted` tells whether a card is looked for, `found` and `unreadable` take what came of it."""

    def __init__(
        self,
        path: str,
        baud: int,
        *,
        wanted: Callable[[], bool],
        found: Callable[[IdCard], None],
        unreadable: Callable[[], None],
    ) -> None:
        self._path = path
        self._baud = baud
        self._wanted = wanted
        self._found = found
        self._unreadable = unreadable
        self._is_lying_there = False
        self._saying = Saying(_log, well=True)

    async def run(self) -> None:
        """Look for cards until cancelled."""
        while True:
            try:
                with SerialPort(self._path, self._baud) as port:
                    self._saying.well(f"the ID card reader on {self._path} is there")
                    while True:
                        if self._wanted():
                            await self._look(port)
                        await asyncio.sleep(_LOOK_EVERY)
            except PortGone as gone:
                self._saying.trouble("gone", str(gone))
                await asyncio.sleep(RETRY)

    async def _look(self, port: SerialPort) -> None:
        """One try. A card that stays on the reader after its visit is not read again."""
        finding = await _ask(port, id_card.FIND)
        if finding is None or not finding.good:
            self._is_lying_there = False
            return
        if self._is_lying_there:
            return
        selected = await _ask(port, id_card.SELECT)
        read = await _ask(port, id_card.READ) if selected is not None and selected.good else None
        try:
            if read is None or not read.good:
                raise Unreadable("the card did not answer")
            card = id_card.parse(read.data)
        except Unreadable as why:
            _log.info("an ID card was not read: %s", why)
            self._unreadable()
        else:
            self._is_lying_there = True
            self._found(card)


async def _ask(port: SerialPort, command: bytes) -> Answer | None:
    """The answer to a command, None when none comes in time. What the line still held before is no answer to it."""
    reader = AnswerReader()
    port.discard()
    port.write(command)
    try:
        async with asyncio.timeout(_ANSWER_WITHIN):
            while True:
                for answer in reader.feed(await port.read()):
                    return answer
    except TimeoutError:
        return None
