"""A resident's timeline: readings, alerts, visits and notes in one order, latest first, a page at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, LiteralString, NamedTuple
from zoneinfo import ZoneInfo

from psycopg import Connection
from psycopg.rows import DictRow

from api.errors import Refusal
from api.language import msgid


class Only(StrEnum):
    """What the timeline is narrowed to."""

    ALL = "all"
    READINGS = "readings"
    ALERTS = "alerts"
    VISITS = "visits"
    NOTES = "notes"


class Place(NamedTuple):
    """Where a page ended; the next begins after it."""

    at: datetime
    key: str

    def __str__(self) -> str:
        return f"{self.at.isoformat()}_{self.key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One thing that happened. `key` is unique and settles the order of what happened at the same time."""

    what: Only
    at: datetime
    key: str
    row: Mapping[str, Any]

    @property
    def place(self) -> Place:
        """Its place in the order."""
        return Place(self.at, self.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What the page shows as one: one moment, or readings of one kind, place and day together, latest first."""

    what: Only
    at: datetime
    moments: tuple[Moment, ...]

    @property
    def row(self) -> Mapping[str, Any]:
        """The latest moment's row."""
        return self.moments[0].row


# Each gives `at`, `key` and what is shown; the parameters are resident, place (null: from the latest) and limit.
_QUERIES: Mapping[Only, LiteralString] = {
    Only.READINGS: (
        "select m.measured_at as at, 'm' || m.reading_id as key, m.reading_id, m.kind::text, m.setting::text,"
        " m.clock::text, m.meal::text, m.flags, d.address as device, d.model, m.systolic, m.diastolic, m.pulse,"
        " m.glucose, m.weight, m.bmi, m.temperature, m.spo2, m.total_cholesterol, m.hdl, m.ldl, m.triglycerides,"
        " m.kind = 'ecg' and exists (select 1 from telemetry.waveform w"
        " where (w.resident_id, w.reading_id) = (m.resident_id, m.reading_id)) as has_curve"
        " from telemetry.reading m left join care.device d using (device_id)"
        " where m.resident_id = %(resident_id)s and (%(at)s::timestamptz is null or m.measured_at <= %(at)s)"
        " and (%(at)s::timestamptz is null or (m.measured_at, ('m' || m.reading_id) collate \"C\") < (%(at)s, %(key)s))"
        " order by m.measured_at desc, ('m' || m.reading_id) collate \"C\" desc limit %(limit)s"
    ),
    Only.ALERTS: (
        "select e.opened_at as at, 'e' || e.episode_id as key, e.episode_id, e.cause, e.tier, e.state::text,"
        " e.revision, e.outcome, e.changed_at, e.finding -> 'says' as says, s.display_name as by,"
        " (select v.note from care.episode_event v where v.resident_id = e.resident_id"
        " and v.episode_id = e.episode_id and v.note is not null order by v.revision desc limit 1) as note"
        " from care.episode e left join care.staff s on s.staff_id = e.doctor_id"
        " where e.resident_id = %(resident_id)s and e.opened_at is not null"
        " and (%(at)s::timestamptz is null or (e.opened_at, ('e' || e.episode_id) collate \"C\") < (%(at)s, %(key)s))"
        " order by e.opened_at desc, ('e' || e.episode_id) collate \"C\" desc limit %(limit)s"
    ),
    Only.VISITS: (
        "select v.visited_at as at, 'v' || v.visit_id as key, v.visit_id, v.version, v.programme, v.mode,"
        " v.classification, v.lost_why, v.systolic, v.diastolic, v.fasting_glucose, v.next_due_on, v.complete,"
        " s.display_name as by from care.visit_now v join care.staff s on s.staff_id = v.staff_id"
        " where v.resident_id = %(resident_id)s"
        " and (%(at)s::timestamptz is null or (v.visited_at, ('v' || v.visit_id) collate \"C\") < (%(at)s, %(key)s))"
        " order by v.visited_at desc, ('v' || v.visit_id) collate \"C\" desc limit %(limit)s"
    ),
    Only.NOTES: (
        "select n.first_written_at as at, 'n' || n.note_id as key, n.note_id, n.version, n.text, n.written_at,"
        " f.display_name as by, s.display_name as edited_by"
        " from care.note_now n join care.staff s on s.staff_id = n.staff_id"
        " join care.staff f on f.staff_id = n.first_staff_id"
        " where n.resident_id = %(resident_id)s"
        " and (%(at)s::timestamptz is null"
        " or (n.first_written_at, ('n' || n.note_id) collate \"C\") < (%(at)s, %(key)s))"
        " order by n.first_written_at desc, ('n' || n.note_id) collate \"C\" desc limit %(limit)s"
    ),
}


def page(
    connection: Connection[DictRow], resident_id: int, only: Only, after: Place | None, limit: int
) -> tuple[list[Moment], Place | None]:
    """Moments after a place, and where to go on; the caller has checked that the resident is the viewer's."""
    at, key = after or (None, None)
    given = {"resident_id": resident_id, "at": at, "key": key, "limit": limit + 1}
    wanted = [what for what in _QUERIES if only in (Only.ALL, what)]
    found = [
        Moment(what=what, at=row["at"], key=row["key"], row=row)
        for what in wanted
        for row in connection.execute(_QUERIES[what], given).fetchall()
    ]
    return merged(found, limit)


def merged(found: Iterable[Moment], limit: int) -> tuple[list[Moment], Place | None]:
    """The latest of them, and the place to go on from if there are more."""
    ordered = sorted(found, key=lambda moment: moment.place, reverse=True)
    shown = ordered[:limit]
    return shown, shown[-1].place if len(ordered) > limit else None


def grouped(moments: Sequence[Moment], zone: ZoneInfo) -> list[Item]:
    """Readings that follow each other are shown together when kind, place and day are the same."""
    items: list[list[Moment]] = []
    for moment in moments:
        if items and _together(items[-1][-1], moment, zone):
            items[-1].append(moment)
        else:
            items.append([moment])
    return [Item(what=item[0].what, at=item[0].at, moments=tuple(item)) for item in items]


def parsed(word: str | None) -> Place | None:
    """The place a word names, None for none. Raises the 422 refusal for a word we did not give out."""
    if word is None:
        return None
    at, _, key = word.partition("_")
    try:
        moment: datetime | None = datetime.fromisoformat(at)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not key:
        raise Refusal(422, "invalid", msgid("页码无效，请从第一页重新开始。"))
    return Place(moment, key)


def _together(one: Moment, other: Moment, zone: ZoneInfo) -> bool:
    return (
        one.what is other.what is Only.READINGS
        and all(one.row[name] == other.row[name] for name in ("kind", "setting"))
        and one.at.astimezone(zone).date() == other.at.astimezone(zone).date()
    )
