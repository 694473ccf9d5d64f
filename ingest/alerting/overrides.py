"""A doctor's own limits in the database: set, ended, listed. Every change has the engine look at the person anew."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from ingest.alerting.override import Wish
from ingest.alerting.store import Connection

REPLACED = "replaced"  # why one ended when another was set for the same rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One row of `care.threshold_override`, and who is behind it."""

    override_id: int
    rule: str
    limits: dict[str, float]
    reason: str
    valid_from: date
    ends_on: date
    by: str
    made_at: datetime
    ended_at: datetime | None
    ended_by: str | None
    ended_why: str | None

    def state(self, today: date) -> str:
        """ended (by a doctor), expired, waiting (for its first day) or in_force."""
        if self.ended_at is not None:
            return "ended"
        if self.ends_on <= today:
            return "expired"
        return "waiting" if today < self.valid_from else "in_force"


def put(connection: Connection, resident_id: int, wish: Wish, *, staff_id: int, now: datetime) -> int:
    """Set limits that `ingest.alerting.override.problem` has nothing against; what was set for the rule before ends.

    Returns the override's id. One transaction, or part of the one under way.
    """
    with connection.transaction():
        connection.execute(
            "update care.threshold_override set ended_at = %s, ended_by = %s, ended_why = %s"
            " where resident_id = %s and rule = %s and ended_at is null",
            [now, staff_id, REPLACED, resident_id, wish.rule],
        )
        row = connection.execute(
            "insert into care.threshold_override"
            " (resident_id, rule, limits, reason, valid_from, ends_on, staff_id, made_at)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s) returning override_id",
            [
                resident_id,
                wish.rule,
                Jsonb(dict(wish.limits)),
                wish.reason.strip(),
                wish.valid_from,
                wish.ends_on,
                staff_id,
                now,
            ],
        ).fetchone()
        _look_again(connection, resident_id)
    return int(row[0]) if row else 0


def end(connection: Connection, resident_id: int, override_id: int, *, staff_id: int, why: str, now: datetime) -> bool:
    """End one before its time: the rule's own limits hold again at once. False if there is none that could be ended."""
    with connection.transaction():
        ended = connection.execute(
            "update care.threshold_override set ended_at = %s, ended_by = %s, ended_why = %s"
            " where resident_id = %s and override_id = %s and ended_at is null",
            [now, staff_id, why, resident_id, override_id],
        ).rowcount
        if ended:
            _look_again(connection, resident_id)
    return bool(ended)


def of_resident(connection: Connection, resident_id: int) -> list[Stored]:
    """All there ever were, the latest first."""
    query = (
        "select o.override_id, o.rule, o.limits, o.reason, o.valid_from, o.ends_on, s.display_name as by, o.made_at,"
        " o.ended_at, e.display_name as ended_by, o.ended_why from care.threshold_override o"
        " join care.staff s using (staff_id) left join care.staff e on e.staff_id = o.ended_by"
        " where o.resident_id = %s order by o.override_id desc"
    )
    with connection.cursor(row_factory=class_row(Stored)) as cursor:
        return cursor.execute(query, [resident_id]).fetchall()


def _look_again(connection: Connection, resident_id: int) -> None:
    connection.execute("insert into telemetry.work (resident_id) values (%s)", [resident_id])
