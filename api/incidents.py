"""Incidents: what is wrong with a meter, a gateway, a station or a rota, for the role that must act; no person."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from psycopg import Connection
from psycopg.rows import DictRow
from pydantic import BaseModel, Field

from api import audit, language
from api.access import IncidentReader, Viewer
from api.audit import Action
from api.errors import Refusal, not_found
from api.language import msgid
from api.services import Database, Given, Services, plain_rows
from ingest.accounts import Role
from ingest.alerting import incidents as decisions
from ingest.alerting.states import NotAllowed
from maixun.configuration import Settings, settings

pages = APIRouter(prefix="/incidents", include_in_schema=False)
json = APIRouter(prefix="/api/v1/incidents", tags=["fleet"])

OUTCOMES = {
    "mended": msgid("已修复"),
    "replaced": msgid("已更换"),
    "false_alarm": msgid("误报，无需处理"),
    "other": msgid("其他"),
}
KINDS = {
    "gateway": msgid("网关"),
    "device": msgid("设备"),
    "station": msgid("卫生站"),
    "rota": msgid("值班表"),
    "channel": msgid("通知通道"),
}
# Where it is mended, by kind; each is open to all who are shown such an incident.
MENDED_ON = {
    "gateway": ("/fleet", msgid("到设备管理")),
    "device": ("/fleet", msgid("到设备管理")),
    "rota": ("/rota", msgid("到值班表")),
}
_AUDIENCES = {
    Role.TECHNICIAN: ["technician"],
    Role.ADMIN: ["technician", "admin", "station_lead"],
    Role.STATION_LEAD: ["station_lead"],
}
_LISTED = """
select i.incident_id, i.subject_kind, i.subject, i.cause, i.tier, i.state, i.revision, i.opened_at, i.changed_at,
    i.returns_at, i.outcome, i.finding -> 'says' as says, t.name as station, s.display_name as by,
    array(select jsonb_build_object('at', v.at, 'state', v.to_state, 'note', v.note, 'by', w.display_name)
          from care.incident_event v left join care.staff w on v.actor = 'staff:' || w.staff_id
          where v.incident_id = i.incident_id order by v.revision) as events
from care.incident i left join care.station t using (station_id) left join care.staff s on s.staff_id = i.staff_id
where i.audience::text = any(%(audiences)s) and (%(station)s::integer is null or i.station_id = %(station)s)
    and (i.state <> 'closed' or i.changed_at > %(since)s)
order by i.state = 'closed', i.state = 'acknowledged', i.tier, i.opened_at"""


class IncidentSettings(Settings):
    """`config/incidents.yaml`."""

    acknowledged_for: timedelta = Field(gt=timedelta())
    recent_days: int = Field(ge=1)


class Listed(BaseModel):
    """An incident of the viewer's role, with what is wrong in both languages."""

    incident_id: int
    subject_kind: str = Field(description="gateway, device, station, rota or channel")
    subject: str
    cause: str
    tier: int
    state: str = Field(description="open, acknowledged or closed")
    revision: int
    opened_at: datetime
    changed_at: datetime
    returns_at: datetime | None = Field(description="when it comes back if it is still wrong")
    station: str | None
    by: str | None
    outcome: str | None
    says: dict[str, str]


@pages.get("")
def show(request: Request, given: Given, connection: Database, viewer: IncidentReader) -> Response:
    """What is wrong now, what is in hand, what ended lately."""
    return _page(request, given, connection, viewer)


@pages.post("/{incident_id}/acknowledge")
def acknowledge(
    request: Request,
    given: Given,
    connection: Database,
    viewer: IncidentReader,
    incident_id: int,
    revision: Annotated[int, Form()],
) -> Response:
    """Take an incident over for a time."""
    now = given.now()
    until = now + settings(IncidentSettings, "incidents").acknowledged_for

    def decide() -> None:
        with plain_rows(connection) as tuples:
            decisions.acknowledge(tuples, incident_id, revision, staff_id=viewer.staff_id, until=until, now=now)

    return _decided(request, given, connection, viewer, incident_id, Action.INCIDENT_ACKNOWLEDGE, decide)


@pages.post("/{incident_id}/close")
def close(
    request: Request,
    given: Given,
    connection: Database,
    viewer: IncidentReader,
    incident_id: int,
    revision: Annotated[int, Form()],
    outcome: Annotated[str, Form(max_length=20)],
    note: Annotated[str, Form(min_length=1, max_length=2000, pattern=r"\S")],
) -> Response:
    """End an incident with an outcome and a note; what is still wrong opens another at the next look."""

    def decide() -> None:
        if outcome not in OUTCOMES:
            raise Refusal(422, "invalid", msgid("请选择处理结果。"))
        with plain_rows(connection) as tuples:
            decisions.close(
                tuples, incident_id, revision, staff_id=viewer.staff_id, outcome=outcome, now=given.now(), note=note
            )

    return _decided(request, given, connection, viewer, incident_id, Action.INCIDENT_CLOSE, decide)


@json.get("", summary="List incidents")
def listing(given: Given, connection: Database, viewer: IncidentReader) -> list[Listed]:
    """What is wrong with meters, gateways, stations and rotas: open ones first, then in hand, then lately closed."""
    return [Listed(**row) for row in _listed(given, connection, viewer)]


def _decided(
    request: Request,
    given: Services,
    connection: Connection[DictRow],
    viewer: Viewer,
    incident_id: int,
    action: Action,
    decide: Callable[[], None],
) -> Response:
    """Decide about one of the viewer's incidents; refused, the page says why."""
    if incident_id not in {row["incident_id"] for row in _listed(given, connection, viewer)}:
        raise not_found()
    try:
        decide()
    except Refusal as refused:
        return _page(request, given, connection, viewer, refused)
    except (decisions.Overtaken, NotAllowed):
        refusal = Refusal(409, "overtaken", msgid("这个事件刚刚有变化，您的操作没有保存。请看最新情况后再决定。"))
        return _page(request, given, connection, viewer, refusal)
    audit.write(connection, given.now(), viewer.staff_id, action, incident_id=incident_id)
    return RedirectResponse("/incidents", status_code=303)


def _page(
    request: Request,
    given: Services,
    connection: Connection[DictRow],
    viewer: Viewer,
    refusal: Refusal | None = None,
) -> Response:
    return given.pages.show(
        request,
        "incidents.html",
        status=refusal.status if refusal else 200,
        viewer=viewer,
        groups=_by_place(_listed(given, connection, viewer)),
        outcomes=OUTCOMES,
        kinds=KINDS,
        mended_on=MENDED_ON,
        problem=refusal.says[language.of(request)] if refusal else None,
    )


class Group(NamedTuple):
    """What one journey mends: the incidents of a station, or of none; those closed lately stand together at the end."""

    station: str | None
    closed: bool
    incidents: list[dict[str, Any]]


def _by_place(listed: Iterable[dict[str, Any]]) -> list[Group]:
    """The place of the most severe first, as the incidents are in that order."""
    groups: dict[tuple[str | None, bool], Group] = {}
    for one in listed:
        closed = one["state"] == "closed"
        key = (None if closed else one["station"], closed)
        groups.setdefault(key, Group(*key, [])).incidents.append(one)
    return sorted(groups.values(), key=lambda group: group.closed)


def _listed(given: Services, connection: Connection[DictRow], viewer: Viewer) -> list[dict[str, Any]]:
    since = given.now() - timedelta(days=settings(IncidentSettings, "incidents").recent_days)
    scope = {
        "audiences": _AUDIENCES[viewer.role],
        "station": viewer.station_id if viewer.role is Role.STATION_LEAD else None,
        "since": since,
    }
    return connection.execute(_LISTED.encode(), scope).fetchall()
