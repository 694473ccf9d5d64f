"""Indicators as they are defined, and for one resident: counted or not in each, and why."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api import audit
from api.access import Clinician, SignedIn, require_resident
from api.audit import Action
from api.errors import Problem, Refusal
from api.language import msgid, says
from api.reporting.definitions import Definition, Indicator
from api.reporting.figures import Scope, people
from api.reporting.period import Quarter, Span, Window, local_date
from api.reporting.reasons import WHY
from api.services import Database, Given

json = APIRouter(prefix="/api/v1", tags=["reports"])


class Explained(BaseModel):
    """How one resident counts in one indicator."""

    indicator: str = Field(description="name/version", examples=["hypertension_control_rate/2"])
    label: dict[str, str]
    slice: str | None = Field(description="a programme or a kind of reading, where an indicator has several")
    in_denominator: int
    in_numerator: int
    why: str = Field(examples=["not_controlled"])
    says: dict[str, str]


@json.get("/indicators", summary="List the definitions of the indicators")
def definitions(given: Given, _viewer: SignedIn) -> list[Indicator]:
    """Every indicator with all its versions: what counts, the boundary, who is left out, the source."""
    return list(given.indicators.by_name.values())


@json.get(
    "/residents/{resident_id}/indicators",
    summary="Explain how a resident counts in every indicator",
    responses={404: {"model": Problem}},
)
def explain(
    given: Given,
    connection: Database,
    viewer: Clinician,
    resident_id: int,
    period: Annotated[str, Query(pattern=r"^\d{4}Q[1-4]$", examples=["2026Q3"])] = "",
    span: Span = Span.YEAR_TO_DATE,
) -> list[Explained]:
    """Counted or not, and why, by the definitions in force on the period's last day; left out: the running quarter.

    The look is recorded.
    """
    require_resident(connection, viewer, resident_id)
    audit.write(connection, given.now(), viewer.staff_id, Action.INDICATORS_VIEW, resident_id)
    window = _window(period, span, local_date(given.now()))
    return [
        _explained(definition, row.slice, row.denominator, row.numerator, row.why)
        for definition in given.indicators.all_on(window.last_day)
        for row in people(connection, definition, window, Scope(resident_id=resident_id))
    ]


def _window(period: str, span: Span, today: date) -> Window:
    quarter = Quarter(int(period[:4]), int(period[5])) if period else Quarter.of(today)
    try:
        return Window.of(quarter, span, today)
    except ValueError:
        raise Refusal(422, "not_begun", msgid("这个季度还没有开始。")) from None


def _explained(definition: Definition, part: str | None, denominator: int, numerator: int, why: str) -> Explained:
    return Explained(
        indicator=definition.mark,
        label=definition.indicator.label.model_dump(),
        slice=part,
        in_denominator=denominator,
        in_numerator=numerator,
        why=why,
        says=says(WHY.get(why, why)),
    )
