"""The alert list: what waits, what is in hand, what was closed; of two who decide at once, one wins and one is told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import StreamingResponse
from psycopg import Connection
from psycopg.rows import DictRow, TupleRow
from pydantic import BaseModel, Field

from api import audit, episodes, language, words
from api.access import Clinician, Viewer
from api.audit import Action
from api.episodes import Alert, AlertWithHistory
from api.errors import Problem, Refusal, not_found
from api.language import Language, msgid
from api.services import Database, Given, Services, plain_rows
from ingest.alerting import episodes as decisions
from ingest.alerting.episode import ENGINE_OUTCOMES, Outcome

pages = APIRouter(include_in_schema=False)
json = APIRouter(prefix="/api/v1", tags=["alerts"])


class View(StrEnum):
    """Which alerts the list shows."""

    NOW = "now"  # all that is not closed
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RECENT = "recent"  # closed in the last days


# What a doctor may say; the rest are the engine's own endings.
OUTCOMES = {each: words.OUTCOMES[each] for each in Outcome if each not in ENGINE_OUTCOMES}


class Acknowledgement(BaseModel):
    """Taking an alert over."""

    revision: int = Field(description="the revision this decision was made on", examples=[2])


class Closing(BaseModel):
    """Ending an alert."""

    revision: int = Field(description="the revision this decision was made on", examples=[3])
    outcome: Outcome = Field(examples=["advised"])
    note: str = Field(min_length=1, max_length=2000, description="what was done", examples=["电话指导，今晚复测"])


class AlertList(BaseModel):
    """Alerts in the order of the list, and how many there are in each state that is not closed."""

    alerts: list[Alert]
    counts: dict[str, int] = Field(examples=[{"open": 3, "acknowledged": 1, "shelved": 0}])


@pages.get("/alerts")
def show(request: Request, given: Given, connection: Database, viewer: Clinician, view: View = View.NOW) -> Response:
    """The list, live from then on."""
    listed = _listed(given, connection, viewer, view)
    audit.write(connection, given.now(), viewer.staff_id, Action.ALERT_LIST, view=view)
    return given.pages.show(request, "alerts.html", viewer=viewer, view=view.value, views=View, listed=listed)


@pages.get("/alerts/rows")
def rows(request: Request, given: Given, connection: Database, viewer: Clinician, view: View = View.NOW) -> Response:
    """The list's rows alone: read again whenever the live stream opens, for what it may have missed."""
    return given.pages.show(request, "alert_rows.html", listed=_listed(given, connection, viewer, view))


@pages.get("/alerts/{episode_id}")
def detail(request: Request, given: Given, connection: Database, viewer: Clinician, episode_id: int) -> Response:
    """The dialog of one alert: why, on which readings, what happened so far, what to do."""
    return _dialog(request, given, _viewed(given, connection, viewer, episode_id))


@pages.post("/alerts/{episode_id}/acknowledge")
def acknowledge(
    request: Request,
    given: Given,
    connection: Database,
    viewer: Clinician,
    episode_id: int,
    revision: Annotated[int, Form()],
) -> Response:
    """Take an alert over; the dialog then says how it stands, also when somebody else was first."""
    try:
        _acknowledge(given, connection, viewer, episode_id, revision)
    except Refusal as refusal:
        return _dialog(request, given, _viewed(given, connection, viewer, episode_id), refusal)
    return _dialog(request, given, _viewed(given, connection, viewer, episode_id), done=msgid("已由您接手。"))


@pages.post("/alerts/{episode_id}/close")
def close(
    request: Request,
    given: Given,
    connection: Database,
    viewer: Clinician,
    episode_id: int,
    closing: Annotated[Closing, Form()],
) -> Response:
    """End an alert with an outcome and a note."""
    try:
        _close(given, connection, viewer, episode_id, closing)
    except Refusal as refusal:
        return _dialog(
            request, given, _viewed(given, connection, viewer, episode_id), refusal, typed=closing.model_dump()
        )
    return _dialog(request, given, _viewed(given, connection, viewer, episode_id), done=msgid("已关闭。"))


@json.get("/alerts", summary="List alerts")
def listing(given: Given, connection: Database, viewer: Clinician, view: View = View.NOW) -> AlertList:
    """Open ones first, then by severity, then the longest waiting; `recent` gives the latest closed first."""
    listed = _listed(given, connection, viewer, view)
    audit.write(connection, given.now(), viewer.staff_id, Action.ALERT_LIST, view=view)
    return AlertList(alerts=listed["alerts"], counts=listed["counts"])


@json.get("/alerts/stream", summary="Follow alerts live", response_class=StreamingResponse)
async def stream(given: Given, viewer: Clinician, language: Language = Language.CHINESE) -> StreamingResponse:
    """Server-sent events. Read the list whenever the stream opens: what happened while it was closed is not sent again.

    `alert`: an alert of one of your residents changed. The data are `episode_id`, `resident_id`, `revision`, `state`,
    `tier` and `row`, the list's row as HTML. Drop a revision older than one you have seen.

    `refresh`: changes may have been missed; read the list again.

    The stream ends after some minutes, so that rights are looked at again; reconnect then.
    """
    seconds = given.settings.stream_minutes * 60
    frames: AsyncIterator[bytes] = given.feed.stream(
        viewer, language, seconds=seconds, heartbeat=given.settings.heartbeat_seconds
    )
    return StreamingResponse(frames, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


@json.get("/alerts/{episode_id}", summary="Read one alert", responses={404: {"model": Problem}})
def read(given: Given, connection: Database, viewer: Clinician, episode_id: int) -> AlertWithHistory:
    """An alert with everything that happened to it. The look is recorded."""
    return _viewed(given, connection, viewer, episode_id)


_CONFLICT: dict[int | str, dict[str, Any]] = {
    404: {"model": Problem},
    409: {"model": Problem, "description": "somebody else changed it first; `says` tells who"},
}


@json.post("/alerts/{episode_id}/acknowledge", summary="Take an alert over", responses=_CONFLICT)
def acknowledge_it(
    given: Given, connection: Database, viewer: Clinician, episode_id: int, asked: Acknowledgement
) -> AlertWithHistory:
    """Compare-and-set: of two doctors who acknowledge at once, one wins and the other is answered 409."""
    _acknowledge(given, connection, viewer, episode_id, asked.revision)
    return _found(given, connection, viewer, episode_id)


@json.post("/alerts/{episode_id}/close", summary="Close an alert", responses=_CONFLICT)
def close_it(
    given: Given, connection: Database, viewer: Clinician, episode_id: int, asked: Closing
) -> AlertWithHistory:
    """Ends an alert with an outcome and a note; compare-and-set as for taking over."""
    _close(given, connection, viewer, episode_id, asked)
    return _found(given, connection, viewer, episode_id)


def _listed(given: Services, connection: Connection[DictRow], viewer: Viewer, view: View) -> dict[str, Any]:
    limit = given.settings.list_limit
    if view is View.RECENT:
        since = given.now() - timedelta(days=given.settings.recent_days)
        alerts = episodes.recent(connection, viewer, given.key, since, limit)
    else:
        alerts = episodes.waiting(connection, viewer, given.key, limit)
        if view is not View.NOW:
            alerts = [alert for alert in alerts if alert.state == view]
    return {"alerts": alerts, "counts": episodes.counts(connection, viewer), "limit": limit}


def _found(given: Services, connection: Connection[DictRow], viewer: Viewer, episode_id: int) -> AlertWithHistory:
    alert = episodes.one(connection, viewer, episode_id, given.key)
    if alert is None:
        raise not_found()
    return alert


def _viewed(given: Services, connection: Connection[DictRow], viewer: Viewer, episode_id: int) -> AlertWithHistory:
    alert = _found(given, connection, viewer, episode_id)
    audit.write(connection, given.now(), viewer.staff_id, Action.ALERT_VIEW, alert.resident_id, episode_id=episode_id)
    return alert


def _acknowledge(
    given: Services, connection: Connection[DictRow], viewer: Viewer, episode_id: int, revision: int
) -> None:
    now = given.now()
    with _decision(given, connection, viewer, episode_id) as (tuples, resident_id):
        decisions.acknowledge(tuples, resident_id, episode_id, revision, staff_id=viewer.staff_id, now=now)
    audit.write(connection, now, viewer.staff_id, Action.ALERT_ACKNOWLEDGE, resident_id, episode_id=episode_id)


def _close(given: Services, connection: Connection[DictRow], viewer: Viewer, episode_id: int, asked: Closing) -> None:
    if asked.outcome not in OUTCOMES:
        raise Refusal(422, "invalid", msgid("请选择处理结果。"))
    now, staff_id = given.now(), viewer.staff_id
    with _decision(given, connection, viewer, episode_id) as (tuples, resident_id):
        decisions.close(
            tuples,
            resident_id,
            episode_id,
            asked.revision,
            staff_id=staff_id,
            outcome=asked.outcome,
            now=now,
            note=asked.note,
        )
    audit.write(connection, now, staff_id, Action.ALERT_CLOSE, resident_id, episode_id=episode_id)


@contextmanager
def _decision(
    given: Services, connection: Connection[DictRow], viewer: Viewer, episode_id: int
) -> Iterator[tuple[Connection[TupleRow], int]]:
    """A connection to decide on and the resident; turns a lost race into the sentence that tells who was first."""
    alert = _found(given, connection, viewer, episode_id)
    try:
        with plain_rows(connection) as tuples:
            yield tuples, alert.resident_id
    except (decisions.Overtaken, decisions.NotAllowed):
        raise _overtaken(_found(given, connection, viewer, episode_id)) from None


def _overtaken(alert: AlertWithHistory) -> Refusal:
    """Tell the second of two who was first, and what to do."""
    last = alert.events[-1] if alert.events else None
    if last is None or last.by is None:
        text = msgid("您的操作没有保存：系统刚刚更新了这条预警。请看最新情况后再决定。")
        return Refusal(409, "overtaken", text)
    if alert.state == "closed":
        text = msgid("%(name)s 已先一步关闭了这条预警，您的操作没有保存。")
    else:
        text = msgid("%(name)s 已先一步处理了这条预警，您的操作没有保存。请看最新情况后再决定。")
    return Refusal(409, "overtaken", text, name=last.by)


def _dialog(
    request: Request,
    given: Services,
    alert: AlertWithHistory,
    refusal: Refusal | None = None,
    *,
    done: str | None = None,
    typed: dict[str, Any] | None = None,
) -> Response:
    return given.pages.show(
        request,
        "alert_dialog.html",
        status=refusal.status if refusal else 200,
        alert=alert,
        outcomes=OUTCOMES,
        problem=refusal.says[language.of(request)] if refusal else None,
        done=done,
        typed=typed or {"outcome": None, "note": ""},
    )
