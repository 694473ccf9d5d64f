"""The station lead's view: how long alerts wait, which nobody has opened, who carries how much, what is completed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, LiteralString

from fastapi import APIRouter, Request, Response
from psycopg import Connection
from psycopg.rows import DictRow
from pydantic import BaseModel, Field

from api import audit, followup_rates
from api.access import Lead, Viewer
from api.audit import Action
from api.followup_rates import Rate
from api.people import name_of
from api.services import Database, Given, Services
from api.station_rota import RotaNow, rota_now

pages = APIRouter(include_in_schema=False)
json = APIRouter(prefix="/api/v1", tags=["station"])

LOOK_BACK = timedelta(days=30)  # answered in what time: over so long
UNREAD_SHOWN = 10  # the most urgent; the number tells of the others


class Waiting(BaseModel):
    """Alerts of one tier: how many wait now, since when, and how fast they were answered lately."""

    tier: int
    open: int = Field(description="in nobody's hands now")
    oldest: datetime | None = Field(description="when the longest waiting one opened")
    returned: int = Field(description="open again as a promise ran out")
    answered: int = Field(description="opened in the last 30 days, and somebody acted")
    unanswered: int = Field(description="opened in the last 30 days, and nobody has acted")
    median_minutes: float | None = Field(description="half of the answered ones were answered within this")


class Unread(BaseModel):
    """An open alert that nobody has ever looked at."""

    episode_id: int
    resident_id: int
    resident_name: str | None
    cause: str
    tier: int
    opened_at: datetime
    doctor: str | None


class Load(BaseModel):
    """What one doctor carries; `doctor` null: residents without a doctor, or tasks nobody was there to take."""

    doctor_id: int | None
    doctor: str | None
    residents: int = 0
    urgent: int = Field(default=0, description="open alerts of tiers 1 and 2")
    review: int = Field(default=0, description="open alerts of tiers 3 and 4")
    in_hand: int = 0
    closed: int = Field(default=0, description="closed by somebody in the last 30 days")
    due: int = Field(default=0, description="open follow-ups due within a week")
    overdue: int = 0
    fell_due: int = Field(default=0, description="follow-ups that fell due in this quarter, as on the page of tasks")
    completed: int = Field(default=0, description="of these, done")

    @property
    def completion(self) -> float | None:
        """The share that was done; None when none fell due."""
        return self.completed / self.fell_due if self.fell_due else None


class State(BaseModel):
    """How the station stands."""

    waiting: list[Waiting]
    unread: list[Unread]
    unread_count: int
    loads: list[Load]
    rota: RotaNow | None = Field(description="null for a lead without a station")


@dataclass(slots=True)
class _Loads:
    of: dict[int | None, dict[str, Any]] = field(default_factory=dict)

    def add(self, rows: list[DictRow]) -> None:
        for row in rows:
            self.of.setdefault(row["doctor_id"], {}).update(row)


@pages.get("/station")
def show(request: Request, given: Given, connection: Database, viewer: Lead) -> Response:
    """The station at a glance. The look is recorded: it names residents."""
    audit.write(connection, given.now(), viewer.staff_id, Action.STATION_VIEW)
    found = state(given, connection, viewer)
    return given.pages.show(
        request,
        "station.html",
        viewer=viewer,
        state=found,
        total=_total(found.loads),
        look_back=LOOK_BACK.days,
        aim=given.rulebook.file.aims["done"].value,
    )


@json.get("/station", summary="How the station stands")
def read(given: Given, connection: Database, viewer: Lead) -> State:
    """Waiting times, alerts that nobody has opened, and what each doctor carries. For station leads."""
    audit.write(connection, given.now(), viewer.staff_id, Action.STATION_VIEW)
    return state(given, connection, viewer)


_WAITING: LiteralString = (
    "select e.tier, count(*) filter (where e.state = 'open') as open,"
    " min(e.opened_at) filter (where e.state = 'open') as oldest,"
    " count(*) filter (where e.state = 'open' and e.returned_from is not null) as returned,"
    " count(a.at) filter (where e.opened_at >= %(since)s) as answered,"
    " count(*) filter (where e.opened_at >= %(since)s and a.at is null) as unanswered,"
    " percentile_cont(0.5) within group (order by extract(epoch from a.at - e.opened_at) / 60)"
    " filter (where e.opened_at >= %(since)s and a.at is not null) as median_minutes"
    " from care.episode e join care.resident r using (resident_id)"
    " left join lateral (select min(v.at) as at from care.episode_event v where v.resident_id = e.resident_id"
    " and v.episode_id = e.episode_id and v.actor like 'staff:%%') a on true"
    " where r.station_id = %(station)s and e.opened_at is not null and (e.state = 'open' or e.opened_at >= %(since)s)"
    " group by e.tier order by e.tier"
)
# The record of looks knows who opened what: an alert's dialog, or the resident's page, which shows all alerts.
_UNREAD: LiteralString = (
    "select e.episode_id, e.resident_id, p.name_sealed, e.cause, e.tier, e.opened_at, d.display_name as doctor,"
    " count(*) over () as all_of_them"
    " from care.episode e join care.resident r using (resident_id) left join care.staff d on d.staff_id = r.doctor_id"
    " left join identity.person p using (resident_id)"
    " where r.station_id = %(station)s and e.state = 'open' and not exists (select from care.audit a"
    " where a.resident_id = e.resident_id and a.at >= e.opened_at and (a.action = 'resident.view'"
    " or a.detail ->> 'episode_id' = e.episode_id::text))"
    " order by e.tier, e.opened_at limit %(shown)s"
)
_RESIDENTS: LiteralString = (
    "select r.doctor_id, count(*) as residents from care.resident r"
    " where r.station_id = %(station)s and r.left_on is null group by 1"
)
_ALERTS: LiteralString = (
    "select r.doctor_id, count(*) filter (where e.state = 'open' and e.tier <= 2) as urgent,"
    " count(*) filter (where e.state = 'open' and e.tier > 2) as review,"
    " count(*) filter (where e.state = 'acknowledged') as in_hand,"
    " count(*) filter (where e.state = 'closed' and e.doctor_id is not null) as closed"
    " from care.episode e join care.resident r using (resident_id)"
    " where r.station_id = %(station)s and e.opened_at is not null"
    " and (e.state <> 'closed' or e.changed_at >= %(since)s) group by 1"
)
_TASKS: LiteralString = (
    "select f.doctor_id,"
    " count(*) filter (where f.state = 'open' and f.due_on between %(today)s and %(today)s + 7) as due,"
    " count(*) filter (where f.state = 'open' and f.due_on < %(today)s) as overdue"
    " from care.follow_up f where f.station_id = %(station)s and f.state = 'open' group by 1"
)
_STAFF: LiteralString = (
    "select staff_id as doctor_id, display_name as doctor from care.staff"
    " where (station_id = %(station)s and role = 'doctor' and active) or staff_id = any(%(ids)s)"
)


def state(given: Services, connection: Connection[DictRow], viewer: Viewer) -> State:
    """How a lead's station stands now."""
    now, station_id = given.now(), viewer.station_id
    today = now.astimezone(given.settings.tzinfo).date()
    asked = {"station": station_id, "since": now - LOOK_BACK, "today": today, "shown": UNREAD_SHOWN}
    rates = followup_rates.rates(connection, viewer, given.indicators, today=today)
    unread = connection.execute(_UNREAD, asked).fetchall()
    return State(
        waiting=[Waiting(**row) for row in connection.execute(_WAITING, asked).fetchall()],
        unread=[Unread(**row, resident_name=name_of(row["name_sealed"], given.key)) for row in unread],
        unread_count=unread[0]["all_of_them"] if unread else 0,
        loads=_loads(connection, asked, rates),
        rota=rota_now(connection, station_id, now) if station_id is not None else None,
    )


def _loads(connection: Connection[DictRow], asked: dict[str, Any], rates: list[Rate]) -> list[Load]:
    """By doctor, who carries most of what is urgent or late first; what is nobody's comes before all."""
    loads = _Loads()
    for query in (_RESIDENTS, _ALERTS, _TASKS):
        loads.add(connection.execute(query, asked).fetchall())
    loads.add([{"doctor_id": one.doctor_id, "fell_due": one.due, "completed": one.done} for one in rates])
    ids = [each for each in loads.of if each is not None]
    loads.add(connection.execute(_STAFF, {**asked, "ids": ids}).fetchall())
    found = [Load(**{"doctor_id": each, "doctor": None, **row}) for each, row in loads.of.items()]
    return sorted(found, key=lambda one: (one.doctor_id is not None, -one.urgent, -one.overdue, one.doctor or ""))


def _total(loads: list[Load]) -> Load:
    counted = ("residents", "urgent", "review", "in_hand", "closed", "due", "overdue", "fell_due", "completed")
    return Load(doctor_id=None, doctor=None, **{name: sum(getattr(one, name) for one in loads) for name in counted})
