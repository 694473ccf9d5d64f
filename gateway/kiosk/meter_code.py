"""The staff's page for bonding a meter that shows a code: what is asked now, and the answer."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel

from gateway.passkey_desk import NotAsked, PasskeyDesk


class Asked(BaseModel):
    """A meter waits for its code. `seconds`: how long it still does."""

    number: int
    meter: str
    device: str
    seconds: float


class Typed(BaseModel):
    """What somebody read off the meter; None: there is no code, or nobody wants this meter."""

    number: int
    code: str | None


def routes(passkeys: PasskeyDesk) -> APIRouter:
    """`GET /api/meter-code` and `POST /api/meter-code`; the page is `/meter.html`."""
    router = APIRouter()

    @router.get("/api/meter-code")
    async def asked() -> Asked | None:
        """The question, or null."""
        question = passkeys.question
        if question is None:
            return None
        left = (question.until - datetime.now(question.until.tzinfo)).total_seconds()
        return Asked(number=question.number, meter=question.meter, device=question.device, seconds=max(left, 0.0))

    @router.post("/api/meter-code", status_code=204)
    async def typed(answer: Typed) -> None:
        """422 when it is no code, 409 when it is not asked for any more."""
        try:
            if answer.code is None:
                passkeys.decline(answer.number)
            else:
                passkeys.answer(answer.number, answer.code)
        except ValueError as error:
            raise HTTPException(422, str(error)) from None
        except NotAsked as error:
            raise HTTPException(409, str(error)) from None

    return router
