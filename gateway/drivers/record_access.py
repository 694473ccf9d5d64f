"""2A52 Record Access Control Point: a meter that keeps its memory reports from where we stopped, when it is asked.

Nothing is ever deleted in a meter: it is its owner's diary.
"""

from __future__ import annotations

from devices.gatt import DecodeError, racp
from gateway.link import Interrupted
from gateway.session import Session

POINT = "2A52"
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
# cleared and counts anew. The others refuse to filter by number. All of them are asked for everything.
_ASK_FOR_ALL = {racp.NO_RECORDS, 3, 4, 5, 9}


async def report(session: Session, last: int | None) -> None:
    """Takes the records from number `last` on, everything when that is None. Raises `Interrupted`, `BleakError`."""
    code = racp.NO_RECORDS if last is None else await _ask(session, racp.report_from(last))
    if code in _ASK_FOR_ALL:
        code = await _ask(session, racp.report_all())
    if code not in (racp.SUCCESS, racp.NO_RECORDS):
        raise Interrupted(f"the meter says: {_ENDINGS.get(code, f'code {code}')}")


async def _ask(session: Session, request: bytes) -> int:
    """Ask, take the records, and give the code with which the meter ends its report."""
    await session.link.write(POINT, request)
    while packets := await session.packets():
        for packet in packets:
            if packet.characteristic == POINT and (code := _ending(packet.payload)) is not None:
                return code
    raise Interrupted("the meter fell silent or hung up before the end of its report")


def _ending(payload: bytes) -> int | None:
    try:
        answer = racp.decode(payload)
    except DecodeError as error:
        raise Interrupted(f"the meter's answer cannot be understood: {error}") from None
    return answer.code if isinstance(answer, racp.Response) and answer.request == racp.Op.REPORT else None
