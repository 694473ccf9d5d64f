"""Reports in the database: drafted, checked, closed by compare-and-set; the next version corrects a closed one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from psycopg import Connection, errors, sql
from psycopg.rows import class_row, tuple_row

from api.reporting.definitions import Indicators
from api.reporting.period import Quarter, local_date
from api.reporting.table import Table
from api.reporting.taking import Place, Printed, take


class State(StrEnum):
    """How far a report is."""

    DRAFT = "draft"
    CHECKED = "checked"
    CLOSED = "closed"


class Step(StrEnum):
    """What can be done to a report that is not closed."""

    REFRESH = "refresh"  # take the figures anew
    CHECK = "check"
    REOPEN = "reopen"
    CLOSE = "close"


# A closed report allows nothing: what comes after it is the next version.
STEPS: dict[tuple[State, Step], State] = {
    (State.DRAFT, Step.REFRESH): State.DRAFT,
    (State.DRAFT, Step.CHECK): State.CHECKED,
    (State.CHECKED, Step.REOPEN): State.DRAFT,
    (State.CHECKED, Step.CLOSE): State.CLOSED,
}


class NotPossible(Exception):
    """The report is not in a state that allows this, or another version is in work; the message says which."""


class Overtaken(Exception):
    """Somebody changed the report since it was looked at: look again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A report without its figures."""

    report_id: int
    region_prefix: str
    year: int
    quarter: int
    version: int
    state: str
    revision: int
    taken_at: datetime
    waits: bool  # for a release that is made together with it: until then some columns are hidden
    reason: str | None
    made_at: datetime
    made_by: str
    checked_at: datetime | None
    checked_by: str | None
    closed_at: datetime | None
    closed_by: str | None

    @property
    def period(self) -> Quarter:
        """The quarter it is about."""
        return Quarter(self.year, self.quarter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report with its tables, by programme and span, and the definitions they follow.

    `shown`: the tables for whoever sees no person, as they were when the figures were taken.
    """

    head: Head
    tables: tuple[Table, ...]
    shown: tuple[Table, ...]
    definitions: tuple[Printed, ...]


_HEAD = sql.SQL(
    "select p.report_id, p.region_prefix, p.year, p.quarter, p.version, p.state, p.revision, p.taken_at, p.waits,"
    " p.reason, p.made_at, m.display_name as made_by, p.checked_at, c.display_name as checked_by, p.closed_at,"
    " z.display_name as closed_by from reporting.report p join care.staff m on m.staff_id = p.made_by"
    " left join care.staff c on c.staff_id = p.checked_by left join care.staff z on z.staff_id = p.closed_by"
)
_NEWEST_FIRST = sql.SQL(" order by p.year desc, p.quarter desc, p.region_prefix, p.version desc limit 200")


def listing(connection: Connection[Any], region_prefix: str) -> list[Head]:
    """The reports on a region and what lies in it, newest first. The empty prefix: all."""
    query = _HEAD + sql.SQL(" where starts_with(p.region_prefix, %s)") + _NEWEST_FIRST
    with connection.cursor(row_factory=class_row(Head)) as cursor:
        return cursor.execute(query, [region_prefix]).fetchall()


def covering(connection: Connection[Any], region_code: str) -> list[Head]:
    """The reports a station with this region code has a row in."""
    query = _HEAD + sql.SQL(" where starts_with(%s, p.region_prefix)") + _NEWEST_FIRST
    with connection.cursor(row_factory=class_row(Head)) as cursor:
        return cursor.execute(query, [region_code]).fetchall()


def find(connection: Connection[Any], report_id: int) -> Report | None:
    """One report; None when there is none."""
    with connection.cursor(row_factory=class_row(Head)) as cursor:
        head = cursor.execute(_HEAD + sql.SQL(" where p.report_id = %s"), [report_id]).fetchone()
    if head is None:
        return None
    with connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute("select tables, definitions, shown from reporting.report where report_id = %s", [report_id])
        row = cursor.fetchone()
    assert row is not None  # noqa: S101 - it was there in this transaction
    return Report(
        head=head,
        tables=tuple(map(Table.model_validate, row[0])),
        definitions=tuple(map(Printed.model_validate, row[1])),
        shown=tuple(map(Table.model_validate, row[2])),
    )


def before(connection: Connection[Any], head: Head) -> Report | None:
    """The version that a report corrects."""
    row = _one(
        connection,
        "select report_id from reporting.report where (region_prefix, year, quarter, version) = (%s, %s, %s, %s)",
        [head.region_prefix, head.year, head.quarter, head.version - 1],
    )
    return find(connection, row[0]) if row else None


def draft(
    connection: Connection[Any],
    known: Indicators,
    quarter: Quarter,
    region_prefix: str,
    *,
    staff_id: int,
    now: datetime,
    reason: str | None = None,
    county_names: dict[str, str] | None = None,
) -> int:
    """Begin a report, or with a reason the correction of the closed one; its figures are taken at once.

    Raises `NotPossible` while a version is in work, without a reason for a correction, and before the quarter begins.
    """
    newest = _one(
        connection,
        "select version, state from reporting.report where (region_prefix, year, quarter) = (%s, %s, %s)"
        " order by version desc limit 1",
        [region_prefix, quarter.year, quarter.number],
    )
    if newest and newest[1] != State.CLOSED:
        raise NotPossible("in_work")
    if newest and not reason:
        raise NotPossible("reason_needed")
    if quarter.begins > local_date(now):
        raise NotPossible("not_begun")
    row = _insert(
        connection,
        [
            region_prefix,
            quarter.year,
            quarter.number,
            newest[0] + 1 if newest else 1,
            now,
            now,
            staff_id,
            reason if newest else None,
        ],
    )
    take(connection, known, row, Place(quarter, region_prefix, county_names or {}), now)
    return row


def _insert(connection: Connection[Any], values: list[Any]) -> int:
    try:
        with connection.transaction():
            row = _one(
                connection,
                "insert into reporting.report (region_prefix, year, quarter, version, taken_at, made_at, made_by,"
                " reason, tables, definitions) values (%s, %s, %s, %s, %s, %s, %s, %s, '[]', '[]') returning report_id",
                values,
            )
    except errors.UniqueViolation:
        raise NotPossible("in_work") from None
    assert row is not None  # noqa: S101 - it returns the row it made
    return int(row[0])


def advance(
    connection: Connection[Any],
    known: Indicators,
    head: Head,
    step: Step,
    *,
    revision: int,
    staff_id: int,
    now: datetime,
    county_names: dict[str, str] | None = None,
) -> None:
    """Take one step, if the report is still as it was seen. Raises `NotPossible`, `Overtaken`."""
    after = STEPS.get((State(head.state), step))
    if after is None:
        raise NotPossible(head.state)
    who, when = {State.CHECKED: (staff_id, now)}.get(after, (None, None))
    changed = connection.execute(
        "update reporting.report set state = %(state)s, revision = revision + 1,"
        " checked_by = case when %(state)s = 'closed' then checked_by else %(who)s end,"
        " checked_at = case when %(state)s = 'closed' then checked_at else %(when)s end,"
        " closed_by = case when %(state)s = 'closed' then %(staff)s end,"
        " closed_at = case when %(state)s = 'closed' then %(now)s::timestamptz end"
        " where report_id = %(report)s and revision = %(revision)s and state = %(seen)s",
        {
            "state": after,
            "who": who,
            "when": when,
            "staff": staff_id,
            "now": now,
            "report": head.report_id,
            "revision": revision,
            "seen": head.state,
        },
    )
    if changed.rowcount != 1:
        raise Overtaken
    if step is Step.REFRESH:
        take(connection, known, head.report_id, Place(head.period, head.region_prefix, county_names or {}), now)


def waiting(connection: Connection[Any]) -> set[Quarter]:
    """The quarters of which a draft waits for a release."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute("select year, quarter from reporting.report where waits and state = 'draft'")
        return {Quarter(*row) for row in cursor}


def take_waiting(
    connection: Connection[Any], known: Indicators, quarter: Quarter, *, now: datetime, county_names: dict[str, str]
) -> int:
    """Take the figures of waiting drafts anew, in the transaction of their quarter's release. Returns how many."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        drafts = cursor.execute(
            "update reporting.report set revision = revision + 1"
            " where (year, quarter) = (%s, %s) and waits and state = 'draft' returning report_id, region_prefix",
            [quarter.year, quarter.number],
        ).fetchall()
    for report_id, prefix in drafts:
        take(connection, known, report_id, Place(quarter, prefix, county_names), now)
    return len(drafts)


def _one(connection: Connection[Any], query: str, values: list[Any]) -> Any:
    with connection.cursor(row_factory=tuple_row) as cursor:
        return cursor.execute(query.encode(), values).fetchone()
