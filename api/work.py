"""The work list: the first page of whoever looks after residents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from psycopg import Connection
from psycopg.rows import DictRow

from api import audit, board, looking, people, rota_view, words
from api.access import Clinician, Viewer, require_resident
from api.audit import Action
from api.board import Where
from api.services import Database, Given, Services
from api.worklist import Section, Wanted, cut

pages = APIRouter(include_in_schema=False)

PAGE = 25  # residents of a section at first: about two screens; more come on demand
FOUND = 20  # residents a search shows at most: who is not among them is found with one more letter
Blank = Annotated[str, Query(max_length=60)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What the list is narrowed to, as the form sends it: an empty field is no filter."""

    tier: str = ""
    cause: str = ""
    township: str = ""
    programme: str = ""

    @property
    def where(self) -> Where:
        """Which residents."""
        return Where(township=self.township or None, programme=self.programme or None)

    @property
    def wanted(self) -> Wanted:
        """Which entries."""
        return Wanted(tier=int(self.tier) if self.tier.isdigit() else None, cause=self.cause or None)

    @property
    def query(self) -> str:
        """The filters that are set, for an address."""
        chosen = {name: getattr(self, name) for name in ("tier", "cause", "township", "programme")}
        return urlencode({name: value for name, value in chosen.items() if value})


def _filters(tier: Blank = "", cause: Blank = "", township: Blank = "", programme: Blank = "") -> Filters:
    return Filters(tier=tier, cause=cause, township=township, programme=programme)


Chosen = Annotated[Filters, Depends(_filters)]


@pages.get("/work")
def show(request: Request, given: Given, connection: Database, viewer: Clinician, chosen: Chosen) -> Response:
    """The list, live from then on."""
    audit.write(connection, given.now(), viewer.staff_id, Action.WORK_LIST)
    return given.pages.show(
        request,
        "work.html",
        viewer=viewer,
        causes=given.rules.causes,
        townships=board.townships(connection, viewer),
        programmes=words.CONDITIONS,
        standing_in=rota_view.standing_in(connection, viewer.staff_id, given.now()),
        **_listed(given, connection, viewer, chosen),
    )


@pages.get("/work/rows")
def rows(request: Request, given: Given, connection: Database, viewer: Clinician, chosen: Chosen) -> Response:
    """The sections alone: read again whenever the live stream opens, for what it may have missed. Recorded."""
    audit.write(connection, given.now(), viewer.staff_id, Action.WORK_LIST)
    return given.pages.show(request, "work_sections.html", **_listed(given, connection, viewer, chosen))


@pages.get("/work/more")
def more(
    request: Request,
    given: Given,
    connection: Database,
    viewer: Clinician,
    chosen: Chosen,
    section: Section,
    after: Annotated[str, Query(max_length=60)],
) -> Response:
    """The next rows of one section. The look is recorded."""
    audit.write(connection, given.now(), viewer.staff_id, Action.WORK_LIST, section=section)
    listed = _listed(given, connection, viewer, chosen, {section: after})
    part = next(each for each in listed["sections"] if each["section"] is section)
    return given.pages.show(request, "work_rows.html", part=part, chosen=chosen, today=listed["today"])


@pages.post("/work/search")
def search(
    request: Request,
    given: Given,
    connection: Database,
    viewer: Clinician,
    name: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Own residents by name, or by its pinyin. A POST, so that no name ends up in an address or a log."""
    found = people.found(connection, viewer, given.names, given.key, name, given.now(), FOUND)
    if name.strip():
        audit.write(connection, given.now(), viewer.staff_id, Action.RESIDENT_LIST)
    return given.pages.show(request, "work_found.html", residents=found, asked=bool(name.strip()), most=FOUND)


@pages.post("/residents/{resident_id}/looking", status_code=204)
def look(given: Given, connection: Database, viewer: Clinician, resident_id: int) -> None:
    """The viewer has the resident on the screen; the page says it again while it is open."""
    require_resident(connection, viewer, resident_id)
    looking.begin(connection, resident_id, viewer.staff_id, given.now())


@pages.post("/residents/{resident_id}/left", status_code=204)
def leave(connection: Database, viewer: Clinician, resident_id: int) -> None:
    """The viewer has gone on."""
    require_resident(connection, viewer, resident_id)
    looking.end(connection, resident_id, viewer.staff_id)


def _listed(
    given: Services,
    connection: Connection[DictRow],
    viewer: Viewer,
    chosen: Filters,
    after: Mapping[Section, str] | None = None,
) -> dict[str, Any]:
    """What the templates show: each section with its rows, how many there are in all, and whether more follow."""
    today = on_this_day(given)
    wanted = chosen.wanted
    entries = [one for one in board.entries(connection, viewer, chosen.where, today) if wanted.admits(one)]
    pages = {each: cut(entries, each, (after or {}).get(each), PAGE) for each in Section}
    shown = [entry for page, _ in pages.values() for entry in page]
    found = {row.about.resident_id: row for row in board.rows(connection, shown, given.key, given.now())}
    sections = [
        {
            "section": section,
            "count": sum(entry.section is section for entry in entries),
            "rows": [found[entry.resident_id] for entry in page if entry.resident_id in found],
            "more": following,
        }
        for section, (page, following) in pages.items()
    ]
    return {"sections": sections, "chosen": chosen, "today": today}


def on_this_day(given: Services) -> date:
    """The day it is where the residents live."""
    return given.now().astimezone(given.settings.tzinfo).date()
