"""The pages of a doctor's own limits for one resident: what holds, what was set before, and the form to set one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from psycopg import Connection
from psycopg.rows import DictRow
from pydantic import BaseModel, Field

from api import audit, language, overrides, people
from api.access import Clinician, Viewer
from api.audit import Action
from api.errors import Refusal, not_found
from api.language import msgid
from api.overrides import SAYS, Ending
from api.pages import age
from api.people import Resident
from api.services import Database, Given, Services
from ingest.alerting.finding import threshold
from ingest.alerting.override import OverrideSettings, Wish, Wrong
from ingest.alerting.overrides import Stored
from ingest.alerting.parts import Limited
from maixun.configuration import settings

pages = APIRouter(prefix="/residents/{resident_id}/overrides", include_in_schema=False)

STATES: Mapping[str, str] = {
    "in_force": msgid("生效中"),
    "waiting": msgid("未到生效日"),
    "expired": msgid("已到期"),
    "ended": msgid("已终止"),
}


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
            valid_from=overrides.today(given),
            ends_on=form.until + timedelta(days=1),
        )
        overrides.put(given, connection, viewer, resident_id, wish)
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
    overrides.end(given, connection, viewer, resident_id, override_id, ending.why)
    return RedirectResponse(f"/residents/{resident_id}/overrides", status_code=303)


def _page(
    request: Request, given: Services, connection: Connection[DictRow], viewer: Viewer, resident_id: int
) -> Response:
    resident = _viewed(given, connection, viewer, resident_id)
    stored = overrides.stored(connection, resident_id)
    now_set = {each.rule: each for each in stored if each.state(overrides.today(given)) in ("in_force", "waiting")}
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
        today=overrides.today(given),
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
    limits, today = settings(OverrideSettings, "override"), overrides.today(given)
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
    today = overrides.today(given)
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
