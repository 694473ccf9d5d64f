"""Folds readings by person and month where ingest left marks: anew from the readings, so late data is exact.

One folder works at a time; a second one passes by. A crash leaves the marks, and folding twice changes nothing.
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import date
from typing import Any

from psycopg import Connection
from pydantic import Field

from ingest.database import keep_looking
from maixun.configuration import Settings

log = logging.getLogger(__name__)

ROLE = "maixun_rollup"
ONE_AT_A_TIME = 0x726F_6C6C_7570  # "rollup"


class RollupSettings(Settings):
    """`config/rollup.yaml`."""

    every_seconds: float = Field(gt=0, le=600)
    retry_seconds: float = Field(gt=0, le=4)  # a stop is obeyed within five seconds


_LOCK = "select pg_try_advisory_xact_lock(%s)"
_TAKE = """
create temporary table folding (resident_id bigint, month date) on commit drop;
with taken as (delete from reporting.dirty returning resident_id, month)
insert into folding select distinct resident_id, month from taken order by month, resident_id;
analyze folding"""
_MONTHS = "select month, count(*) from folding group by month order by month"

# Month by month, so that only that month's chunk is read; from the readings alone, whatever was folded before.
_FOLD = """
create temporary table fresh on commit drop as
select resident_id, kind, setting, station_id,
    count(*)::integer as readings,
    count(*) filter (where systolic is not null and diastolic is not null)::integer as pressures,
    coalesce(sum(round(systolic * 10)) filter (where diastolic is not null), 0)::integer as systolic_sum,
    coalesce(sum(round(diastolic * 10)) filter (where systolic is not null), 0)::integer as diastolic_sum,
    max(systolic) filter (where diastolic is not null) as systolic_max,
    max(diastolic) filter (where systolic is not null) as diastolic_max,
    count(fasting)::integer as fasting,
    coalesce(sum(fasting * 10), 0)::integer as fasting_sum,
    max(fasting)::real as fasting_max,
    array_agg(((date_part('isodow', at) - 1) * 24 + date_part('hour', at))::smallint) as slots
from (
    select r.*, reporting.local(measured_at) as at,
        case when meal = 'fasting' then round(glucose::numeric, 1) end as fasting
    from telemetry.reading r
    where r.measured_at >= %(month)s::timestamp at time zone 'Asia/Shanghai'
      and r.measured_at < (%(month)s::timestamp + interval '1 month') at time zone 'Asia/Shanghai'
      and r.resident_id in (select f.resident_id from folding f where f.month = %(month)s)) placed
group by resident_id, kind, setting, station_id"""

_STALE = """
create temporary table stale on commit drop as
select p.station_id, p.kind, p.slots from reporting.person_month p
where p.month = %(month)s and p.resident_id in (select f.resident_id from folding f where f.month = %(month)s)"""

_FORGET = """
delete from reporting.person_month p using folding f
where f.month = %(month)s and p.month = %(month)s and p.resident_id = f.resident_id"""

_KEEP = """
insert into reporting.person_month (resident_id, month, kind, setting, station_id, readings, pressures, systolic_sum,
    diastolic_sum, systolic_max, diastolic_max, fasting, fasting_sum, fasting_max, slots)
select resident_id, %(month)s, kind, setting, station_id, readings, pressures, systolic_sum,
    diastolic_sum, systolic_max, diastolic_max, fasting, fasting_sum, fasting_max, slots
from fresh order by kind, setting, resident_id, station_id"""

# What changes in the week's rhythm is what the fresh rows have more than the stale ones had.
_RHYTHM = """
insert into reporting.rhythm as kept (month, station_id, kind, slot, readings)
select %(month)s, station_id, kind, slot, sum(n)::integer
from (select station_id, kind, unnest(slots) as slot, 1 as n from fresh
      union all select station_id, kind, unnest(slots), -1 from stale) every
group by station_id, kind, slot having sum(n) <> 0
on conflict (month, station_id, kind, slot) do update set readings = kept.readings + excluded.readings"""


def fold(connection: Connection[Any]) -> int:
    """Fold everything that is marked, in one transaction. Returns how many person-months; 0 when another one folds.

    Work memory is raised for the transaction: a million readings of a month are then sorted without a file.
    """
    with connection.transaction():
        row = connection.execute(_LOCK, [ONE_AT_A_TIME]).fetchone()
        if row is None or not row[0]:
            return 0
        connection.execute("set local work_mem = '128MB'")
        connection.execute(_TAKE)
        months = connection.execute(_MONTHS).fetchall()
        for month, _ in months:
            _fold_month(connection, month)
    return sum(people for _, people in months)


def _fold_month(connection: Connection[Any], month: date) -> None:
    for statement in (_FOLD, _STALE, _FORGET, _KEEP, _RHYTHM):
        connection.execute(statement, {"month": month})
    connection.execute("drop table fresh, stale")


def run(dsn: str, settings: RollupSettings, stop: threading.Event) -> None:
    """Fold until told to stop; waits for the database and says so once."""

    def look(connection: Connection[Any]) -> float:
        _look(connection)
        return settings.every_seconds

    keep_looking(dsn, ROLE, look, stop, retry_seconds=settings.retry_seconds)


def _look(connection: Connection[Any]) -> None:
    began = time.monotonic()
    people = fold(connection)
    if people:
        log.info("%d person-months folded in %.2f s", people, time.monotonic() - began)
