"""Glucose Profile: the meter keeps its memory and reports from where we stopped, when it is asked.

Nothing is ever deleted in the meter: it is its owner's diary.
"""

from __future__ import annotations

import logging

from devices.gatt import DecodeError, racp
from devices.gatt.quirks import UNSTABLE_SEQUENCE
from gateway.drivers import meter_clock
from gateway.link import Interrupted
from gateway.session import Session

_log = logging.getLogger(__name__)

_MEASUREMENT, _CONTEXT, _ACCESS = "2A18", "2A34", "2A52"
_ENDINGS = {
    2: "cannot report records",
    3: "the operator is invalid",
    4: "the operator is not supported",
    5: "the operand is invalid",
    7: "abort failed",
    8: "the procedure was not completed",
    9: "the operand is not supported",
}
# The last record we have is asked for again, so a meter always has an answer: with "no records" (6) its memory was
# cleared and counts anew. The others refuse to filter by sequence number. All of them are asked for everything.
_ASK_FOR_ALL = {racp.NO_RECORDS, 3, 4, 5, 9}


class GlucoseDriver:
    """The driver."""

    service = "1808"
    measurement = _MEASUREMENT

    async def run(self, session: Session) -> None:
        """Subscribe, ask for what is new, and set the clock when everything is here that the old one stamped."""
        await meter_clock.read(session)
        for characteristic in (_MEASUREMENT, _CONTEXT, _ACCESS):
            if session.link.offers(characteristic):
                await session.link.subscribe(characteristic)
        await self._report(session)
        if session.model.sets_clock:
            await meter_clock.write(session)

    async def _report(self, session: Session) -> None:
        code = await self._from_last(session)
        if code in _ASK_FOR_ALL:
            code = await self._ask(session, racp.report_all())
        if code not in (racp.SUCCESS, racp.NO_RECORDS):
            raise Interrupted(f"the meter says: {_ENDINGS.get(code, f'code {code}')}")

    async def _from_last(self, session: Session) -> int:
        last = session.last_sequence
        if last is None or UNSTABLE_SEQUENCE in session.model.quirks:
            return racp.NO_RECORDS
        return await self._ask(session, racp.report_from(last))

    async def _ask(self, session: Session, request: bytes) -> int:
        """Ask, take the records, and give the code with which the meter ends its report."""
        await session.link.write(_ACCESS, request)
        while packets := await session.packets():
            for packet in packets:
                if packet.characteristic == _ACCESS and (code := _ending(packet.payload)) is not None:
                    return code
        raise Interrupted("the meter fell silent or hung up before the end of its report")


def _ending(payload: bytes) -> int | None:
    try:
        answer = racp.decode(payload)
    except DecodeError as error:
        raise Interrupted(f"the meter's answer cannot be understood: {error}") from None
    return answer.code if isinstance(answer, racp.Response) and answer.request == racp.Op.REPORT else None
