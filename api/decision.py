"""One decision about one alert: what may be asked, what it does, its audit, and what the second of two is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from psycopg import Connection
from psycopg.rows import DictRow, TupleRow
from pydantic import BaseModel, Field

from api import alert_dialog, audit
from api.access import Clinician, Viewer
from api.alert_dialog import OUTCOMES, found, viewed
from api.audit import Action
from api.episodes import AlertWithHistory
from api.errors import Refusal
from api.language import msgid
from api.services import Database, Given, Services, plain_rows
from ingest.alerting import episodes as decisions
from ingest.alerting.episode import Outcome
from ingest.alerting.shelving import Shelving
from maixun.configuration import settings

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


def _decision(given: Given, connection: Database, viewer: Clinician, episode_id: int) -> Decision:
    return Decision(given, connection, viewer, episode_id)


Deciding = Annotated[Decision, Depends(_decision, scope="function")]
