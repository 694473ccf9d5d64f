"""How much of what a doctor had to do was dispatched and done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from psycopg import Connection, sql
from psycopg.rows import DictRow
from pydantic import BaseModel, ConfigDict, Field

from api.access import Viewer, residents_of
from ingest.followups.period import Every, period
from ingest.followups.programmes import Rulebook


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
