"""Follow-up tasks and visits as the screens see them: what waits for whom, how much was done, what was written down."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Literal

from psycopg import Connection, sql
from psycopg.rows import DictRow
from pydantic import BaseModel, ConfigDict, Field

from api.access import Viewer, residents_of
from api.people import name_of
from ingest.alerting.person import age_on
from ingest.followups.order import Point, Waiting, points
from ingest.followups.period import Every, period
from ingest.followups.programmes import Rulebook

When = Literal["overdue", "today", "week", "later"]


class FollowUpTask(BaseModel):
    """A task that waits. `points` says why it stands where it does."""

    model_config = ConfigDict(frozen=True)

    follow_up_id: int
    resident_id: int
    resident_name: str | None
    age: int
    sex: str
    lives_alone: bool
    programme: str = Field(description="hypertension, diabetes, elderly, high_risk or package")
    reason: str = Field(
        description="quarterly, half_yearly, yearly, unsatisfactory, referred, emergency or package:<item>"
    )
    due_on: date
    days_overdue: int = Field(description="below 0: not due yet")
    when: When
    doctor_id: int | None
    doctor: str | None
    station: str
    last_visit_at: datetime | None = Field(description="the last visit of the programme")
    classification: str | None = Field(description="of the last visit for hypertension or diabetes")
    tier: int | None = Field(description="the most urgent alert that is not closed")
    points: int
    why: list[tuple[str, int]] = Field(description="what speaks for it, with its points")


class VisitRow(BaseModel):
    """A visit as it stands: its latest version."""

    model_config = ConfigDict(frozen=True)

    visit_id: int
    version: int
    resident_id: int
    programme: str
    visited_at: datetime
    mode: str = Field(description="clinic, home or phone")
    doctor: str
    station: str
    systolic: int | None
    diastolic: int | None
    pulse: int | None
    fasting_glucose: float | None
    after_meal_glucose: float | None
    hba1c: float | None
    weight: float | None
    height: float | None
    waist: float | None
    classification: str | None
    lost_why: str | None
    complete: bool
    next_due_on: date | None
    recorded_by: str
    recorded_at: datetime
    amended_why: str | None
    entered_in_error: bool
    form: dict[str, Any]


class Rate(BaseModel):
    """How much was dispatched and done of what one doctor had to do in a period. Shares are None where nothing was due.

    `expected`: obligations of the programmes in the period; `dispatched`: those with a task. `due`: tasks due up to
    today (missed ones too, not those cancelled for a death, a move or a contract's end); `done`, `in_time` of these.
    """

    model_config = ConfigDict(frozen=True)

    doctor_id: int | None
    doctor: str | None
    station: str
    expected: int
    dispatched: int
    due: int
    done: int
    in_time: int
    last_due: int = Field(description="the same of the period before")
    last_done: int

    @property
    def dispatch_rate(self) -> float | None:
        """Dispatched of expected."""
        return self.dispatched / self.expected if self.expected else None

    @property
    def completion_rate(self) -> float | None:
        """Done of due."""
        return self.done / self.due if self.due else None

    @property
    def in_time_rate(self) -> float | None:
        """Done in time of due."""
        return self.in_time / self.due if self.due else None

    @property
    def last_completion_rate(self) -> float | None:
        """Done of due in the period before."""
        return self.last_done / self.last_due if self.last_due else None


_TASKS = sql.SQL(
    "select f.follow_up_id, f.resident_id, p.name_sealed, r.birth_date, r.sex, r.lives_alone, f.programme, f.reason,"
    " f.due_on, f.doctor_id, d.display_name as doctor, t.name as station,"
    " (select max(v.visited_at) from care.visit_now v where v.resident_id = f.resident_id"
    "   and v.programme = f.programme and v.lost_why is null) as last_visit_at,"
    " (select v.classification from care.visit_now v where v.resident_id = f.resident_id"
    "   and v.classification is not null order by v.visited_at desc limit 1) as classification,"
    " (select min(e.tier) from care.episode e where e.resident_id = f.resident_id"
    "   and e.state in ('open', 'acknowledged', 'shelved')) as tier"
    " from care.follow_up f join care.resident r using (resident_id)"
    " join care.station t on t.station_id = f.station_id left join care.staff d on d.staff_id = f.doctor_id"
    " left join identity.person p using (resident_id)"
    " where f.state = 'open' and {mine} and (%(programme)s::text is null or f.programme = %(programme)s)"
    " and (%(resident_id)s::bigint is null or f.resident_id = %(resident_id)s)"
    " and (%(before)s::date is null or f.due_on < %(before)s)"
)

_VISIT = sql.SQL(
    "select v.visit_id, v.version, v.resident_id, v.programme, v.visited_at, v.mode, s.display_name as doctor,"
    " t.name as station, v.systolic, v.diastolic, v.pulse, v.fasting_glucose, v.after_meal_glucose, v.hba1c, v.weight,"
    " v.height, v.waist, v.classification, v.lost_why, v.complete, v.next_due_on, b.display_name as recorded_by,"
    " v.recorded_at, v.amended_why, v.entered_in_error, v.form"
    " from {table} v join care.staff s on s.staff_id = v.staff_id join care.staff b on b.staff_id = v.recorded_by"
    " join care.station t on t.station_id = v.station_id"
)


def tasks_for(
    connection: Connection[DictRow],
    viewer: Viewer,
    key: bytes,
    rulebook: Rulebook,
    *,
    today: date,
    programme: str | None = None,
    resident_id: int | None = None,
    due_before: date | None = None,
) -> list[FollowUpTask]:
    """The open tasks of the viewer's residents: overdue by risk, then by day, then by risk."""
    query = _TASKS.format(mine=residents_of(viewer))
    given = {"programme": programme, "resident_id": resident_id, "before": due_before, **viewer.parameters}
    found = [_task(row, key, rulebook, today) for row in connection.execute(query, given).fetchall()]
    return sorted(found, key=_order)


def visits_of(connection: Connection[DictRow], resident_id: int, *, limit: int = 200) -> list[VisitRow]:
    """A resident's visits as they stand, latest first. The caller has checked that the resident is the viewer's."""
    query = _VISIT.format(table=sql.SQL("care.visit_now")) + sql.SQL(
        " where v.resident_id = %(resident_id)s order by v.visited_at desc, v.visit_id desc limit %(limit)s"
    )
    rows = connection.execute(query, {"resident_id": resident_id, "limit": limit}).fetchall()
    return [VisitRow(**row) for row in rows]


def versions_of(connection: Connection[DictRow], viewer: Viewer, visit_id: int) -> list[VisitRow]:
    """Every version of a visit, the latest first; empty when there is none, or it is of somebody else's resident."""
    query = _VISIT.format(table=sql.SQL("care.visit")) + sql.SQL(
        " join care.resident r on r.resident_id = v.resident_id"
        " where v.visit_id = %(visit_id)s and {} order by v.version desc"
    ).format(residents_of(viewer))
    rows = connection.execute(query, {"visit_id": visit_id, **viewer.parameters}).fetchall()
    return [VisitRow(**row) for row in rows]


def rates(connection: Connection[DictRow], viewer: Viewer, rulebook: Rulebook, *, today: date) -> list[Rate]:
    """One row a doctor of the viewer's residents, for the quarter `today` is in; without packages."""
    quarter = period(Every.QUARTER, today)
    before = period(Every.QUARTER, quarter.first - timedelta(days=1))
    joined = rulebook.file.programmes["hypertension"].joined.days
    given = {
        "today": today,
        "first": quarter.first,
        "ready": quarter.last - timedelta(days=joined),
        "occasion": quarter.first.isoformat(),
        "year": period(Every.YEAR, today).first.isoformat(),
        "age": rulebook.file.programmes["elderly"].ages.from_,
        "last_first": before.first,
        "last_last": before.last,
        **viewer.parameters,
    }
    rows = connection.execute(_RATES.format(mine=residents_of(viewer)), given).fetchall()
    return [Rate(**row) for row in rows]


_RATES = sql.SQL(
    """
    with mine as (select r.* from care.resident r where {mine}),
    obligation as (
        select r.resident_id, r.doctor_id, r.station_id, c.condition as programme, %(occasion)s as occasion
        from mine r join care.condition c using (resident_id)
        where c.condition in ('hypertension', 'diabetes') and c.managed_from <= %(ready)s
            and (c.managed_until is null or c.managed_until > %(today)s)
            and (r.left_on is null or r.left_on > %(today)s)
        union all
        select r.resident_id, r.doctor_id, r.station_id, 'elderly', %(year)s from mine r
        where r.birth_date + make_interval(years => %(age)s) <= %(today)s
            and (r.left_on is null or r.left_on > %(today)s)),
    asked as (
        select o.doctor_id, o.station_id, count(*) as expected, count(f.follow_up_id) as dispatched
        from obligation o left join care.follow_up f on f.resident_id = o.resident_id and f.programme = o.programme
            and f.reason in ('quarterly', 'yearly') and f.occasion = o.occasion
        group by 1, 2),
    task as (
        select f.doctor_id, f.station_id, f.due_on, f.state,
            (v.visited_at at time zone 'Asia/Shanghai')::date <= f.due_on as in_time
        from care.follow_up f join mine r using (resident_id)
            left join care.visit_now v on v.visit_id = f.visit_id
        where f.programme <> 'package' and (f.state <> 'cancelled' or f.ended_why = 'missed')
            and f.due_on between %(last_first)s and %(today)s),
    did as (
        select doctor_id, station_id,
            count(*) filter (where due_on >= %(first)s) as due,
            count(*) filter (where due_on >= %(first)s and state = 'done') as done,
            count(*) filter (where due_on >= %(first)s and state = 'done' and in_time) as in_time,
            count(*) filter (where due_on <= %(last_last)s) as last_due,
            count(*) filter (where due_on <= %(last_last)s and state = 'done') as last_done
        from task group by 1, 2)
    select one.doctor_id, s.display_name as doctor, t.name as station,
        coalesce(a.expected, 0) as expected, coalesce(a.dispatched, 0) as dispatched, coalesce(d.due, 0) as due,
        coalesce(d.done, 0) as done, coalesce(d.in_time, 0) as in_time, coalesce(d.last_due, 0) as last_due,
        coalesce(d.last_done, 0) as last_done
    from (select doctor_id, station_id from asked union select doctor_id, station_id from did) one
        left join asked a on a.doctor_id is not distinct from one.doctor_id and a.station_id = one.station_id
        left join did d on d.doctor_id is not distinct from one.doctor_id and d.station_id = one.station_id
        join care.station t on t.station_id = one.station_id
        left join care.staff s on s.staff_id = one.doctor_id
    order by t.name, s.display_name nulls last
    """
)


def together(found: list[Rate], name: str | None) -> Rate | None:
    """The rates of a whole station, or of all there are: counts add up, shares do not."""
    if not found:
        return None
    counts = ("expected", "dispatched", "due", "done", "in_time", "last_due", "last_done")
    sums: Mapping[str, int] = {each: sum(getattr(one, each) for one in found) for each in counts}
    return Rate(doctor_id=None, doctor=name, station=found[0].station, **sums)


def when(due_on: date, today: date) -> When:
    """Which heap a task lies on; the week is the seven days from today."""
    if due_on < today:
        return "overdue"
    if due_on == today:
        return "today"
    return "week" if due_on < today + timedelta(days=7) else "later"


def _order(task: FollowUpTask) -> tuple[object, ...]:
    if task.when == "overdue":
        return (0, -task.points, task.due_on, task.follow_up_id)
    return (1, task.due_on, -task.points, task.follow_up_id)


def _task(row: dict[str, Any], key: bytes, rulebook: Rulebook, today: date) -> FollowUpTask:
    overdue, age = (today - row["due_on"]).days, age_on(row.pop("birth_date"), today)
    waiting = Waiting(
        reason=row["reason"],
        tier=row["tier"],
        classification=row["classification"],
        lives_alone=row["lives_alone"],
        age=age,
        days_overdue=overdue,
    )
    why: list[Point] = points(waiting, rulebook.file.order)
    return FollowUpTask(
        resident_name=name_of(row.pop("name_sealed"), key),
        age=age,
        days_overdue=overdue,
        when=when(row["due_on"], today),
        points=sum(each.points for each in why),
        why=[(each.code, each.points) for each in why],
        **row,
    )
