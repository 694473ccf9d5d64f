"""The held list: what was held back and why, with raw bytes; releasing it, also by vouching for a value or a time."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from api import audit, held
from api.access import HeldReader
from api.audit import Action
from api.errors import Problem, not_found
from api.held import HeldItem, ReasonCount
from api.services import Database, Given
from ingest.reason import Reason

pages = APIRouter(include_in_schema=False)
json = APIRouter(prefix="/api/v1", tags=["held"])


class HeldPage(BaseModel):
    """Held items, latest first. Pass `next` as `before` for older ones; null: there are no more."""

    items: list[HeldItem]
    counts: list[ReasonCount]
    next: datetime | None


@pages.get("/held")
def show(
    request: Request,
    given: Given,
    connection: Database,
    viewer: HeldReader,
    reason: Reason | None = None,
    before: datetime | None = None,
) -> Response:
    """The list by reason. The look is recorded."""
    found = _page(connection, viewer, reason, before, given.settings.list_limit)
    audit.write(connection, given.now(), viewer.staff_id, Action.HELD_VIEW, reason=reason)
    return given.pages.show(
        request, "held.html", viewer=viewer, reason=reason, found=found, sees_values=held.sees_values(viewer)
    )


@json.get("/held", summary="List what was held back")
def listing(
    given: Given,
    connection: Database,
    viewer: HeldReader,
    reason: Reason | None = None,
    before: Annotated[datetime | None, Query(description="the `next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> HeldPage:
    """What concerns your residents and meters. Technician and admin see all, a technician no values. It is recorded."""
    found = _page(connection, viewer, reason, before, limit)
    audit.write(connection, given.now(), viewer.staff_id, Action.HELD_VIEW, reason=reason)
    return found


@json.get("/held/{reading_id}", summary="Read one held item", responses={404: {"model": Problem}})
def read(given: Given, connection: Database, viewer: HeldReader, reading_id: UUID) -> HeldItem:
    """One held item with its raw bytes. The look is recorded."""
    item = held.one(connection, viewer, reading_id)
    if item is None:
        raise not_found()
    audit.write(connection, given.now(), viewer.staff_id, Action.HELD_VIEW, reading_id=str(reading_id))
    return item


def _page(
    connection: Database, viewer: HeldReader, reason: Reason | None, before: datetime | None, limit: int
) -> HeldPage:
    items = held.listing(connection, viewer, reason=reason, before=before, limit=limit)
    more = items[-1].received_at if len(items) == limit else None
    return HeldPage(items=items, counts=held.counts(connection, viewer), next=more)
