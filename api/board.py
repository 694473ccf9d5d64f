"""The work list read from the database: what is to be done for whom, and the rows that are shown of it.

The order is made from light rows of all residents; names are opened only for the rows that are shown.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, LiteralString

from psycopg import Connection, sql
from psycopg.rows import DictRow, class_row
from pydantic import BaseModel, ConfigDict

from api import looking
from api.access import Viewer, residents_of
from api.looking import Looker
from api.people import name_of
from api.worklist import DAYS_AHEAD, Alarm, Entry, Task, arrange


class About(BaseModel):
    """Who an entry is about."""

    model_config = ConfigDict(frozen=True)

    resident_id: int
    resident_name: str | None
    sex: str
    birth_date: date
    station_id: int
    station: str
    township: str
    doctor_id: int | None
    doctor: str | None
    conditions: list[str]
    lives_alone: bool
    read_ms: int  # when this was read, in milliseconds; the browser drops a row that is older than the one it shows


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An entry as it is shown. `entry` is None when nothing is left to do; `findings` by episode explain the alerts."""

    about: About
    entry: Entry | None
    findings: Mapping[int, Mapping[str, Any]]
    lookers: Sequence[Looker]

    @property
    def looked_at(self) -> list[dict[str, Any]]:
        """Who looks, as the browser gets it."""
        return [one._asdict() for one in self.lookers]

    @property
    def tiers(self) -> str:
        """The tiers of the alerts, for the browser's filter."""
        return " ".join(sorted({str(alarm.tier) for alarm in self.entry.alarms})) if self.entry else ""

    @property
    def causes(self) -> str:
        """The causes of the alerts, for the browser's filter."""
        return " ".join(sorted({alarm.cause for alarm in self.entry.alarms})) if self.entry else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Which residents: of a township, managed for a condition. None: all."""

    township: str | None = None
    programme: str | None = None


_WHERE = sql.SQL(
    "(%(township)s::text is null or r.station_id in"
    " (select t.station_id from care.station t where t.township = %(township)s))"
    " and (%(programme)s::text is null or exists (select from care.condition c"
    " where c.resident_id = r.resident_id and c.condition = %(programme)s))"
)
_ALARMS = sql.SQL(
    "select e.resident_id, e.episode_id, e.cause, e.tier, e.state::text as state, e.revision,"
    " coalesce(e.opened_at, e.began_at) as since, e.returned_from, d.display_name as in_hand_of"
    " from care.episode e join care.resident r using (resident_id) left join care.staff d on d.staff_id = e.doctor_id"
    " where e.state in ('open', 'acknowledged', 'shelved') and {}"
)
_TASKS = sql.SQL(
    "select f.resident_id, f.follow_up_id, f.programme, f.reason, f.due_on"
    " from care.follow_up f join care.resident r using (resident_id)"
    " where f.state = 'open' and f.due_on <= %(until)s and {}"
)
_ABOUT: LiteralString = (
    "select r.resident_id, p.name_sealed, r.sex, r.birth_date, r.station_id, t.name as station, t.township,"
    " r.doctor_id, d.display_name as doctor, r.lives_alone,"
    " (extract(epoch from transaction_timestamp()) * 1000)::bigint as read_ms,"
    " array(select k.condition from care.condition k where k.resident_id = r.resident_id order by 1) as conditions"
    " from care.resident r join care.station t using (station_id) left join care.staff d on d.staff_id = r.doctor_id"
    " left join identity.person p using (resident_id) where r.resident_id = any(%s)"
)
_THESE = sql.SQL("r.resident_id = any(%(ids)s)")


def entries(connection: Connection[DictRow], viewer: Viewer, where: Where, today: date) -> list[Entry]:
    """All the viewer's work, in order."""
    chosen = sql.SQL("{} and {}").format(residents_of(viewer), _WHERE)
    given = {"township": where.township, "programme": where.programme, **viewer.parameters}
    return _entries(connection, chosen, given, today)


def rows(
    connection: Connection[DictRow], shown: Collection[Entry], key: bytes, now: datetime, ids: Collection[int] = ()
) -> list[Row]:
    """The rows of these entries, in their order; residents of `ids` without an entry follow, with nothing to do."""
    of = {entry.resident_id: entry for entry in shown}
    wanted = [*of, *(each for each in ids if each not in of)]
    about = {row["resident_id"]: _about(row, key) for row in connection.execute(_ABOUT, (wanted,)).fetchall()}
    findings = _findings(connection, shown)
    lookers = looking.at(connection, wanted, now)
    return [
        Row(about=about[each], entry=of.get(each), findings=findings, lookers=lookers.get(each, ()))
        for each in wanted
        if each in about
    ]


def changed(
    connection: Connection[DictRow], resident_ids: Collection[int], key: bytes, now: datetime, today: date
) -> list[Row]:
    """The rows of residents for the live stream, whoever they belong to."""
    found = _entries(connection, _THESE, {"ids": list(resident_ids)}, today)
    return rows(connection, found, key, now, resident_ids)


def tasks_of(connection: Connection[DictRow], resident_id: int) -> list[Task]:
    """A resident's open follow-ups, the next first. The caller has checked whose resident it is."""
    query = (
        "select resident_id, follow_up_id, programme, reason, due_on from care.follow_up"
        " where resident_id = %s and state = 'open' order by due_on, follow_up_id"
    )
    with connection.cursor(row_factory=class_row(Task)) as cursor:
        return cursor.execute(query, (resident_id,)).fetchall()


def townships(connection: Connection[DictRow], viewer: Viewer) -> list[str]:
    """The townships the viewer's residents live in."""
    query = sql.SQL(
        "select distinct t.township from care.station t where exists"
        " (select from care.resident r where r.station_id = t.station_id and {}) order by 1"
    )
    found = connection.execute(query.format(residents_of(viewer)), viewer.parameters).fetchall()
    return [row["township"] for row in found]


def _entries(
    connection: Connection[DictRow], chosen: sql.Composable, given: Mapping[str, Any], today: date
) -> list[Entry]:
    until = {"until": today + timedelta(days=DAYS_AHEAD)}
    with connection.cursor(row_factory=class_row(Alarm)) as cursor:
        alarms = cursor.execute(_ALARMS.format(chosen), given).fetchall()
    with connection.cursor(row_factory=class_row(Task)) as cursor:
        tasks = cursor.execute(_TASKS.format(chosen), {**given, **until}).fetchall()
    return arrange(alarms, tasks, today)


def _findings(connection: Connection[DictRow], shown: Collection[Entry]) -> dict[int, dict[str, Any]]:
    ids = [alarm.episode_id for entry in shown for alarm in entry.alarms]
    if not ids:
        return {}
    query = "select episode_id, finding from care.episode where episode_id = any(%s)"
    return {row["episode_id"]: row["finding"] for row in connection.execute(query, (ids,)).fetchall()}


def _about(row: DictRow, key: bytes) -> About:
    return About(**{**row, "resident_name": name_of(row["name_sealed"], key)})
