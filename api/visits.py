"""Visits: the form, filled in, corrected, taken back, shown and printed; and the same as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from psycopg import Connection
from psycopg.rows import DictRow
from pydantic import BaseModel, Field
from starlette.datastructures import FormData

from api import audit, language, people, visit_store, visit_words
from api.access import Clinician, Viewer
from api.audit import Action
from api.errors import Problem as Answer
from api.errors import Refusal, not_found
from api.followups import VisitRow, versions_of, visits_of
from api.language import msgid, says
from api.people import Resident
from api.services import Database, Given, Services
from api.visit_entry import Draft, draft
from api.visit_entry import Given as JudgedBy
from api.visit_store import COLUMNS, MeterSource, NewVersion
from ingest.followups.entry import MEDICATIONS, Raw, typed
from ingest.followups.form import Form

pages = APIRouter(include_in_schema=False)
json = APIRouter(prefix="/api/v1", tags=["follow-ups"])

PRINTED = 4  # visits side by side, as the paper form has them
CARRIED = ("height", "weight_target", "smoking_target", "drinking_target", "salt_target", "staple_food_target")
CARRIED_TOO = ("medications", "insulin")
_ENDINGS = dict.fromkeys(("classification_why", "computed", "died_on", "death_cause", "moved_on"))


async def _typed(request: Request) -> Raw:
    form: FormData = await request.form()
    return {key: [str(text) for text in form.getlist(key)] for key in form}


Typed = Annotated[Raw, Depends(_typed)]


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


@pages.get("/residents/{resident_id}/visits")
def history(request: Request, given: Given, connection: Database, viewer: Clinician, resident_id: int) -> Response:
    """All visits of a resident, as they stand."""
    resident = _resident(given, connection, viewer, resident_id)
    audit.write(connection, given.now(), viewer.staff_id, Action.VISIT_VIEW, resident_id)
    return given.pages.show(
        request,
        "resident_visits.html",
        viewer=viewer,
        resident=resident,
        visits=visits_of(connection, resident_id),
        programmes=given.forms,
        vw=visit_words,
    )


@pages.get("/residents/{resident_id}/visits/new")
def new(
    request: Request,
    given: Given,
    connection: Database,
    viewer: Clinician,
    resident_id: int,
    programme: str = "hypertension",
    together: int | None = None,
) -> Response:
    """An empty form with what a meter measured today; `together`: a visit whose other form this is."""
    resident = _resident(given, connection, viewer, resident_id)
    form = _form(given, programme)
    now = given.now()
    offered = _offered(given, connection, resident_id, form, now)
    earlier = visits_of(connection, resident_id)
    same = next((each for each in earlier if each.visit_id == together), None)
    raw = _prefilled(form, offered, earlier, same, now.astimezone(given.settings.tzinfo))
    audit.write(connection, now, viewer.staff_id, Action.VISIT_VIEW, resident_id)
    return _show_form(request, given, connection, viewer, resident, form, raw, offered)


@pages.post("/residents/{resident_id}/visits/judge")
def judged(
    request: Request, given: Given, connection: Database, viewer: Clinician, resident_id: int, raw: Typed
) -> Response:
    """What the computed classification and the next date are as the form stands now."""
    resident = _resident(given, connection, viewer, resident_id)
    form = _form(given, _first(raw, "programme"))
    found = draft(form, raw, _judged_by(given, connection, resident, form))
    return given.pages.show(request, "judgement.html", judgement=found.judgement, vw=visit_words)


@pages.post("/residents/{resident_id}/visits")
def store(
    request: Request, given: Given, connection: Database, viewer: Clinician, resident_id: int, raw: Typed
) -> Response:
    """Store a new visit, or show the form again with everything that was typed."""
    resident = _resident(given, connection, viewer, resident_id)
    form = _form(given, _first(raw, "programme"))
    found = draft(form, raw, _judged_by(given, connection, resident, form))
    offered = _offered(given, connection, resident_id, form, found.visited_at or given.now())
    if found.problems:
        return _show_form(request, given, connection, viewer, resident, form, raw, offered, found)
    visit_id = _save(given, connection, viewer, resident_id, found, raw, offered, NewVersion())
    return RedirectResponse(f"/visits/{visit_id}", status_code=303)


@pages.get("/visits/{visit_id}")
def show(
    request: Request, given: Given, connection: Database, viewer: Clinician, visit_id: int, version: int | None = None
) -> Response:
    """A visit as it stands, or one of its versions."""
    versions = _versions(connection, viewer, visit_id)
    shown = next((each for each in versions if each.version == version), versions[0])
    resident = _resident(given, connection, viewer, shown.resident_id)
    audit.write(connection, given.now(), viewer.staff_id, Action.VISIT_VIEW, shown.resident_id, visit=visit_id)
    return given.pages.show(
        request,
        "visit.html",
        viewer=viewer,
        resident=resident,
        form=_form(given, shown.programme),
        visit=shown,
        columns=[(shown, _values(shown))],
        versions=versions,
        other_form=_other_form(connection, resident, shown),
        vw=visit_words,
    )


@pages.get("/visits/{visit_id}/print")
def printed(request: Request, given: Given, connection: Database, viewer: Clinician, visit_id: int) -> Response:
    """The paper form: this visit and the ones before it in the same year, up to four side by side."""
    shown = _versions(connection, viewer, visit_id)[0]
    resident = _resident(given, connection, viewer, shown.resident_id)
    zone = given.settings.tzinfo
    year = shown.visited_at.astimezone(zone).year
    same = [
        each
        for each in visits_of(connection, shown.resident_id)
        if each.programme == shown.programme and each.visited_at <= shown.visited_at
        if each.visited_at.astimezone(zone).year == year
    ][:PRINTED]
    audit.write(connection, given.now(), viewer.staff_id, Action.VISIT_PRINT, shown.resident_id, visit=visit_id)
    return given.pages.show(
        request,
        "visit_print.html",
        viewer=viewer,
        resident=resident,
        form=_form(given, shown.programme),
        columns=[(each, _values(each)) for each in reversed(same)],
        vw=visit_words,
    )


@pages.get("/visits/{visit_id}/amend")
def correct(request: Request, given: Given, connection: Database, viewer: Clinician, visit_id: int) -> Response:
    """The form with the visit in it, to be corrected."""
    latest = _versions(connection, viewer, visit_id)[0]
    resident = _resident(given, connection, viewer, latest.resident_id)
    form = _form(given, latest.programme)
    raw = _of_visit(form, latest, given)
    offered = _offered(given, connection, latest.resident_id, form, latest.visited_at)
    return _show_form(request, given, connection, viewer, resident, form, raw, offered, amended=latest)


@pages.post("/visits/{visit_id}/amend")
def amend(
    request: Request, given: Given, connection: Database, viewer: Clinician, visit_id: int, raw: Typed
) -> Response:
    """Store the corrected visit as its next version."""
    latest = _versions(connection, viewer, visit_id)[0]
    resident = _resident(given, connection, viewer, latest.resident_id)
    form = _form(given, latest.programme)
    found = draft(form, raw, _judged_by(given, connection, resident, form, but=visit_id))
    offered = _offered(given, connection, latest.resident_id, form, found.visited_at or latest.visited_at)
    why, seen = _first(raw, "amended_why").strip(), _first(raw, "version")
    if found.problems or not why:
        return _show_form(request, given, connection, viewer, resident, form, raw, offered, found, amended=latest)
    if seen != str(latest.version):
        raise visit_store.overtaken()
    as_ = NewVersion(visit_id=visit_id, version=latest.version + 1, amended_why=why)
    _save(given, connection, viewer, latest.resident_id, found, raw, offered, as_)
    return RedirectResponse(f"/visits/{visit_id}", status_code=303)


@pages.post("/visits/{visit_id}/take-back")
def take_back(given: Given, connection: Database, viewer: Clinician, visit_id: int, raw: Typed) -> Response:
    """Say that there was no such visit; the record of it stays."""
    latest = _versions(connection, viewer, visit_id)[0]
    why = _first(raw, "why").strip()
    if not why:
        raise Refusal(422, "reason_missing", msgid("请写明更正的理由"))
    visit_store.take_back(connection, viewer, visit_id, latest.version, why, given.now())
    audit.write(connection, given.now(), viewer.staff_id, Action.VISIT_TAKE_BACK, latest.resident_id, visit=visit_id)
    return RedirectResponse(f"/visits/{visit_id}", status_code=303)


@json.get("/visit-forms", summary="Read the forms")
def forms(given: Given, _viewer: Clinician) -> dict[str, Form]:
    """The forms by programme: sections, fields, codes, required or not."""
    return dict(given.forms)


@json.get("/residents/{resident_id}/visits", summary="List visits", responses={404: {"model": Answer}})
def listing(given: Given, connection: Database, viewer: Clinician, resident_id: int) -> list[VisitRow]:
    """A resident's visits as they stand, latest first. The look is recorded."""
    _resident(given, connection, viewer, resident_id)
    audit.write(connection, given.now(), viewer.staff_id, Action.VISIT_VIEW, resident_id)
    return visits_of(connection, resident_id)


@json.get("/visits/{visit_id}", summary="Read one visit", responses={404: {"model": Answer}})
def read(given: Given, connection: Database, viewer: Clinician, visit_id: int) -> list[VisitRow]:
    """Every version of a visit, the latest first. The look is recorded."""
    versions = _versions(connection, viewer, visit_id)
    audit.write(connection, given.now(), viewer.staff_id, Action.VISIT_VIEW, versions[0].resident_id, visit=visit_id)
    return versions


@json.post(
    "/residents/{resident_id}/visits",
    summary="Store a visit",
    status_code=201,
    responses={404: {"model": Answer}, 422: {"model": Answer}},
)
def write(given: Given, connection: Database, viewer: Clinician, resident_id: int, body: NewVisit) -> VisitRow:
    """Store a visit. 422 names every field that cannot be stored as it is."""
    resident = _resident(given, connection, viewer, resident_id)
    form = _form(given, body.programme)
    raw = _raw(body, given)
    found = draft(form, raw, _judged_by(given, connection, resident, form))
    if found.problems:
        raise _refused(found)
    visit_id = _save(given, connection, viewer, resident_id, found, raw, {}, NewVersion())
    return _versions(connection, viewer, visit_id)[0]


def _resident(given: Services, connection: Connection[DictRow], viewer: Viewer, resident_id: int) -> Resident:
    resident = people.one(connection, viewer, resident_id, given.key)
    if resident is None:
        raise not_found()
    return resident


def _form(given: Services, programme: str) -> Form:
    form = given.forms.get(programme)
    if form is None:
        raise not_found()
    return form


def _versions(connection: Connection[DictRow], viewer: Viewer, visit_id: int) -> list[VisitRow]:
    versions = versions_of(connection, viewer, visit_id)
    if not versions:
        raise not_found()
    return versions


def _offered(
    given: Services, connection: Connection[DictRow], resident_id: int, form: Form, at: datetime
) -> dict[str, MeterSource]:
    since, until = visit_store.window(at, given.rulebook.file.meter_values.days)
    return visit_store.meter_values(connection, resident_id, form, since=since, until=until)


def _judged_by(
    given: Services, connection: Connection[DictRow], resident: Resident, form: Form, but: int | None = None
) -> JudgedBy:
    judged = [
        each.classification
        for each in visits_of(connection, resident.resident_id, limit=50)
        if each.programme == form.programme and each.classification and each.visit_id != but
    ]
    return JudgedBy(
        birth_date=resident.birth_date,
        before=judged[0] if judged else None,
        now=given.now(),
        zone=given.settings.tzinfo,
        rules=given.rules,
        rulebook=given.rulebook,
    )


def _save(
    given: Services,
    connection: Connection[DictRow],
    viewer: Viewer,
    resident_id: int,
    found: Draft,
    raw: Raw,
    offered: Mapping[str, MeterSource],
    as_: NewVersion,
) -> int:
    now = given.now()
    origin = visit_store.sources(found, raw, offered)
    visit_id = visit_store.save(connection, viewer, resident_id, found, origin, as_, staff_id=viewer.staff_id, now=now)
    action = Action.VISIT_RECORD if as_.version == 1 else Action.VISIT_AMEND
    audit.write(connection, now, viewer.staff_id, action, resident_id, visit=visit_id, version=as_.version)
    return visit_id


def _prefilled(
    form: Form,
    offered: Mapping[str, MeterSource],
    earlier: Sequence[VisitRow],
    same: VisitRow | None,
    now: datetime,
) -> dict[str, list[str]]:
    """The other form of the same visit, else what a meter measured and what seldom changes."""
    fields = {field.key: field for field in form.fields()}
    last = next((each for each in earlier if each.programme == form.programme and not each.lost_why), None)
    if same is not None:
        carried = {key: value for key, value in _values(same).items() if key in fields and key != "symptoms"}
        mode, at = [same.mode], same.visited_at.astimezone(now.tzinfo)
    else:
        values = _values(last) if last else {}
        carried = {key: values[key] for key in (*CARRIED, *CARRIED_TOO) if key in values}
        carried |= {key: source.value for key, source in offered.items()}
        mode, at = [], now
    head = {"programme": [form.programme], "visited_at": [f"{at:%Y-%m-%dT%H:%M}"], "mode": mode}
    return head | typed(form, carried)


def _of_visit(form: Form, visit: VisitRow, given: Services) -> dict[str, list[str]]:
    """A stored visit as it would be typed."""
    at = visit.visited_at.astimezone(given.settings.tzinfo)
    own = visit.classification if visit.form.get("classification_why") else None
    head = {
        "programme": visit.programme,
        "visited_at": f"{at:%Y-%m-%dT%H:%M}",
        "mode": visit.mode,
        "lost_why": visit.lost_why,
        "next_due_on": visit.next_due_on,
        "classification": own,
        **{key: visit.form.get(key) for key in ("classification_why", "died_on", "death_cause", "moved_on")},
        "incomplete": None if visit.complete else "yes",
        "version": visit.version,
    }
    return {key: [str(value)] for key, value in head.items() if value} | typed(form, _values(visit))


def _values(visit: VisitRow) -> dict[str, Any]:
    """By key of the form, from columns and form alike."""
    columns = {name: getattr(visit, name) for name in COLUMNS if getattr(visit, name) is not None}
    return {**_ENDINGS, **visit.form, **columns}


def _other_form(connection: Connection[DictRow], resident: Resident, visit: VisitRow) -> str | None:
    """The programme whose form the same visit still lacks: one visit may serve both."""
    pair = {"hypertension": "diabetes", "diabetes": "hypertension"}
    other = pair.get(visit.programme)
    if other not in resident.conditions or visit.entered_in_error or visit.lost_why:
        return None
    there = (each for each in visits_of(connection, visit.resident_id) if each.programme == other)
    return None if any(each.visited_at == visit.visited_at for each in there) else other


def _raw(body: NewVisit, given: Services) -> Raw:
    head = {
        "visited_at": f"{body.visited_at.astimezone(given.settings.tzinfo):%Y-%m-%dT%H:%M}",
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


def _first(raw: Raw, key: str) -> str:
    return next(iter(raw.get(key, ())), "")


def _show_form(
    request: Request,
    given: Services,
    connection: Connection[DictRow],
    viewer: Viewer,
    resident: Resident,
    form: Form,
    raw: Raw,
    offered: Mapping[str, MeterSource],
    found: Draft | None = None,
    amended: VisitRow | None = None,
) -> Response:
    """The form as it was typed, with what is wrong; 422 then, so that nobody takes it for stored."""
    but = amended.visit_id if amended else None
    known = found or draft(form, raw, _judged_by(given, connection, resident, form, but=but))
    spoken = language.of(request)
    problems = (
        {key: says(visit_words.PROBLEMS[each.code], **each.values)[spoken] for key, each in found.problems.items()}
        if found
        else {}
    )
    if found and amended and not _first(raw, "amended_why").strip():
        problems["amended_why"] = says(visit_words.PROBLEMS["reason_missing"])[spoken]
    return given.pages.show(
        request,
        "visit_form.html",
        status=422 if problems else 200,
        viewer=viewer,
        resident=resident,
        form=form,
        raw=raw,
        offered=offered,
        problems=problems,
        judgement=known.judgement,
        amended=amended,
        medication_rows=MEDICATIONS,
        vw=visit_words,
    )
