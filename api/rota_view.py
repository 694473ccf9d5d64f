"""What the page of duty and leave shows: a station's week, who is there now, and the gaps."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from psycopg import Connection
from psycopg.rows import DictRow

from api.services import plain_rows
from ingest.alerting import rota_store
from ingest.alerting.policy import EscalationSettings
from ingest.alerting.rota import Gap, Rota

WEEK = timedelta(days=7)


class Station(NamedTuple):
    """A station by number and name."""

    station_id: int
    name: str


class Colleague(NamedTuple):
    """A doctor or lead of the station, with the standing deputy."""

    staff_id: int
    name: str
    role: str
    deputy_id: int | None


class Entry(NamedTuple):
    """A duty or leave in the week. `other` is the deputy's name, `line` the duty's; `over`: it cannot be changed."""

    number: int
    staff_id: int
    name: str
    starts_at: datetime
    ends_at: datetime
    line: int = 0
    other: str = ""
    over: bool = False


class Day(NamedTuple):
    """One day of the week: whether it is worked, when, and who has duty or leave."""

    day: date
    working: bool
    today: bool
    spans: list[str]
    duties: list[Entry]
    leaves: list[Entry]


class Now(NamedTuple):
    """Who is there at this moment."""

    working: bool
    first: list[str]
    second: list[str]


class Seen(NamedTuple):
    """Everything on the page. `gaps` are those still to come in the week."""

    monday: date
    days: list[Day]
    now: Now
    gaps: list[Gap]
    duties: list[Entry]
    leaves: list[Entry]
    colleagues: list[Colleague]
    names: dict[int, str]

    @property
    def before(self) -> date:
        """Monday of the week before."""
        return self.monday - WEEK

    @property
    def after(self) -> date:
        """Monday of the week after."""
        return self.monday + WEEK


def monday_of(day: date) -> date:
    """The Monday of the day's week."""
    return day - timedelta(days=day.weekday())


def stations(connection: Connection[DictRow]) -> list[Station]:
    """All stations by name."""
    rows = connection.execute("select station_id, name from care.station order by name").fetchall()
    return [Station(**row) for row in rows]


def colleagues(connection: Connection[DictRow], station_id: int) -> list[Colleague]:
    """Active doctors and leads of a station."""
    rows = connection.execute(
        "select s.staff_id, s.display_name as name, s.role::text as role, d.deputy_id"
        " from care.staff s left join care.deputy d using (staff_id)"
        " where s.station_id = %s and s.active and s.role in ('doctor', 'station_lead') order by s.staff_id",
        [station_id],
    ).fetchall()
    return [Colleague(**row) for row in rows]


def standing_in(connection: Connection[DictRow], staff_id: int, now: datetime) -> list[Entry]:
    """The leaves at this moment during which this is the deputy: whose residents are on the list, and until when."""
    rows = connection.execute(
        "select l.leave_id as number, l.staff_id, s.display_name as name, l.starts_at, l.ends_at"
        " from care.leave l join care.staff s using (staff_id)"
        " where l.deputy_id = %s and l.cancelled_at is null and l.starts_at <= %s and l.ends_at > %s"
        " order by l.ends_at, l.leave_id",
        [staff_id, now, now],
    ).fetchall()
    return [Entry(**row) for row in rows]


def read(
    connection: Connection[DictRow], policy: EscalationSettings, place: Station, monday: date, now: datetime
) -> Seen:
    """A station's week."""
    zone = policy.tzinfo
    since = datetime.combine(monday, time(), zone)
    until = datetime.combine(monday + WEEK, time(), zone)
    with plain_rows(connection) as tuples:
        rota = rota_store.read(tuples, policy, now)
    people = colleagues(connection, place.station_id)
    names = {each.staff_id: each.name for each in people}
    duties, leaves = _duties(connection, place, since, until, now), _leaves(connection, place, since, until, now)
    hours = rota.hours[place.station_id]
    return Seen(
        monday=monday,
        days=[
            Day(
                day=day,
                working=hours.calendar.is_working(day),
                today=day == now.astimezone(zone).date(),
                spans=[f"{start.astimezone(zone):%H:%M}–{end.astimezone(zone):%H:%M}" for start, end in hours.on(day)],
                duties=[each for each in duties if _touches(each, day, policy)],
                leaves=[each for each in leaves if _touches(each, day, policy)],
            )
            for day in (monday + timedelta(days=number) for number in range(7))
        ],
        now=_now(rota, place, names, now),
        gaps=rota.gaps(place.station_id, max(since, now), until) if until > now else [],
        duties=duties,
        leaves=leaves,
        colleagues=people,
        names=names,
    )


def _now(rota: Rota, place: Station, names: dict[int, str], now: datetime) -> Now:
    def told(line: int) -> list[str]:
        return [names.get(staff_id, "–") for staff_id in rota.on_line(place.station_id, line, now)]

    return Now(rota.hours[place.station_id].are_working(now), told(1), told(2))


def _touches(entry: Entry, day: date, policy: EscalationSettings) -> bool:
    start = datetime.combine(day, time(), policy.tzinfo)
    return entry.starts_at < start + timedelta(days=1) and entry.ends_at > start


def _duties(
    connection: Connection[DictRow], place: Station, since: datetime, until: datetime, now: datetime
) -> list[Entry]:
    rows = connection.execute(
        "select d.duty_id as number, d.staff_id, s.display_name as name, d.starts_at, d.ends_at, d.line,"
        " d.ends_at <= %s as over from care.duty d join care.staff s using (staff_id)"
        " where d.station_id = %s and d.cancelled_at is null and d.starts_at < %s and d.ends_at > %s"
        " order by d.starts_at, d.line, d.duty_id",
        [now, place.station_id, until, since],
    ).fetchall()
    return [Entry(**row) for row in rows]


def _leaves(
    connection: Connection[DictRow], place: Station, since: datetime, until: datetime, now: datetime
) -> list[Entry]:
    rows = connection.execute(
        "select l.leave_id as number, l.staff_id, s.display_name as name, l.starts_at, l.ends_at,"
        " p.display_name as other, l.ends_at <= %s as over"
        " from care.leave l join care.staff s using (staff_id) join care.staff p on p.staff_id = l.deputy_id"
        " where s.station_id = %s and l.cancelled_at is null and l.starts_at < %s and l.ends_at > %s"
        " order by l.starts_at, l.leave_id",
        [now, place.station_id, until, since],
    ).fetchall()
    return [Entry(**row) for row in rows]
