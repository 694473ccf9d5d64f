"""What a doctor decides about an alert: take it over, record an action, set it aside, take it back, close it.

Every decision names the revision it was made on: of two who decide at once, one wins and the other is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from psycopg import Connection
from psycopg.rows import DictRow, TupleRow
from pydantic import BaseModel, Field

from api import alert_dialog, audit
from api.access import Clinician, Viewer
from api.alert_dialog import OUTCOMES, found, viewed
from api.audit import Action
from api.episodes import AlertWithHistory
from api.errors import Problem, Refusal
from api.language import msgid
from api.services import Database, Given, Services, plain_rows
from ingest.alerting import episodes as decisions
from ingest.alerting.episode import Outcome
from ingest.alerting.shelving import Shelving
from maixun.configuration import settings

pages = APIRouter(prefix="/alerts", include_in_schema=False)
json = APIRouter(prefix="/api/v1/alerts", tags=["alerts"])

_REVISION = Field(description="the revision this decision was made on", examples=[2])
_NOTE = Field(min_length=1, max_length=2000, pattern=r"\S")


class Acknowledgement(BaseModel):
    """Taking an alert over, or back from where it was set aside."""

    revision: int = _REVISION


class Act(BaseModel):
    """Something done about an alert that goes on."""

    revision: int = _REVISION
    note: Annotated[str, _NOTE] = Field(description="what was done", examples=["已电话嘱其复测，今晚再联系"])


class Shelf(BaseModel):
    """Setting an alert aside. Only this cause is quiet, and only until then; what is more severe comes through."""

    revision: int = _REVISION
    until: date = Field(description="the day on whose morning the alert comes back", examples=["2026-11-24"])
    note: Annotated[str, _NOTE] = Field(description="why", examples=["已调整用药，三天后看效果"])


class Closing(BaseModel):
    """Ending an alert."""

    revision: int = Field(description="the revision this decision was made on", examples=[3])
    outcome: Outcome = Field(examples=["advised"])
    note: Annotated[str, _NOTE] = Field(description="what was done", examples=["电话指导，今晚复测"])


@pages.post("/{episode_id}/acknowledge")
def acknowledge(
    request: Request,
    given: Given,
    connection: Database,
    viewer: Clinician,
    episode_id: int,
    asked: Annotated[Acknowledgement, Form()],
) -> Response:
    """Take an alert over; the dialog then says how it stands, also when somebody else was first."""
    decide = Decision(given, connection, viewer, episode_id)
    return decide.answer(request, lambda: decide.acknowledge(asked), msgid("已由您接手。"), asked)


@pages.post("/{episode_id}/act")
def act(
    request: Request,
    given: Given,
    connection: Database,
    viewer: Clinician,
    episode_id: int,
    asked: Annotated[Act, Form()],
) -> Response:
    """Record what was done; the alert goes on, and its time begins anew."""
    decide = Decision(given, connection, viewer, episode_id)
    return decide.answer(request, lambda: decide.act(asked), msgid("措施已记录。"), asked)


@pages.post("/{episode_id}/shelve")
def shelve(
    request: Request,
    given: Given,
    connection: Database,
    viewer: Clinician,
    episode_id: int,
    asked: Annotated[Shelf, Form()],
) -> Response:
    """Set an alert aside until a day, for a reason."""
    decide = Decision(given, connection, viewer, episode_id)
    return decide.answer(request, lambda: decide.shelve(asked), msgid("已搁置，到期自动重新提醒。"), asked)


@pages.post("/{episode_id}/unshelve")
def unshelve(
    request: Request,
    given: Given,
    connection: Database,
    viewer: Clinician,
    episode_id: int,
    asked: Annotated[Acknowledgement, Form()],
) -> Response:
    """Take back before its time what was set aside."""
    decide = Decision(given, connection, viewer, episode_id)
    return decide.answer(request, lambda: decide.unshelve(asked), msgid("搁置已结束，预警重新待处理。"), asked)


@pages.post("/{episode_id}/close")
def close(
    request: Request,
    given: Given,
    connection: Database,
    viewer: Clinician,
    episode_id: int,
    asked: Annotated[Closing, Form()],
) -> Response:
    """End an alert with an outcome and a note."""
    decide = Decision(given, connection, viewer, episode_id)
    return decide.answer(request, lambda: decide.close(asked), msgid("已关闭。"), asked)


_CONFLICT: dict[int | str, dict[str, Any]] = {
    404: {"model": Problem},
    409: {"model": Problem, "description": "somebody else changed it first; `says` tells who"},
}


@json.post("/{episode_id}/acknowledge", summary="Take an alert over", responses=_CONFLICT)
def acknowledge_it(
    given: Given, connection: Database, viewer: Clinician, episode_id: int, asked: Acknowledgement
) -> AlertWithHistory:
    """Compare-and-set: of two doctors who acknowledge at once, one wins and the other is answered 409."""
    return Decision(given, connection, viewer, episode_id).acknowledge(asked)


@json.post("/{episode_id}/act", summary="Record an action", responses=_CONFLICT)
def act_on_it(given: Given, connection: Database, viewer: Clinician, episode_id: int, asked: Act) -> AlertWithHistory:
    """Something was done and the alert goes on: it is the doctor's, and its time begins anew."""
    return Decision(given, connection, viewer, episode_id).act(asked)


@json.post("/{episode_id}/shelve", summary="Set an alert aside", responses=_CONFLICT)
def shelve_it(given: Given, connection: Database, viewer: Clinician, episode_id: int, asked: Shelf) -> AlertWithHistory:
    """Until the morning of a day, with a reason; how far away it may be depends on the tier."""
    return Decision(given, connection, viewer, episode_id).shelve(asked)


@json.post("/{episode_id}/unshelve", summary="Take an alert back before its time", responses=_CONFLICT)
def unshelve_it(
    given: Given, connection: Database, viewer: Clinician, episode_id: int, asked: Acknowledgement
) -> AlertWithHistory:
    """What was set aside is open again."""
    return Decision(given, connection, viewer, episode_id).unshelve(asked)


@json.post("/{episode_id}/close", summary="Close an alert", responses=_CONFLICT)
def close_it(
    given: Given, connection: Database, viewer: Clinician, episode_id: int, asked: Closing
) -> AlertWithHistory:
    """Ends an alert with an outcome and a note; compare-and-set as for taking over."""
    return Decision(given, connection, viewer, episode_id).close(asked)


class Decision:
    """One member of staff deciding about one alert. Each method gives the alert as it then is, and leaves its audit."""

    def __init__(self, given: Services, connection: Connection[DictRow], viewer: Viewer, episode_id: int) -> None:
        """`connection` is the request's transaction."""
        self._given, self._connection, self._viewer, self._episode_id = given, connection, viewer, episode_id
        self._now = given.now()

    def acknowledge(self, asked: Acknowledgement) -> AlertWithHistory:
        """Raises `Refusal`, as all of them."""
        with self._at(Action.ALERT_ACKNOWLEDGE) as (tuples, alert):
            decisions.acknowledge(tuples, alert.resident_id, self._episode_id, asked.revision, **self._by)
        return self._now_is()

    def act(self, asked: Act) -> AlertWithHistory:
        """The note says what was done."""
        with self._at(Action.ALERT_ACT) as (tuples, alert):
            decisions.act(tuples, alert.resident_id, self._episode_id, asked.revision, note=asked.note, **self._by)
        return self._now_is()

    def shelve(self, asked: Shelf) -> AlertWithHistory:
        """Refuses a day that the alert's level does not allow."""
        shelving = settings(Shelving, "shelving")
        with self._at(Action.ALERT_SHELVE, until=asked.until.isoformat()) as (tuples, alert):
            if not shelving.allows(alert.tier, asked.until, self._now):
                raise Refusal(
                    422, "invalid", msgid("这一级别的预警最多搁置 %(n)s 天。"), n=shelving.longest_days[alert.tier]
                )
            until = shelving.end(asked.until)
            decisions.shelve(
                tuples, alert.resident_id, self._episode_id, asked.revision, until=until, note=asked.note, **self._by
            )
        return self._now_is()

    def unshelve(self, asked: Acknowledgement) -> AlertWithHistory:
        """Before the time aside is over."""
        with self._at(Action.ALERT_UNSHELVE) as (tuples, alert):
            decisions.unshelve(tuples, alert.resident_id, self._episode_id, asked.revision, **self._by)
        return self._now_is()

    def close(self, asked: Closing) -> AlertWithHistory:
        """Refuses an outcome that is the engine's to say."""
        if asked.outcome not in OUTCOMES:
            raise Refusal(422, "invalid", msgid("请选择处理结果。"))
        with self._at(Action.ALERT_CLOSE) as (tuples, alert):
            decisions.close(
                tuples,
                alert.resident_id,
                self._episode_id,
                asked.revision,
                outcome=asked.outcome,
                note=asked.note,
                **self._by,
            )
        return self._now_is()

    def answer(
        self, request: Request, decision: Callable[[], AlertWithHistory], done: str, typed: BaseModel
    ) -> Response:
        """The dialog after a decision; refused, it says why and keeps what was typed."""
        form = request.url.path.rpartition("/")[2]
        refusal = None
        try:
            decision()
        except Refusal as refused:
            refusal = refused
        alert = viewed(self._given, self._connection, self._viewer, self._episode_id)
        if refusal is not None:
            return alert_dialog.show(
                request, self._given, alert, refusal, typed={**typed.model_dump(mode="json"), "form": form}
            )
        return alert_dialog.show(request, self._given, alert, done=done)

    @property
    def _by(self) -> dict[str, Any]:
        return {"staff_id": self._viewer.staff_id, "now": self._now}

    def _now_is(self) -> AlertWithHistory:
        return found(self._given, self._connection, self._viewer, self._episode_id)

    @contextmanager
    def _at(self, action: Action, **detail: object) -> Iterator[tuple[Connection[TupleRow], AlertWithHistory]]:
        """A connection to decide on and the alert; afterwards the audit, or the sentence that tells who was first."""
        alert = self._now_is()
        try:
            with plain_rows(self._connection) as tuples:
                yield tuples, alert
        except (decisions.Overtaken, decisions.NotAllowed):
            raise _overtaken(self._now_is()) from None
        given = {"episode_id": self._episode_id, **detail}
        audit.write(self._connection, self._now, self._viewer.staff_id, action, alert.resident_id, **given)


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
