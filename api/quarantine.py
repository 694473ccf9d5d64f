"""The held list: what was held back and why, with raw bytes; releasing it, also by vouching for a value or a time."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request, Response
from psycopg import Connection
from psycopg.rows import DictRow
from pydantic import AwareDatetime, BaseModel, Field

from api import audit, held, language
from api.access import HeldReader, Viewer
from api.audit import Action
from api.cursor import Cursor, Place, following, parsed
from api.errors import Problem, Refusal, not_found
from api.held import HeldItem, ReasonCount
from api.language import msgid
from api.services import Database, Given, Services, plain_rows
from ingest.held import CannotVouch, NotHeld, Vouch, release
from ingest.reason import Reason

pages = APIRouter(include_in_schema=False)
json = APIRouter(prefix="/api/v1", tags=["held"])


class HeldPage(BaseModel):
    """Held items, latest first. Pass `next` as `before` for older ones; null: there are no more."""

    items: list[HeldItem]
    counts: list[ReasonCount]
    next: str | None


class Release(BaseModel):
    """Judging a held item anew. Without `vouch` only a changed roster or decoder can release it."""

    vouch: bool = Field(default=False, description="you looked at it and stand for it", examples=[True])
    measured_at: AwareDatetime | None = Field(
        default=None, description="when it was measured, where the time is the reason"
    )


class Judgement(BaseModel):
    """What became of it."""

    released: bool
    reason: Reason | None = Field(description="why it stays held; null when it is a measurement now")


@pages.get("/held")
def show(
    request: Request,
    given: Given,
    connection: Database,
    viewer: HeldReader,
    reason: Reason | None = None,
    before: Cursor = None,
) -> Response:
    """The list by reason. The look is recorded."""
    found = _page(connection, viewer, reason, before, given.settings.list_limit)
    audit.write(connection, given.now(), viewer.staff_id, Action.HELD_VIEW, reason=reason)
    return given.pages.show(
        request, "held.html", viewer=viewer, reason=reason, found=found, sees_values=held.sees_values(viewer)
    )


@pages.get("/held/{reading_id}")
def detail(request: Request, given: Given, connection: Database, viewer: HeldReader, reading_id: UUID) -> Response:
    """The dialog of one held item: what it is and what can be done."""
    return _dialog(request, given, _viewed(given, connection, viewer, reading_id))


@pages.post("/held/{reading_id}/release")
def submit(
    request: Request,
    given: Given,
    connection: Database,
    viewer: HeldReader,
    reading_id: UUID,
    vouch: Annotated[bool, Form()] = False,
    measured_at: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """Judge it anew; the dialog then says what became of it. The time is in the zone of the pages."""
    try:
        asked = Release(vouch=vouch, measured_at=_local_time(given, measured_at) if vouch else None)
        judgement = _release(given, connection, viewer, reading_id, asked)
    except Refusal as refusal:
        return _dialog(request, given, _found(connection, viewer, reading_id), refusal=refusal)
    if judgement.released:
        return given.pages.show(request, "held_released.html")
    return _dialog(request, given, _found(connection, viewer, reading_id), judgement=judgement)


@json.get("/held", summary="List what was held back")
def listing(
    given: Given,
    connection: Database,
    viewer: HeldReader,
    reason: Reason | None = None,
    before: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> HeldPage:
    """What concerns your residents and meters. Technician and admin see all, a technician no values. It is recorded."""
    found = _page(connection, viewer, reason, before, limit)
    audit.write(connection, given.now(), viewer.staff_id, Action.HELD_VIEW, reason=reason)
    return found


@json.get("/held/{reading_id}", summary="Read one held item", responses={404: {"model": Problem}})
def read(given: Given, connection: Database, viewer: HeldReader, reading_id: UUID) -> HeldItem:
    """One held item with its raw bytes. The look is recorded."""
    return _viewed(given, connection, viewer, reading_id)


@json.post(
    "/held/{reading_id}/release",
    summary="Judge a held item anew",
    responses={404: {"model": Problem}, 409: {"model": Problem, "description": "nobody can vouch for this reason"}},
)
def release_it(given: Given, connection: Database, viewer: HeldReader, reading_id: UUID, asked: Release) -> Judgement:
    """Judged with the present roster, and on your word where you vouch: a measurement, or still held. Recorded."""
    return _release(given, connection, viewer, reading_id, asked)


def _page(connection: Database, viewer: HeldReader, reason: Reason | None, before: str | None, limit: int) -> HeldPage:
    items = held.listing(connection, viewer, reason=reason, before=parsed(before), limit=limit)
    next_page = following(items, limit, lambda item: Place(item.received_at, item.reading_id))
    return HeldPage(items=items, counts=held.counts(connection, viewer), next=next_page)


def _found(connection: Connection[DictRow], viewer: Viewer, reading_id: UUID) -> HeldItem:
    item = held.one(connection, viewer, reading_id)
    if item is None:
        raise not_found()
    return item


def _release(
    given: Services, connection: Connection[DictRow], viewer: Viewer, reading_id: UUID, asked: Release
) -> Judgement:
    item = _found(connection, viewer, reading_id)
    if asked.vouch and not item.vouchable:
        raise Refusal(409, "cannot_vouch", msgid("这个原因不能由人担保：请先更正登记，再重新判断。"))
    vouch = Vouch(measured_at=asked.measured_at) if asked.vouch else None
    try:
        with plain_rows(connection) as tuples:
            reason = release(
                tuples,
                reading_id,
                staff_id=viewer.staff_id,
                now=given.now(),
                catalogue=given.catalogue,
                limits=given.limits,
                vouch=vouch,
            )
    except CannotVouch:
        raise Refusal(422, "time_needed", msgid("请填写一个已经过去的测量时间。")) from None
    except NotHeld:
        raise not_found() from None
    return Judgement(released=reason is None, reason=reason)


def _viewed(given: Services, connection: Connection[DictRow], viewer: Viewer, reading_id: UUID) -> HeldItem:
    item = _found(connection, viewer, reading_id)
    audit.write(connection, given.now(), viewer.staff_id, Action.HELD_VIEW, reading_id=str(reading_id))
    return item


def _local_time(given: Services, text: str) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=given.settings.tzinfo)
    except ValueError:
        raise Refusal(422, "invalid", msgid("请填写一个已经过去的测量时间。")) from None


def _dialog(
    request: Request,
    given: Services,
    item: HeldItem,
    *,
    refusal: Refusal | None = None,
    judgement: Judgement | None = None,
) -> Response:
    return given.pages.show(
        request,
        "held_dialog.html",
        status=refusal.status if refusal else 200,
        item=item,
        needs_time=held.needs_time(item.reason),
        problem=refusal.says[language.of(request)] if refusal else None,
        judgement=judgement,
    )
