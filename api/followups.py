"""Follow-up tasks as the screens see them: what waits for whom, in which order, and why."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Literal

from psycopg import Connection, sql
from psycopg.rows import DictRow
from pydantic import BaseModel, ConfigDict, Field

from api.access import Viewer, residents_of
from api.people import name_of
from ingest.alerting.person import age_on
from ingest.followups.order import Point, Waiting, points
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
