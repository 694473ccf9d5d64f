"""Visits on screen and on paper: all of a resident's, one in its versions, the printed form; and taking one back."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from api import visit_store, visit_words
from api.audit import Action
from api.errors import Refusal
from api.language import msgid
from api.visit_desk import AtDesk, Desk, Typed, first
from api.visits import VisitRow, other_form, values_of
from ingest.followups.form import Form

pages = APIRouter(include_in_schema=False)

PRINTED = 4  # visits side by side, as the paper form has them


@pages.get("/residents/{resident_id}/visits")
def history(request: Request, desk: AtDesk, resident_id: int) -> Response:
    """All visits of a resident, as they stand."""
    resident = desk.resident(resident_id)
    desk.audit(Action.VISIT_VIEW, resident_id)
    return desk.given.pages.show(
        request,
        "resident_visits.html",
        viewer=desk.viewer,
        resident=resident,
        visits=desk.visits(resident_id),
        programmes=desk.given.forms,
        vw=visit_words,
    )


@pages.get("/visits/{visit_id}")
def show(request: Request, desk: AtDesk, visit_id: int, version: int | None = None) -> Response:
    """A visit as it stands, or one of its versions."""
    versions = desk.versions(visit_id)
    shown = next((each for each in versions if each.version == version), versions[0])
    resident = desk.resident(shown.resident_id)
    form = desk.form(shown.programme)
    desk.audit(Action.VISIT_VIEW, shown.resident_id, visit=visit_id)
    return desk.given.pages.show(
        request,
        "visit.html",
        viewer=desk.viewer,
        resident=resident,
        form=form,
        visit=shown,
        columns=[_column(form, shown)],
        versions=versions,
        other_form=other_form(desk.connection, resident, shown),
        vw=visit_words,
    )


@pages.get("/visits/{visit_id}/print")
def printed(request: Request, desk: AtDesk, visit_id: int) -> Response:
    """The paper form: this visit and the ones before it in the same year, up to four side by side."""
    shown = desk.versions(visit_id)[0]
    resident = desk.resident(shown.resident_id)
    form = desk.form(shown.programme)
    desk.audit(Action.VISIT_PRINT, shown.resident_id, visit=visit_id)
    return desk.given.pages.show(
        request,
        "visit_print.html",
        viewer=desk.viewer,
        resident=resident,
        form=form,
        columns=[_column(form, each) for each in reversed(_side_by_side(desk, shown))],
        vw=visit_words,
    )


@pages.post("/visits/{visit_id}/take-back")
def take_back(desk: AtDesk, visit_id: int, raw: Typed) -> Response:
    """Say that there was no such visit; the record of it stays."""
    latest = desk.versions(visit_id)[0]
    why = first(raw, "why").strip()
    if not why:
        raise Refusal(422, "reason_missing", msgid("请写明更正的理由"))
    visit_store.take_back(desk.connection, desk.viewer, visit_id, latest.version, why, desk.now)
    desk.audit(Action.VISIT_TAKE_BACK, latest.resident_id, visit=visit_id)
    return RedirectResponse(f"/visits/{visit_id}", status_code=303)


def _column(form: Form, visit: VisitRow) -> tuple[VisitRow, dict[str, Any]]:
    """A visit with its values by key of the form, those that are counted too."""
    values = values_of(visit)
    return visit, values | form.counted(values)


def _side_by_side(desk: Desk, shown: VisitRow) -> list[VisitRow]:
    """The visits of one sheet, the latest first."""
    zone = desk.given.settings.tzinfo
    year = shown.visited_at.astimezone(zone).year
    return [
        each
        for each in desk.visits(shown.resident_id)
        if each.programme == shown.programme and each.visited_at <= shown.visited_at
        if each.visited_at.astimezone(zone).year == year
    ][:PRINTED]
