"""A doctor's own limits for one resident: setting and ending them, recorded; as JSON. Pages: `api.override_pages`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from fastapi import APIRouter
from psycopg import Connection
from psycopg.rows import DictRow
from pydantic import BaseModel, Field

from api import audit
from api.access import Clinician, Viewer, require_resident
from api.audit import Action
from api.errors import Problem as ProblemBody
from api.errors import Refusal, not_found
from api.language import msgid
from api.services import Database, Given, Services, plain_rows
from ingest.alerting import overrides as decisions
from ingest.alerting.override import OverrideSettings, Problem, Wish, Wrong, problem
from ingest.alerting.overrides import Stored
from maixun.configuration import settings

json = APIRouter(prefix="/api/v1/residents/{resident_id}/overrides", tags=["residents"])

SAYS: Mapping[Wrong, str] = {
    Wrong.UNKNOWN_RULE: msgid("这条规则没有可以为个人调整的界值。"),
    Wrong.NOTHING_SET: msgid("请至少填写一个界值。"),
    Wrong.UNKNOWN_METRIC: msgid("这条规则不看这个指标：%(metric)s"),
    Wrong.OUT_OF_BOUNDS: msgid("界值只能在 %(low)s 到 %(high)s 之间：再放宽会漏掉危险，再收紧会对正常值提醒。"),
    Wrong.NO_REASON: msgid("请写明理由。"),
    Wrong.BEGINS_IN_THE_PAST: msgid("不能从过去的日子开始：已经判断过的测量不再重判。"),
    Wrong.ENDS_BEFORE_IT_BEGINS: msgid("结束日期不能早于开始日期。"),
    Wrong.TOO_LONG: msgid("最长 %(days)s 天，到期后请重新评估。"),
}


class Setting(BaseModel):
    """Limits to set: they win over the rule's own for this resident, within bounds, and end by themselves."""

    rule: str = Field(examples=["blood_pressure_critical"])
    limits: dict[str, float] = Field(description="canonical units", examples=[{"systolic": 170}])
    reason: str = Field(max_length=500, examples=["长期服药后血压稳定在 150–165，心内科建议"])
    valid_from: date | None = Field(default=None, description="default: today")
    ends_on: date = Field(description="the first day on which they no longer hold")


class Ending(BaseModel):
    """Why limits end before their time."""

    why: str = Field(min_length=1, max_length=500, pattern=r"\S")


class Override(BaseModel):
    """Limits of one resident, past or present. `state`: in_force, waiting, expired, ended."""

    override_id: int
    rule: str
    limits: dict[str, float]
    reason: str
    valid_from: date
    ends_on: date
    by: str
    state: str
    ended_by: str | None
    ended_why: str | None


@json.get("", summary="List a resident's own limits", responses={404: {"model": ProblemBody}})
def listing(given: Given, connection: Database, viewer: Clinician, resident_id: int) -> list[Override]:
    """All there ever were, the latest first. The look is recorded."""
    require_resident(connection, viewer, resident_id)
    audit.write(connection, given.now(), viewer.staff_id, Action.OVERRIDE_VIEW, resident_id)
    return [_shown(each, today(given)) for each in stored(connection, resident_id)]


@json.post(
    "", summary="Set limits for a resident", responses={404: {"model": ProblemBody}, 422: {"model": ProblemBody}}
)
def put_it(given: Given, connection: Database, viewer: Clinician, resident_id: int, asked: Setting) -> Override:
    """They win over the rule's own limits; what was set for the same rule before ends. Recorded, with the reason."""
    wish = Wish(
        rule=asked.rule,
        limits=asked.limits,
        reason=asked.reason,
        valid_from=asked.valid_from or today(given),
        ends_on=asked.ends_on,
    )
    override_id = put(given, connection, viewer, resident_id, wish)
    every = stored(connection, resident_id)
    return next(_shown(each, today(given)) for each in every if each.override_id == override_id)


@json.post("/{override_id}/end", summary="End a resident's own limits", responses={404: {"model": ProblemBody}})
def end_it(
    given: Given, connection: Database, viewer: Clinician, resident_id: int, override_id: int, ending: Ending
) -> list[Override]:
    """The rule's own limits hold again at once. Recorded."""
    end(given, connection, viewer, resident_id, override_id, ending.why)
    return [_shown(each, today(given)) for each in stored(connection, resident_id)]


def put(given: Services, connection: Connection[DictRow], viewer: Viewer, resident_id: int, wish: Wish) -> int:
    """Set limits for one of the viewer's residents; returns their number. Raises `Refusal`."""
    require_resident(connection, viewer, resident_id)
    limits = settings(OverrideSettings, "override")
    wrong = problem(wish, given.rules, limits, today(given))
    if wrong is not None:
        raise _refusal(wrong, limits)
    with plain_rows(connection) as tuples:
        override_id = decisions.put(tuples, resident_id, wish, staff_id=viewer.staff_id, now=given.now())
    audit.write(
        connection,
        given.now(),
        viewer.staff_id,
        Action.OVERRIDE_SET,
        resident_id,
        override_id=override_id,
        rule=wish.rule,
    )
    return override_id


def end(
    given: Services, connection: Connection[DictRow], viewer: Viewer, resident_id: int, override_id: int, why: str
) -> None:
    """End limits before their time. Raises `Refusal`."""
    require_resident(connection, viewer, resident_id)
    with plain_rows(connection) as tuples:
        ended = decisions.end(
            tuples, resident_id, override_id, staff_id=viewer.staff_id, why=why.strip(), now=given.now()
        )
    if not ended:
        raise not_found()
    audit.write(connection, given.now(), viewer.staff_id, Action.OVERRIDE_END, resident_id, override_id=override_id)


def _refusal(wrong: Problem, limits: OverrideSettings) -> Refusal:
    return Refusal(
        422,
        wrong.why.value,
        SAYS[wrong.why],
        metric=wrong.metric,
        low=f"{wrong.low:g}" if wrong.low is not None else "",
        high=f"{wrong.high:g}" if wrong.high is not None else "",
        days=limits.longest_days,
    )


def stored(connection: Connection[DictRow], resident_id: int) -> list[Stored]:
    """All limits a resident ever had, the latest first."""
    with plain_rows(connection) as tuples:
        return decisions.of_resident(tuples, resident_id)


def _shown(one: Stored, day: date) -> Override:
    return Override(
        override_id=one.override_id,
        rule=one.rule,
        limits=one.limits,
        reason=one.reason,
        valid_from=one.valid_from,
        ends_on=one.ends_on,
        by=one.by,
        state=one.state(day),
        ended_by=one.ended_by,
        ended_why=one.ended_why,
    )


def today(given: Services) -> date:
    """The day it is where the residents live."""
    return given.now().astimezone(given.settings.tzinfo).date()
