"""The visit form: opened, judged while it is filled in, stored, corrected."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from api import language, visit_store, visit_words
from api.audit import Action
from api.language import Language, says
from api.people import Resident
from api.visit_desk import AtDesk, Desk, Typed, first
from api.visit_entry import Draft
from api.visit_prefill import as_typed, prefilled
from api.visit_store import MeterSource, NewVersion
from api.visits import VisitRow
from ingest.followups.entry import MEDICATIONS, Raw
from ingest.followups.form import Form

pages = APIRouter(include_in_schema=False)


@pages.get("/residents/{resident_id}/visits/new")
def new(
    request: Request, desk: AtDesk, resident_id: int, programme: str = "hypertension", together: int | None = None
) -> Response:
    """An empty form with what a meter measured lately; `together`: a visit whose other form this is."""
    resident = desk.resident(resident_id)
    form = desk.form(programme)
    offered = desk.offered(resident_id, form, desk.now)
    earlier = desk.visits(resident_id)
    same = next((each for each in earlier if each.visit_id == together), None)
    raw = prefilled(form, offered, earlier, same, desk.now.astimezone(desk.given.settings.tzinfo))
    desk.audit(Action.VISIT_VIEW, resident_id)
    return _show(request, desk, resident, form, raw, offered)


@pages.post("/residents/{resident_id}/visits/judge")
def judged(request: Request, desk: AtDesk, resident_id: int, raw: Typed) -> Response:
    """What the computed classification and the next date are as the form stands now."""
    resident = desk.resident(resident_id)
    form = desk.form(first(raw, "programme"))
    found = desk.draft(resident, form, raw)
    return desk.given.pages.show(
        request,
        "judged.html",
        form=form,
        counted=form.counted(found.values),
        judgement=found.judgement,
        next_due_on=found.next_due_on,
        vw=visit_words,
    )


@pages.post("/residents/{resident_id}/visits")
def store(request: Request, desk: AtDesk, resident_id: int, raw: Typed) -> Response:
    """Store a new visit, or show the form again with everything that was typed."""
    resident = desk.resident(resident_id)
    form = desk.form(first(raw, "programme"))
    found = desk.draft(resident, form, raw)
    offered = desk.offered(resident_id, form, found.visited_at or desk.now)
    if found.problems:
        return _show(request, desk, resident, form, raw, offered, found)
    visit_id = desk.save(resident_id, found, raw, offered, NewVersion())
    return RedirectResponse(f"/visits/{visit_id}", status_code=303)


@pages.get("/visits/{visit_id}/amend")
def correct(request: Request, desk: AtDesk, visit_id: int) -> Response:
    """The form with the visit in it, to be corrected. The look is recorded."""
    latest = desk.versions(visit_id)[0]
    resident = desk.resident(latest.resident_id)
    desk.audit(Action.VISIT_VIEW, latest.resident_id, visit=visit_id)
    form = desk.form(latest.programme)
    raw = as_typed(form, latest, desk.given.settings.tzinfo)
    offered = desk.offered(latest.resident_id, form, latest.visited_at)
    return _show(request, desk, resident, form, raw, offered, amended=latest)


@pages.post("/visits/{visit_id}/amend")
def amend(request: Request, desk: AtDesk, visit_id: int, raw: Typed) -> Response:
    """Store the corrected visit as its next version."""
    latest = desk.versions(visit_id)[0]
    resident = desk.resident(latest.resident_id)
    form = desk.form(latest.programme)
    found = desk.draft(resident, form, raw, but=visit_id)
    offered = desk.offered(latest.resident_id, form, found.visited_at or latest.visited_at)
    why = first(raw, "amended_why").strip()
    if found.problems or not why:
        return _show(request, desk, resident, form, raw, offered, found, amended=latest)
    if first(raw, "version") != str(latest.version):
        raise visit_store.overtaken()
    as_ = NewVersion(visit_id=visit_id, version=latest.version + 1, amended_why=why)
    desk.save(latest.resident_id, found, raw, offered, as_)
    return RedirectResponse(f"/visits/{visit_id}", status_code=303)


def _show(
    request: Request,
    desk: Desk,
    resident: Resident,
    form: Form,
    raw: Raw,
    offered: Mapping[str, MeterSource],
    found: Draft | None = None,
    amended: VisitRow | None = None,
) -> Response:
    """The form as it was typed, with what is wrong; 422 then, so that nobody takes it for stored."""
    known = found or desk.draft(resident, form, raw, but=amended.visit_id if amended else None)
    problems = _problems(found, raw, amended, language.of(request))
    return desk.given.pages.show(
        request,
        "visit_form.html",
        status=422 if problems else 200,
        viewer=desk.viewer,
        resident=resident,
        form=form,
        raw=raw,
        counted=form.counted(known.values),
        offered=offered,
        problems=problems,
        judgement=known.judgement,
        next_due_on=known.next_due_on,
        amended=amended,
        medication_rows=MEDICATIONS,
        vw=visit_words,
    )


def _problems(found: Draft | None, raw: Raw, amended: VisitRow | None, spoken: Language) -> dict[str, str]:
    """What is wrong with which field, in words; nothing while nobody has tried to store the form."""
    if found is None:
        return {}
    problems = {
        key: says(visit_words.PROBLEMS[each.code], **each.values)[spoken] for key, each in found.problems.items()
    }
    if amended and not first(raw, "amended_why").strip():
        problems["amended_why"] = says(visit_words.PROBLEMS["reason_missing"])[spoken]
    return problems
