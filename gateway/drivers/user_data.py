"""User Data Service: a scale gives a person's records to whoever knows the consent code it showed that person once.

The codes come from the settings (`consents`). Nobody is ever registered, changed or deleted in a scale from here.
"""

from __future__ import annotations

import logging
import struct

from gateway.link import Interrupted
from gateway.session import Session

_log = logging.getLogger(__name__)

CONTROL_POINT = "2A9F"
_CONSENT, _RESPONSE, _SUCCESS = 0x02, 0x20, 0x01


class UserData:
    """Remembers codes that were refused: a scale may lock a person out after a few wrong ones."""

    def __init__(self) -> None:
        self._refused: set[tuple[str, int, int]] = set()

    async def consent(self, session: Session) -> None:
        """For each person whose code is known: show it, and take what the scale then sends of that person."""
        if not session.link.offers(CONTROL_POINT):
            return
        if not session.consents:
            _log.info("%s keeps records behind codes and `consents` has none for it: only live ones", session.device)
            return
        await session.link.subscribe(CONTROL_POINT)
        for user, code in session.consents.items():
            if (session.device, user, code) not in self._refused and await self._agreed(session, user, code):
                while await session.packets(within=session.patience.between_people):
                    pass

    async def _agreed(self, session: Session, user: int, code: int) -> bool:
        result = await _answer(session, struct.pack("<BBH", _CONSENT, user, code))
        if result == _SUCCESS:
            return True
        _log.warning("%s refuses the code of user %d (%d): correct `consents`", session.device, user, result)
        self._refused.add((session.device, user, code))
        return False


async def _answer(session: Session, request: bytes) -> int:
    """Ask, and give the scale's result code; what it sends meanwhile is kept."""
    await session.link.write(CONTROL_POINT, request)
    while packets := await session.packets():
        for packet in packets:
            if packet.characteristic == CONTROL_POINT and packet.payload[:2] == bytes((_RESPONSE, request[0])):
                return packet.payload[2]
    raise Interrupted("the scale fell silent or hung up instead of answering")
