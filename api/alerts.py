"""The alert list: what waits, what is in hand, what is set aside, what was closed. Decisions are in `api.decisions`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from enum import StrEnum
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse
from psycopg import Connection
from psycopg.rows import DictRow
from pydantic import BaseModel, Field

from api import alert_dialog, audit, episodes
from api.access import Clinician, SignedIn, Viewer
from api.audit import Action
from api.episodes import Alert, AlertWithHistory
from api.errors import Problem
from api.language import Language
from api.services import Database, Given, Services

pages = APIRouter(include_in_schema=False)
json = APIRouter(prefix="/api/v1", tags=["alerts"])


class View(StrEnum):
    """Which alerts the list shows."""

    NOW = "now"  # all that is not closed
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    SHELVED = "shelved"
    RECENT = "recent"  # closed in the last days


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
    """The list's rows alone: read again whenever the live stream opens, for what it may have missed. Recorded."""
    listed = _listed(given, connection, viewer, view)
    audit.write(connection, given.now(), viewer.staff_id, Action.ALERT_LIST, view=view)
    return given.pages.show(request, "alert_rows.html", listed=listed)


@pages.get("/alerts/{episode_id}")
def detail(request: Request, given: Given, connection: Database, viewer: Clinician, episode_id: int) -> Response:
    """The dialog of one alert: why, on which readings, what happened so far, what to do."""
    return alert_dialog.show(request, given, alert_dialog.viewed(given, connection, viewer, episode_id))


@json.get("/alerts", summary="List alerts")
def listing(given: Given, connection: Database, viewer: Clinician, view: View = View.NOW) -> AlertList:
    """Open ones first, then by severity, then the longest waiting; `recent` gives the latest closed first."""
    listed = _listed(given, connection, viewer, view)
    audit.write(connection, given.now(), viewer.staff_id, Action.ALERT_LIST, view=view)
    return AlertList(alerts=listed["alerts"], counts=listed["counts"])


def _follows(given: Given, connection: Database, viewer: SignedIn) -> None:
    if viewer.is_clinical:
        audit.write(connection, given.now(), viewer.staff_id, Action.ALERT_LIST, view="stream")


@json.get(
    "/alerts/stream",
    summary="Follow alerts live",
    response_class=StreamingResponse,
    dependencies=[Depends(_follows, scope="function")],
)
async def stream(given: Given, viewer: SignedIn, language: Language = Language.CHINESE) -> StreamingResponse:
    """Server-sent events. Read the list whenever the stream opens: what happened while it was closed is not sent again.

    `alert`: an alert of one of your residents changed. The data are `episode_id`, `resident_id`, `revision`, `state`,
    `tier`, `row` (the resident's row of the work list as HTML, empty when nothing is left to do) and `read_ms`, when
    that row was read: drop one read earlier than the one you show.

    `resident`: something else changed for a resident, such as a follow-up that was done: `resident_id`, `row` and
    `read_ms`.

    `looking`: who has a resident on the screen: `resident_id` and `by`, a list of `staff_id` and `name`.

    `notice`: you are told of something: `text`, `tier`, `link` and `tag`, which is the same for the same matter.

    `refresh`: changes may have been missed; read the list again.

    Whoever looks after no residents (technicians, the CDC, administrators) hears of notices alone.

    The stream ends after some minutes, so that rights are looked at again; reconnect then. Opening it is recorded.
    """
    seconds = given.settings.stream_minutes * 60
    frames: AsyncIterator[bytes] = given.feed.stream(
        viewer, language, seconds=seconds, heartbeat=given.settings.heartbeat_seconds
    )
    return StreamingResponse(frames, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


@json.get("/alerts/{episode_id}", summary="Read one alert", responses={404: {"model": Problem}})
def read(given: Given, connection: Database, viewer: Clinician, episode_id: int) -> AlertWithHistory:
    """An alert with everything that happened to it. The look is recorded."""
    return alert_dialog.viewed(given, connection, viewer, episode_id)


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
