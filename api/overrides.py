"""A doctor's own limits for one resident: the page with what holds, the form to set one, and the same as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from psycopg import Connection
from psycopg.rows import DictRow
from pydantic import BaseModel, Field

from api import audit, language, people
from api.access import Clinician, Viewer, require_resident
from api.audit import Action
from api.errors import Problem as ProblemBody
from api.errors import Refusal, not_found
from api.language import msgid
from api.pages import age
from api.people import Resident
from api.services import Database, Given, Services, plain_rows
from ingest.alerting import overrides
from ingest.alerting.finding import threshold
from ingest.alerting.override import OverrideSettings, Problem, Wish, Wrong, problem
from ingest.alerting.overrides import Stored
from ingest.alerting.parts import Limited
from maixun.configuration import settings

pages = APIRouter(prefix="/residents/{resident_id}/overrides", include_in_schema=False)
json = APIRouter(prefix="/api/v1/residents/{resident_id}/overrides", tags=["residents"])

STATES: Mapping[str, str] = {
    "in_force": msgid("生效中"),
    "waiting": msgid("未到生效日"),
    "expired": msgid("已到期"),
    "ended": msgid("已终止"),
}
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


class OverrideForm(BaseModel):
    """The page's form; `until` is the last day on which the limits hold."""

    rule: str = Field(max_length=64)
    reason: str = Field(default="", max_length=500)
    until: date
    systolic: str = Field(default="", max_length=8)
    diastolic: str = Field(default="", max_length=8)
    pulse: str = Field(default="", max_length=8)
    glucose: str = Field(default="", max_length=8)
    spo2: str = Field(default="", max_length=8)
    temperature: str = Field(default="", max_length=8)
    weight: str = Field(default="", max_length=8)

    def limits(self) -> dict[str, float]:
        """The limits filled in. Raises `ValueError` for what is no number."""
        filled = self.model_dump(exclude={"rule", "reason", "until"})
        return {metric: float(text) for metric, text in filled.items() if text.strip()}


@pages.get("")
def show(request: Request, given: Given, connection: Database, viewer: Clinician, resident_id: int) -> Response:
    """What holds for the resident, and what was set before. The look is recorded."""
    return _page(request, given, connection, viewer, resident_id)


@pages.get("/new")
def ask(
    request: Request, given: Given, connection: Database, viewer: Clinician, resident_id: int, rule: str = ""
) -> Response:
    """The form for one rule."""
    return _form(request, given, connection, viewer, resident_id, rule)


@pages.post("")
def put(
    request: Request,
    given: Given,
    connection: Database,
    viewer: Clinician,
    resident_id: int,
    form: Annotated[OverrideForm, Form()],
) -> Response:
    """Set limits; what cannot be set comes back with the form and the reason why not. Recorded."""
    try:
        wish = Wish(
            rule=form.rule,
            limits=form.limits(),
            reason=form.reason,
            valid_from=_today(given),
            ends_on=form.until + timedelta(days=1),
        )
        _put(given, connection, viewer, resident_id, wish)
    except ValueError:
        refusal = Refusal(422, "invalid", SAYS[Wrong.NOTHING_SET])
    except Refusal as refused:
        if refused.status == 404:
            raise
        refusal = refused
    else:
        return RedirectResponse(f"/residents/{resident_id}/overrides", status_code=303)
    return _form(request, given, connection, viewer, resident_id, form.rule, refusal, form)


@pages.post("/{override_id}/end")
def end(
    given: Given,
    connection: Database,
    viewer: Clinician,
    resident_id: int,
    override_id: int,
    ending: Annotated[Ending, Form()],
) -> Response:
    """End limits before their time. Recorded."""
    _end(given, connection, viewer, resident_id, override_id, ending.why)
    return RedirectResponse(f"/residents/{resident_id}/overrides", status_code=303)


@json.get("", summary="List a resident's own limits", responses={404: {"model": ProblemBody}})
def listing(given: Given, connection: Database, viewer: Clinician, resident_id: int) -> list[Override]:
    """All there ever were, the latest first. The look is recorded."""
    require_resident(connection, viewer, resident_id)
    audit.write(connection, given.now(), viewer.staff_id, Action.OVERRIDE_VIEW, resident_id)
    return [_shown(each, _today(given)) for each in _stored(connection, resident_id)]


@json.post(
    "", summary="Set limits for a resident", responses={404: {"model": ProblemBody}, 422: {"model": ProblemBody}}
)
def put_it(given: Given, connection: Database, viewer: Clinician, resident_id: int, asked: Setting) -> Override:
    """They win over the rule's own limits; what was set for the same rule before ends. Recorded, with the reason."""
    wish = Wish(
        rule=asked.rule,
        limits=asked.limits,
        reason=asked.reason,
        valid_from=asked.valid_from or _today(given),
        ends_on=asked.ends_on,
    )
    override_id = _put(given, connection, viewer, resident_id, wish)
    stored = _stored(connection, resident_id)
    return next(_shown(each, _today(given)) for each in stored if each.override_id == override_id)


@json.post("/{override_id}/end", summary="End a resident's own limits", responses={404: {"model": ProblemBody}})
def end_it(
    given: Given, connection: Database, viewer: Clinician, resident_id: int, override_id: int, ending: Ending
) -> list[Override]:
    """The rule's own limits hold again at once. Recorded."""
    _end(given, connection, viewer, resident_id, override_id, ending.why)
    return [_shown(each, _today(given)) for each in _stored(connection, resident_id)]


def _put(given: Services, connection: Connection[DictRow], viewer: Viewer, resident_id: int, wish: Wish) -> int:
    require_resident(connection, viewer, resident_id)
    limits = settings(OverrideSettings, "override")
    wrong = problem(wish, given.rules, limits, _today(given))
    if wrong is not None:
        raise _refusal(wrong, limits)
    with plain_rows(connection) as tuples:
        override_id = overrides.put(tuples, resident_id, wish, staff_id=viewer.staff_id, now=given.now())
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


def _end(
    given: Services, connection: Connection[DictRow], viewer: Viewer, resident_id: int, override_id: int, why: str
) -> None:
    require_resident(connection, viewer, resident_id)
    with plain_rows(connection) as tuples:
        ended = overrides.end(
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


def _page(
    request: Request, given: Services, connection: Connection[DictRow], viewer: Viewer, resident_id: int
) -> Response:
    resident = _viewed(given, connection, viewer, resident_id)
    stored = _stored(connection, resident_id)
    now_set = {each.rule: each for each in stored if each.state(_today(given)) in ("in_force", "waiting")}
    rows = [_row(given, resident, name, now_set.get(name), request) for name in given.rules.limited]
    return given.pages.show(
        request,
        "overrides.html",
        viewer=viewer,
        resident=resident,
        rows=[row for row in rows if row["usual"]],
        earlier=[each for each in stored if each.rule not in now_set or each is not now_set[each.rule]],
        labels={name: rule.label for name, (_, rule) in given.rules.limited.items()},
        states=STATES,
        today=_today(given),
    )


def _form(
    request: Request,
    given: Services,
    connection: Connection[DictRow],
    viewer: Viewer,
    resident_id: int,
    name: str,
    refusal: Refusal | None = None,
    typed: OverrideForm | None = None,
) -> Response:
    resident = _viewed(given, connection, viewer, resident_id)
    if name not in given.rules.limited:
        raise not_found()
    limits, today = settings(OverrideSettings, "override"), _today(given)
    rule = given.rules.limited[name][1]
    return given.pages.show(
        request,
        "override_form.html",
        status=refusal.status if refusal else 200,
        viewer=viewer,
        resident=resident,
        rule=rule,
        row=_row(given, resident, name, None, request),
        metrics=[(metric, given.catalogue[metric], bounds) for metric, bounds in rule.adjustable.items()],
        until=typed.until if typed else today + timedelta(days=limits.offered_days),
        latest=today + timedelta(days=limits.longest_days - 1),
        today=today,
        typed=typed.model_dump() if typed else {},
        problem=refusal.says[language.of(request)] if refusal else None,
    )


def _row(given: Services, resident: Resident, name: str, override: Stored | None, request: Request) -> dict[str, Any]:
    file, rule = given.rules.limited[name]
    own = {**rule.levels[0].limits, **override.limits} if override else None
    level = rule.levels[0].model_copy(update={"limits": own}) if own else None
    return {
        "name": name,
        "label": getattr(rule.label, language.of(request)),
        "usual": sorted({threshold(rule.boundary, each, file) for each in _levels(given, rule, resident)}),
        "own": threshold(rule.boundary, level, file) if level else None,
        "override": override,
    }


def _levels(given: Services, rule: Limited, resident: Resident) -> list[Any]:
    """The levels that can hold for the resident today, wherever and whenever the reading is taken."""
    today = _today(given)
    years = age(resident.birth_date, today)
    return [
        level
        for level in rule.levels
        if level.valid_from <= today
        and level.ages.from_ <= years < level.ages.below
        and (level.condition is None or level.condition in resident.conditions)
        and (level.unless is None or level.unless not in resident.conditions)
    ]


def _viewed(given: Services, connection: Connection[DictRow], viewer: Viewer, resident_id: int) -> Resident:
    resident = people.one(connection, viewer, resident_id, given.key)
    if resident is None:
        raise not_found()
    audit.write(connection, given.now(), viewer.staff_id, Action.OVERRIDE_VIEW, resident_id)
    return resident


def _stored(connection: Connection[DictRow], resident_id: int) -> list[Stored]:
    with plain_rows(connection) as tuples:
        return overrides.of_resident(tuples, resident_id)


def _shown(stored: Stored, today: date) -> Override:
    return Override(
        override_id=stored.override_id,
        rule=stored.rule,
        limits=stored.limits,
        reason=stored.reason,
        valid_from=stored.valid_from,
        ends_on=stored.ends_on,
        by=stored.by,
        state=stored.state(today),
        ended_by=stored.ended_by,
        ended_why=stored.ended_why,
    )


def _today(given: Services) -> date:
    return given.now().astimezone(given.settings.tzinfo).date()
