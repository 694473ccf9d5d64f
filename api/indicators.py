"""Indicators as they are defined, and for one resident: counted or not in each, and why."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from psycopg import Connection
from psycopg.rows import DictRow
from pydantic import BaseModel, Field

from api import audit
from api.access import Clinician, SignedIn, Viewer, require_resident
from api.audit import Action
from api.dashboard.wording import GROUPS, PARTS
from api.errors import Problem, Refusal, not_found
from api.language import msgid, says
from api.people import one as find_resident
from api.reporting.definitions import Definition, Group, Indicator
from api.reporting.figures import Scope, people
from api.reporting.period import Quarter, Span, Window, local_date
from api.reporting.quarterly import SPANS
from api.reporting.reasons import WHY
from api.services import Database, Given, Services

pages = APIRouter(include_in_schema=False)
json = APIRouter(prefix="/api/v1", tags=["reports"])

QUARTERS = 5  # to choose from: the running one and the four before


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
    return _looked_at(given, connection, viewer, resident_id, _window(period, span, local_date(given.now())))


@pages.get("/residents/{resident_id}/indicators")
def show(
    request: Request,
    given: Given,
    connection: Database,
    viewer: Clinician,
    resident_id: int,
    period: Annotated[str, Query(pattern=r"^(\d{4}Q[1-4])?$")] = "",
    span: Span = Span.YEAR_TO_DATE,
) -> Response:
    """The same as a page: where the resident counts, where not, and why. The look is recorded."""
    resident = find_resident(connection, viewer, resident_id, given.key)
    if resident is None:
        raise not_found()
    window = _window(period, span, local_date(given.now()))
    explained = _looked_at(given, connection, viewer, resident_id, window)
    return given.pages.show(
        request,
        "resident_indicators.html",
        viewer=viewer,
        resident=resident,
        groups=[
            (group, [each for each in explained if _group(given, each) is group])
            for group in Group
            if any(_group(given, each) is group for each in explained)
        ],
        group_words=GROUPS,
        slice_word=lambda part: PARTS.get(part, part),
        period=period,
        window=window,
        span=span,
        spans=SPANS,
        quarters=_quarters(local_date(given.now())),
    )


def _looked_at(
    given: Services, connection: Connection[DictRow], viewer: Viewer, resident_id: int, window: Window
) -> list[Explained]:
    audit.write(connection, given.now(), viewer.staff_id, Action.INDICATORS_VIEW, resident_id)
    return [
        _explained(definition, row.slice, row.denominator, row.numerator, row.why)
        for definition in given.indicators.all_on(window.last_day)
        for row in people(connection, definition, window, Scope(resident_id=resident_id))
    ]


def _group(given: Services, explained: Explained) -> Group:
    return given.indicators.by_name[explained.indicator.partition("/")[0]].group


def _quarters(today: date) -> list[Quarter]:
    quarters = [Quarter.of(today)]
    while len(quarters) < QUARTERS:
        quarters.append(quarters[-1].previous)
    return quarters


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
