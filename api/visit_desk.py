"""What every page about visits starts from: the resident, the form, what a meter offers, how a draft is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request
from psycopg import Connection
from psycopg.rows import DictRow
from starlette.datastructures import FormData

from api import audit, people, visit_store
from api.access import Clinician, Viewer
from api.audit import Action
from api.errors import not_found
from api.people import Resident
from api.services import Database, Given, Services
from api.visit_entry import Draft, draft
from api.visit_entry import Given as JudgedBy
from api.visit_store import MeterSource, NewVersion
from api.visits import VisitRow, versions_of, visits_of
from ingest.followups.entry import Raw
from ingest.followups.form import Form


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One clinician's request. What is not the viewer's is answered 404, as what does not exist."""

    given: Services
    connection: Connection[DictRow]
    viewer: Viewer

    @property
    def now(self) -> datetime:
        """The present, UTC."""
        return self.given.now()

    def resident(self, resident_id: int) -> Resident:
        """The viewer's resident. Raises the 404 refusal."""
        resident = people.one(self.connection, self.viewer, resident_id, self.given.key)
        if resident is None:
            raise not_found()
        return resident

    def form(self, programme: str) -> Form:
        """The form of a programme. Raises the 404 refusal."""
        form = self.given.forms.get(programme)
        if form is None:
            raise not_found()
        return form

    def versions(self, visit_id: int) -> list[VisitRow]:
        """A visit's versions, the latest first. Raises the 404 refusal."""
        versions = versions_of(self.connection, self.viewer, visit_id)
        if not versions:
            raise not_found()
        return versions

    def visits(self, resident_id: int, *, limit: int = 200) -> list[VisitRow]:
        """A resident's visits as they stand, latest first."""
        return visits_of(self.connection, resident_id, limit=limit)

    def offered(self, resident_id: int, form: Form, at: datetime) -> dict[str, MeterSource]:
        """What meters measured around a visit, by key of the form."""
        values = self.given.rulebook.file.meter_values
        since, until = visit_store.window(at, values.days)
        return visit_store.meter_values(self.connection, resident_id, form, since=since, until=until, fill=values.fill)

    def draft(self, resident: Resident, form: Form, raw: Raw, *, but: int | None = None) -> Draft:
        """What was typed, judged; `but`: the visit that is being corrected, which is not the one before itself."""
        return draft(form, raw, self._judged_by(resident, form, but))

    def save(
        self, resident_id: int, found: Draft, raw: Raw, offered: Mapping[str, MeterSource], as_: NewVersion
    ) -> int:
        """Store a draft as a version of a visit and return the visit's id."""
        origin = visit_store.sources(found, raw, offered)
        visit_id = visit_store.save(
            self.connection, self.viewer, resident_id, found, origin, as_, staff_id=self.viewer.staff_id, now=self.now
        )
        action = Action.VISIT_RECORD if as_.version == 1 else Action.VISIT_AMEND
        self.audit(action, resident_id, visit=visit_id, version=as_.version)
        return visit_id

    def audit(self, action: Action, resident_id: int, **detail: object) -> None:
        """Record what was done or looked at."""
        audit.write(self.connection, self.now, self.viewer.staff_id, action, resident_id, **detail)

    def _judged_by(self, resident: Resident, form: Form, but: int | None) -> JudgedBy:
        judged = [
            each.classification
            for each in self.visits(resident.resident_id, limit=50)
            if each.programme == form.programme and each.classification and each.visit_id != but
        ]
        return JudgedBy(
            birth_date=resident.birth_date,
            before=judged[0] if judged else None,
            now=self.now,
            zone=self.given.settings.tzinfo,
            rules=self.given.rules,
            rulebook=self.given.rulebook,
        )


def _desk(given: Given, connection: Database, viewer: Clinician) -> Desk:
    return Desk(given=given, connection=connection, viewer=viewer)


async def _typed(request: Request) -> Raw:
    form: FormData = await request.form()
    return {key: [str(text) for text in form.getlist(key)] for key in form}


AtDesk = Annotated[Desk, Depends(_desk, scope="function")]  # asks first who is there, as `Clinician` does
Typed = Annotated[Raw, Depends(_typed)]


def first(raw: Raw, key: str) -> str:
    """The first value typed under a name, else nothing."""
    return next(iter(raw.get(key, ())), "")
