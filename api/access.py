"""Who may: the first thing every endpoint names. A resident who is not yours does not exist for you."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from psycopg import Connection, sql
from psycopg.rows import DictRow

from api import sessions
from api.errors import NotSignedIn, forbidden, not_found
from api.services import Database, services
from ingest.accounts import Role

COOKIE = "maixun_session"


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """The member of staff behind a request."""

    staff_id: int
    login: str
    display_name: str
    role: Role
    station_id: int | None
    station_name: str | None
    region_prefix: str | None  # of the CDC: the region's code without its trailing zeros
    stands_in_for: tuple[int, ...] = ()  # doctors on leave whose deputy this is, at this moment
    told: frozenset[int] = frozenset()  # residents of others with an alert not closed that this viewer was told of

    @property
    def parameters(self) -> dict[str, int | str | list[int] | None]:
        """What the conditions of this module ask for in a query."""
        return {
            "viewer_staff": self.staff_id,
            "viewer_doctors": [self.staff_id, *self.stands_in_for],
            "viewer_told": list(self.told),
            "viewer_station": self.station_id,
            "viewer_region": self.region_prefix,
        }

    @property
    def is_clinical(self) -> bool:
        """Whether the role looks at residents."""
        return self.role in CLINICAL

    @property
    def is_admin(self) -> bool:
        """Whether the role may change who holds a meter and how a gateway is set."""
        return self.role is Role.ADMIN


CLINICAL = (Role.DOCTOR, Role.STATION_LEAD)
HELD = (Role.DOCTOR, Role.STATION_LEAD, Role.TECHNICIAN, Role.ADMIN)
FLEET = (Role.TECHNICIAN, Role.ADMIN)
FIGURES = (Role.CDC, Role.STATION_LEAD, Role.ADMIN)
RULES = (Role.STATION_LEAD, Role.ADMIN)
INCIDENTS = (Role.TECHNICIAN, Role.STATION_LEAD, Role.ADMIN)

_RESIDENTS = {
    Role.DOCTOR: sql.SQL("(r.doctor_id = any(%(viewer_doctors)s) or r.resident_id = any(%(viewer_told)s))"),
    Role.STATION_LEAD: sql.SQL("r.station_id = %(viewer_station)s"),
}

_STATIONS = {
    Role.STATION_LEAD: sql.SQL("t.station_id = %(viewer_station)s"),
    Role.CDC: sql.SQL("starts_with(t.region_code, %(viewer_region)s)"),  # without a region: null, and so nothing
    Role.ADMIN: sql.SQL("true"),
}


def stations_of(viewer: Viewer) -> sql.SQL:
    """The condition on `care.station t` for the stations whose figures the viewer may see, never a person's."""
    return _STATIONS.get(viewer.role, sql.SQL("false"))


def residents_of(viewer: Viewer) -> sql.SQL:
    """The condition on `care.resident r` for the residents the viewer may see; use with `viewer.parameters`.

    A doctor's: the contracted ones, during a colleague's leave those of the colleague whose deputy this is, and whoever
    has an alert that the escalation brought here (duty, deputy), until it is closed.
    """
    return _RESIDENTS.get(viewer.role, sql.SQL("false"))


def may_see(viewer: Viewer, *, doctor_id: int | None, station_id: int, resident_id: int) -> bool:
    """The same condition for a resident already read: used for the live stream."""
    if viewer.role is Role.DOCTOR:
        return doctor_id in (viewer.staff_id, *viewer.stands_in_for) or resident_id in viewer.told
    return viewer.role is Role.STATION_LEAD and station_id == viewer.station_id


def require_resident(connection: Connection[DictRow], viewer: Viewer, resident_id: int) -> None:
    """Raises the 404 refusal unless the resident is the viewer's."""
    query = sql.SQL("select 1 from care.resident r where r.resident_id = %(resident_id)s and {}")
    row = connection.execute(
        query.format(residents_of(viewer)), {"resident_id": resident_id, **viewer.parameters}
    ).fetchone()
    if row is None:
        raise not_found()


def find_viewer(request: Request, connection: Connection[DictRow]) -> Viewer | None:
    """Whoever the session cookie stands for, if the session is still good."""
    token = request.cookies.get(COOKIE)
    row = sessions.find(connection, token, services(request).now()) if token else None
    if row is None:
        return None
    rights = {"role": Role(row["role"]), "stands_in_for": tuple(row["stands_in_for"]), "told": frozenset(row["told"])}
    return Viewer(**(row | rights))


def only(*roles: Role) -> Callable[[Request, Database], Viewer]:
    """A dependency that lets these roles through."""

    def check(request: Request, connection: Database) -> Viewer:
        viewer = find_viewer(request, connection)
        if viewer is None:
            raise NotSignedIn
        if viewer.role not in roles:
            raise forbidden()
        request.state.viewer = viewer
        return viewer

    return check


ReportMaker = Annotated[Viewer, Depends(only(Role.CDC, Role.ADMIN), scope="function")]
Reconciler = Annotated[Viewer, Depends(only(Role.STATION_LEAD, Role.ADMIN), scope="function")]
SignedIn = Annotated[Viewer, Depends(only(*Role), scope="function")]
Lead = Annotated[Viewer, Depends(only(Role.STATION_LEAD), scope="function")]
Clinician = Annotated[Viewer, Depends(only(*CLINICAL), scope="function")]
HeldReader = Annotated[Viewer, Depends(only(*HELD), scope="function")]
FleetReader = Annotated[Viewer, Depends(only(*FLEET), scope="function")]
FiguresReader = Annotated[Viewer, Depends(only(*FIGURES), scope="function")]
RuleReader = Annotated[Viewer, Depends(only(*RULES), scope="function")]
IncidentReader = Annotated[Viewer, Depends(only(*INCIDENTS), scope="function")]
Administrator = Annotated[Viewer, Depends(only(Role.ADMIN), scope="function")]
