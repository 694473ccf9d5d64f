"""Visits as JSON: the forms, a resident's visits, one in its versions, and a new one."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api import visit_words
from api.access import Clinician
from api.audit import Action
from api.errors import Problem as Answer
from api.errors import Refusal
from api.language import msgid, says
from api.services import Given
from api.visit_desk import AtDesk
from api.visit_entry import Draft
from api.visit_store import NewVersion
from api.visits import VisitRow
from ingest.followups.entry import Raw
from ingest.followups.form import Form

json = APIRouter(prefix="/api/v1", tags=["follow-ups"])


class NewVisit(BaseModel):
    """A visit to be stored. `fields` by key of the form (`GET /api/v1/visit-forms`); several codes as a list."""

    programme: str
    visited_at: datetime
    mode: str = Field(description="clinic, home or phone")
    fields: dict[str, str | int | float | list[str]] = Field(default_factory=dict)
    classification: str | None = Field(None, description="only to differ from the computed one")
    classification_why: str | None = None
    lost_why: str | None = None
    next_due_on: str | None = Field(None, description="only to differ from the computed one")
    incomplete: bool = Field(False, description="store it although required fields are missing")


@json.get("/visit-forms", summary="Read the forms")
def forms(given: Given, _viewer: Clinician) -> dict[str, Form]:
    """The forms by programme: sections, fields, codes, required or not."""
    return dict(given.forms)


@json.get("/residents/{resident_id}/visits", summary="List visits", responses={404: {"model": Answer}})
def listing(desk: AtDesk, resident_id: int) -> list[VisitRow]:
    """A resident's visits as they stand, latest first. The look is recorded."""
    desk.resident(resident_id)
    desk.audit(Action.VISIT_VIEW, resident_id)
    return desk.visits(resident_id)


@json.get("/visits/{visit_id}", summary="Read one visit", responses={404: {"model": Answer}})
def read(desk: AtDesk, visit_id: int) -> list[VisitRow]:
    """Every version of a visit, the latest first. The look is recorded."""
    versions = desk.versions(visit_id)
    desk.audit(Action.VISIT_VIEW, versions[0].resident_id, visit=visit_id)
    return versions


@json.post(
    "/residents/{resident_id}/visits",
    summary="Store a visit",
    status_code=201,
    responses={404: {"model": Answer}, 422: {"model": Answer}},
)
def write(desk: AtDesk, resident_id: int, body: NewVisit) -> VisitRow:
    """Store a visit. 422 names every field that cannot be stored as it is."""
    resident = desk.resident(resident_id)
    raw = _typed(body, desk.given.settings.tzinfo)
    found = desk.draft(resident, desk.form(body.programme), raw)
    if found.problems:
        raise _refused(found)
    visit_id = desk.save(resident_id, found, raw, {}, NewVersion())
    return desk.versions(visit_id)[0]


def _typed(body: NewVisit, zone: ZoneInfo) -> Raw:
    """As a browser would send it."""
    head = {
        "visited_at": f"{body.visited_at.astimezone(zone):%Y-%m-%dT%H:%M}",
        "mode": body.mode,
        "classification": body.classification,
        "classification_why": body.classification_why,
        "lost_why": body.lost_why,
        "next_due_on": body.next_due_on,
        "incomplete": "yes" if body.incomplete else None,
    }
    fields = {
        key: [str(each) for each in value] if isinstance(value, list) else [str(value)]
        for key, value in body.fields.items()
    }
    return fields | {key: [str(value)] for key, value in head.items() if value}


def _refused(found: Draft) -> Refusal:
    refusal = Refusal(422, "invalid", msgid("请检查填写的内容：%(fields)s"), fields=", ".join(sorted(found.problems)))
    details = {key: says(visit_words.PROBLEMS[each.code], **each.values) for key, each in found.problems.items()}
    for spoken, text in refusal.says.items():
        refusal.says[spoken] = f"{text} ({'; '.join(each[spoken] for each in details.values())})"
    return refusal
