"""Readings, people and meters as they are exchanged with other systems: by pseudonym, never with a name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection, sql
from psycopg.rows import dict_row

from devices.fhir.device import Meter
from devices.fhir.patient import Subject
from devices.fhir.recorded import Recorded
from devices.reading import ClockQuality, Flag, Kind, Meal
from devices.waveform import unpack

_COLUMNS = sql.SQL(
    "select m.reading_id, r.token, m.device_id, m.measured_at, m.received_at, m.kind, m.setting, m.clock, m.meal,"
    " m.flags, w.sampling_rate, w.microvolts, {metrics} from telemetry.reading m"
    " join care.resident r on r.resident_id = m.resident_id"
    " left join telemetry.waveform w on w.resident_id = m.resident_id and w.reading_id = m.reading_id"
)
_SUBJECTS = (
    "select token, sex, birth_date, coalesce(left_why = 'died', false) as died, left_on is null as active"
    " from care.resident where %(station)s::integer is null or station_id = %(station)s order by resident_id"
)
# Of a station: those at its residents' homes and those that stand where many use them.
_METERS = (
    "select device_id, model from care.device d where (%(wanted)s::integer[] is null or device_id = any(%(wanted)s))"
    " and (%(station)s::integer is null or exists (select 1 from care.assignment a"
    " left join care.resident r using (resident_id) where a.device_id = d.device_id"
    " and coalesce(r.station_id, a.station_id) = %(station)s))"
    " order by device_id"
)
_ROWS_AT_ONCE = (
    2000  # what a server-side cursor fetches; some hundred kilobytes, and no ECG makes it more than a few MB
)


def of_resident(
    connection: Connection[Any],
    resident_id: int,
    metrics: Sequence[str],
    *,
    since: datetime | None,
    before: datetime | None,
    upto: tuple[datetime, UUID] | None,
    among: tuple[Sequence[Kind], Sequence[str]] | None,
    limit: int,
) -> list[Recorded]:
    """A resident's readings, latest first, from `upto` (included) on.

    `metrics` are the columns to read; `among`: only readings of these kinds or with one of these metrics.
    """
    kinds, some = among if among is not None else (list(Kind), ())
    of_interest: list[sql.Composable] = [sql.SQL("m.kind = any(%(kinds)s::telemetry.kind[])")]
    of_interest += [sql.SQL("{} is not null").format(sql.Identifier("m", metric)) for metric in some]
    query = sql.SQL(
        "{columns} where m.resident_id = %(resident_id)s and ({of_interest})"
        " and (%(since)s::timestamptz is null or m.measured_at >= %(since)s)"
        " and (%(before)s::timestamptz is null or m.measured_at < %(before)s)"
        " and (%(at)s::timestamptz is null or (m.measured_at, m.reading_id) <= (%(at)s, %(id)s::uuid))"
        " order by m.measured_at desc, m.reading_id desc limit %(limit)s"
    ).format(columns=_columns(metrics), of_interest=sql.SQL(" or ").join(of_interest))
    at, last = upto or (None, None)
    given = {
        "resident_id": resident_id,
        "kinds": [kind.value for kind in kinds],
        "since": since,
        "before": before,
        "at": at,
        "id": last,
        "limit": limit,
    }
    with connection.cursor(row_factory=dict_row) as cursor:
        return [_recorded(row, metrics) for row in cursor.execute(query, given)]


def every_reading(
    connection: Connection[Any], metrics: Sequence[str], since: datetime | None, station_id: int | None = None
) -> Iterator[Recorded]:
    """Accepted readings of all residents, or of a station's, from `since` on, streamed.

    The caller's transaction decides what is seen.
    """
    query = sql.SQL(
        "{} where (%(since)s::timestamptz is null or m.measured_at >= %(since)s)"
        " and (%(station)s::integer is null or r.station_id = %(station)s)"
    ).format(_columns(metrics))
    with connection.cursor("fhir_readings", row_factory=dict_row) as cursor:
        cursor.itersize = _ROWS_AT_ONCE
        for row in cursor.execute(query, {"since": since, "station": station_id}):
            yield _recorded(row, metrics)


def every_subject(connection: Connection[Any], station_id: int | None = None) -> Iterator[Subject]:
    """All residents, or a station's, streamed."""
    with connection.cursor("fhir_subjects", row_factory=dict_row) as cursor:
        cursor.itersize = _ROWS_AT_ONCE
        for row in cursor.execute(_SUBJECTS.encode(), {"station": station_id}):
            yield Subject(**row)


def meters(
    connection: Connection[Any], device_ids: Iterable[int] | None = None, station_id: int | None = None
) -> list[Meter]:
    """These meters, those of a station, or all of them."""
    wanted = None if device_ids is None else sorted(device_ids)
    with connection.cursor(row_factory=dict_row) as cursor:
        return [Meter(**row) for row in cursor.execute(_METERS.encode(), {"wanted": wanted, "station": station_id})]


def _columns(metrics: Sequence[str]) -> sql.Composed:
    return _COLUMNS.format(metrics=sql.SQL(", ").join(sql.Identifier("m", metric) for metric in metrics))


def _recorded(row: dict[str, Any], metrics: Sequence[str]) -> Recorded:
    curve = row["microvolts"]
    return Recorded(
        reading_id=row["reading_id"],
        token=row["token"],
        device_id=row["device_id"],
        measured_at=row["measured_at"],
        received_at=row["received_at"],
        kind=Kind(row["kind"]),
        setting=row["setting"],
        clock=ClockQuality(row["clock"]),
        meal=Meal(row["meal"]) if row["meal"] else None,
        flags=Flag(row["flags"]),
        values={metric: round(row[metric], 3) for metric in metrics if row[metric] is not None},
        waveform=unpack(row["sampling_rate"], bytes(curve)) if curve is not None else None,
    )
