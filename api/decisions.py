"""Deciding about an alert, on the pages and as JSON: take over, record an action, set aside, take back, close.

Every decision names the revision it was made on: of two who decide at once, one wins and the other is told.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response

from api.decision import Acknowledgement, Act, Closing, Deciding, Shelf
from api.episodes import AlertWithHistory
from api.errors import Problem
from api.language import msgid

pages = APIRouter(prefix="/alerts", include_in_schema=False)
json = APIRouter(prefix="/api/v1/alerts", tags=["alerts"])

_CONFLICT: dict[int | str, dict[str, Any]] = {
    404: {"model": Problem},
    409: {"model": Problem, "description": "somebody else changed it first; `says` tells who"},
}


@pages.post("/{episode_id}/acknowledge")
def acknowledge(request: Request, decide: Deciding, asked: Annotated[Acknowledgement, Form()]) -> Response:
    """Take an alert over; the dialog then says how it stands, also when somebody else was first."""
    return decide.answer(request, lambda: decide.acknowledge(asked), msgid("已由您接手。"), asked)


@pages.post("/{episode_id}/act")
def act(request: Request, decide: Deciding, asked: Annotated[Act, Form()]) -> Response:
    """Record what was done; the alert goes on, and its time begins anew."""
    return decide.answer(request, lambda: decide.act(asked), msgid("措施已记录。"), asked)


@pages.post("/{episode_id}/shelve")
def shelve(request: Request, decide: Deciding, asked: Annotated[Shelf, Form()]) -> Response:
    """Set an alert aside until a day, for a reason."""
    return decide.answer(request, lambda: decide.shelve(asked), msgid("已搁置，到期自动重新提醒。"), asked)


@pages.post("/{episode_id}/unshelve")
def unshelve(request: Request, decide: Deciding, asked: Annotated[Acknowledgement, Form()]) -> Response:
    """Take back before its time what was set aside."""
    return decide.answer(request, lambda: decide.unshelve(asked), msgid("搁置已结束，预警重新待处理。"), asked)


@pages.post("/{episode_id}/close")
def close(request: Request, decide: Deciding, asked: Annotated[Closing, Form()]) -> Response:
    """End an alert with an outcome and a note."""
    return decide.answer(request, lambda: decide.close(asked), msgid("已关闭。"), asked)


@json.post("/{episode_id}/acknowledge", summary="Take an alert over", responses=_CONFLICT)
def acknowledge_it(decide: Deciding, asked: Acknowledgement) -> AlertWithHistory:
    """Compare-and-set: of two doctors who acknowledge at once, one wins and the other is answered 409."""
    return decide.acknowledge(asked)


@json.post("/{episode_id}/act", summary="Record an action", responses=_CONFLICT)
def act_on_it(decide: Deciding, asked: Act) -> AlertWithHistory:
    """Something was done and the alert goes on: it is the doctor's, and its time begins anew."""
    return decide.act(asked)


@json.post("/{episode_id}/shelve", summary="Set an alert aside", responses=_CONFLICT)
def shelve_it(decide: Deciding, asked: Shelf) -> AlertWithHistory:
    """Until the morning of a day, with a reason; how far away it may be depends on the tier."""
    return decide.shelve(asked)


@json.post("/{episode_id}/unshelve", summary="Take an alert back before its time", responses=_CONFLICT)
def unshelve_it(decide: Deciding, asked: Acknowledgement) -> AlertWithHistory:
    """What was set aside is open again."""
    return decide.unshelve(asked)


@json.post("/{episode_id}/close", summary="Close an alert", responses=_CONFLICT)
def close_it(decide: Deciding, asked: Closing) -> AlertWithHistory:
    """Ends an alert with an outcome and a note; compare-and-set as for taking over."""
    return decide.close(asked)
