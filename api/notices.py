"""What was sent to oneself, where one is reached, and where a message's link leads."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from api import contacts, episodes, rings
from api.access import FIGURES, INCIDENTS, SignedIn
from api.errors import not_found
from api.language import of
from api.sends import ways
from api.services import Database, Given
from ingest.accounts import Role

pages = APIRouter(prefix="/notices", include_in_schema=False)

SHOWN = timedelta(days=14)
_MINE = """
select n.matter, n.number, n.level, n.channel, n.state, n.created_at, n.sent_at,
    coalesce(e.tier, i.tier) as tier, t.name as station, i.finding -> 'says' as says,
    coalesce(e.state::text, i.state) as now
from care.notice n
left join care.episode e on n.matter = 'episode' and e.episode_id = n.number
left join care.resident r on r.resident_id = e.resident_id
left join care.incident i on n.matter = 'incident' and i.incident_id = n.number
left join care.station t on t.station_id = coalesce(r.station_id, i.station_id)
where n.staff_id = %s and n.created_at > %s and n.state <> 'cancelled'
order by n.created_at desc, n.notice_id desc limit %s"""
_INCIDENT = """
select i.audience::text as audience from care.incident i
where i.incident_id = %s and exists (
    select from care.notice n where n.matter = 'incident' and n.number = i.incident_id and n.staff_id = %s)"""


@pages.get("")
def show(request: Request, given: Given, connection: Database, viewer: SignedIn) -> Response:
    """The latest notices to the viewer: about incidents in words, about alerts only how urgent and where."""
    rows = connection.execute(_MINE, [viewer.staff_id, given.now() - SHOWN, given.settings.list_limit]).fetchall()
    language = of(request)
    notices = [
        {**row, "text": rings.text(row, language), "way": ways().get(row["channel"], row["channel"])} for row in rows
    ]
    return given.pages.show(
        request,
        "notices.html",
        viewer=viewer,
        notices=notices,
        contacts=contacts.WORDS,
        known=contacts.entered(connection, viewer.staff_id),
    )


@pages.get("/episode/{episode_id}")
def to_alert(given: Given, connection: Database, viewer: SignedIn, episode_id: int) -> Response:
    """From a message to the alert on the list. Others' are not there."""
    if not viewer.is_clinical or episodes.one(connection, viewer, episode_id, given.key) is None:
        raise not_found()
    return RedirectResponse(f"/alerts#alert-{episode_id}", status_code=303)


@pages.get("/incident/{incident_id}")
def to_incident(connection: Database, viewer: SignedIn, incident_id: int) -> Response:
    """From a message to the incident, for whoever was told of it: there it can be taken over, and mended from there.

    An outbreak is no incident of that page: it leads to the watch for outbreaks.
    """
    row = connection.execute(_INCIDENT, [incident_id, viewer.staff_id]).fetchone()
    if row is None:
        raise not_found()
    if row["audience"] == Role.CDC:
        place = "/sentinel" if viewer.role in FIGURES else "/notices"
    else:
        place = f"/incidents#incident-{incident_id}" if viewer.role in INCIDENTS else "/notices"
    return RedirectResponse(place, status_code=303)
