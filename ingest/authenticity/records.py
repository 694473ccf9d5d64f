"""Reads what the patterns look at: blood pressures of visits and stations, and whose readings a home meter gave."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from psycopg import Connection
from psycopg.rows import dict_row

from devices.reading import Flag
from ingest.authenticity.question import Meter, Records
from ingest.authenticity.settings import AuthenticitySettings

# A visit's blood pressure counts as typed unless its form says that it came from a device.
_VISITS = """
select 'visit:' || v.visit_id as key, v.staff_id, v.visited_at as at, v.resident_id, v.systolic,
    v.diastolic, coalesce(v.form -> 'sources' ->> 'systolic', 'typed') = 'typed' as manual
from care.visit_now v
where v.visited_at >= %(since)s and v.visited_at <= %(now)s and v.systolic is not null and v.diastolic is not null
    and v.station_id = %(station_id)s
order by v.visited_at, v.visit_id"""

_READINGS = """
select 'reading:' || m.reading_id as key, m.measured_at as at, m.resident_id,
    round(m.systolic)::integer as systolic, round(m.diastolic)::integer as diastolic,
    m.flags & %(manual)s > 0 as manual
from telemetry.reading m
where m.kind = 'blood_pressure' and m.setting in ('station', 'kiosk') and m.station_id = %(station_id)s
    and m.measured_at >= %(since)s and m.measured_at <= %(now)s and m.systolic is not null and m.diastolic is not null
order by m.measured_at, m.reading_id"""

_METERS = """
select m.station_id, d.address, array_agg(m.resident_id) as residents,
    array_agg('reading:' || m.reading_id order by m.measured_at) as keys
from telemetry.reading m join care.device d using (device_id)
where m.setting = 'home' and m.station_id = %(station_id)s
    and m.measured_at >= %(since)s and m.measured_at <= %(now)s
group by m.station_id, d.address
having count(distinct m.resident_id) >= %(people)s"""


_SPREAD = """
select stddev_samp(m.systolic) from telemetry.reading m
where m.kind = 'blood_pressure' and m.setting in ('station', 'kiosk')
    and m.measured_at >= %(since)s and m.measured_at <= %(now)s"""


def read(
    connection: Connection[Any], station_id: int, settings: AuthenticitySettings, now: datetime
) -> tuple[list[Records], list[Meter]]:
    """The records of a station: all of its own, then those of each member of staff who made visits; its home meters."""
    given = _window(settings, now) | {
        "station_id": station_id,
        "manual": Flag.MANUAL_ENTRY.value,
        "people": settings.sharing.people,
    }
    with connection.cursor(row_factory=dict_row) as cursor:
        visits = cursor.execute(_VISITS, given).fetchall()
        readings = cursor.execute(_READINGS, given).fetchall()
        meters = [Meter(**row) for row in cursor.execute(_METERS, given).fetchall()]
    by_staff: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for row in visits:
        by_staff[row["staff_id"]].append(row)
    own = sorted([*visits, *readings], key=lambda row: (row["at"], row["key"]))
    records = [_records(station_id, None, own)]
    records += [_records(station_id, staff_id, rows) for staff_id, rows in sorted(by_staff.items())]
    return records, meters


def usual_spread(connection: Connection[Any], settings: AuthenticitySettings, now: datetime) -> float:
    """The standard deviation of systolic over all stations, mmHg; 0.0 where there is nothing to compare with."""
    row = connection.execute(_SPREAD, _window(settings, now)).fetchone()
    return float((row and row[0]) or 0.0)


def _window(settings: AuthenticitySettings, now: datetime) -> dict[str, Any]:
    return {"since": now - timedelta(days=settings.days), "now": now}


def _records(station_id: int, staff_id: int | None, rows: Sequence[Mapping[str, Any]]) -> Records:
    return Records(
        station_id=station_id,
        staff_id=staff_id,
        keys=[row["key"] for row in rows],
        at=[row["at"] for row in rows],
        resident=np.array([row["resident_id"] for row in rows], dtype=np.int64),
        systolic=np.array([row["systolic"] for row in rows], dtype=np.int64),
        diastolic=np.array([row["diastolic"] for row in rows], dtype=np.int64),
        manual=np.array([row["manual"] for row in rows], dtype=bool),
    )
