"""A synthetic year of a large county, made inside the database: people, visits, contracts, tasks, readings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import psycopg

YEAR = 2025  # has ended, whenever this runs


@dataclass(frozen=True, slots=True)
class Size:
    """How large; every fifth resident more than the managed ones has no condition and comes for screening."""

    readings: int
    managed: int
    stations: int

    @property
    def residents(self) -> int:
        """Managed people and others."""
        return self.managed * 6 // 5


_STATIONS = """
insert into care.station (name, township, region_code)
select '第' || n || '卫生服务站', '第' || (n - 1) / 10 || '镇',
    '330108' || lpad(((n - 1) / 10)::text, 3, '0') || lpad(n::text, 3, '0')
from generate_series(1, %(stations)s) n"""
_STAFF = """
insert into care.staff (login, display_name, role, password_hash) values ('bench', '示范', 'cdc', '!')"""
_POPULATION = """
insert into reporting.population
select station_id, %(year)s, 4000, 2300, 600, 'bench', now() from care.station"""
_RESIDENTS = """
insert into care.resident (birth_date, sex, station_id, doctor_id, record_opened_on, left_on, left_why)
select date '1935-01-01' + (random() * 16000)::integer, case when n %% 2 = 0 then 'female' else 'male' end,
    1 + n %% %(stations)s, 1, case when random() < 0.9 then date '2020-01-01' end,
    case when n %% 37 = 0 then date '2025-01-01' + n %% 365 end, case when n %% 37 = 0 then 'moved' end
from generate_series(1, %(residents)s) n"""
_CONDITIONS = """
insert into care.condition (resident_id, condition, managed_from)
select resident_id, 'hypertension', date '2023-01-01' + (random() * 1000)::integer
from care.resident where resident_id <= %(managed)s
union all
select resident_id, 'diabetes', date '2023-01-01' + (random() * 1000)::integer
from care.resident where resident_id <= %(managed)s and resident_id %% 3 = 0"""
_CONTRACTS = """
insert into care.contract (resident_id, package, doctor_id, signed_on, ends_on)
select resident_id, 'basic', 1, date '2025-01-01', date '2026-01-01' from care.resident where random() < 0.7"""
_VISITS = """
insert into care.visit (visit_id, version, resident_id, programme, visited_at, mode, staff_id, station_id, systolic,
    diastolic, fasting_glucose, after_meal_glucose, complete, form, lost_why, recorded_by, recorded_at)
select nextval('care.visit_number'), 1, k.resident_id, k.condition, day,
    case when random() < 0.1 then 'phone' else 'clinic' end, 1, r.station_id,
    case when not lost then 110 + (random() * 60)::integer end,
    case when not lost then 65 + (random() * 35)::integer end,
    case when not lost then 5 + random() * 4 end, case when not lost then 7 + random() * 6 end, true, '{}',
    case when lost then '外出' end, 1, day
from care.condition k join care.resident r using (resident_id),
    lateral (select timestamptz '2025-01-01 08:00+08'
            + make_interval(months => q * 3, mins => (random() * 120000)::integer) as day,
        random() < 0.03 as lost from generate_series(0, 3) q where k.resident_id > 0) visits
where random() < 0.9"""
_TASKS = """
insert into care.follow_up (resident_id, programme, reason, due_on, dispatched_at, station_id, state, ended_at)
select k.resident_id, k.condition, 'quarterly ' || q, date '2025-03-15' + q * 90,
    timestamptz '2025-02-20 08:00+08' + make_interval(days => q * 90), r.station_id, 'done',
    timestamptz '2025-03-10 08:00+08' + make_interval(days => q * 90 + (random() * 20)::integer)
from care.condition k join care.resident r using (resident_id), generate_series(0, 3) q where random() < 0.95"""
# A person's readings spread over the year: two thirds pressures, most at home; the same number for everybody.
_READINGS = """
insert into telemetry.reading (resident_id, measured_at, reading_id, received_at, kind, setting, clock, meal, device_id,
    station_id, systolic, diastolic, pulse, glucose, raw)
select resident_id, at, gen_random_uuid(), at, kind, setting, 'exact', case when kind = 'glucose' then meal end,
    resident_id, station_id,
    case when kind = 'blood_pressure' then round((100 + dice * 60)::numeric, 0) end,
    case when kind = 'blood_pressure' then round((60 + dice * 40)::numeric, 0) end,
    case when kind = 'blood_pressure' then 72 end,
    case when kind = 'glucose' then round((4 + dice * 7)::numeric, 1) end, 'bench'
from (select r.resident_id, r.station_id, random() as dice,
        %(from)s::timestamptz + make_interval(secs => (k + random()) * %(seconds)s / %(each)s) as at,
        case when k %% 3 = 2 then 'glucose' else 'blood_pressure' end::telemetry.kind as kind,
        case when r.resident_id > %(managed)s or k %% 11 = 0 then 'kiosk' else 'home' end::telemetry.setting as setting,
        case when k %% 2 = 0 then 'fasting' else 'after_meal' end::telemetry.meal as meal
    from generate_series(0, %(each)s - 1) k, care.resident r) made"""
_MARK_ALL = (
    "insert into reporting.dirty select distinct resident_id, reporting.month_of(measured_at) from telemetry.reading"
)
_MARK_LATE = _MARK_ALL + " where measured_at >= %(from)s and measured_at < %(until)s"


def fill(connection: psycopg.Connection[object], size: Size) -> int:
    """Everything but the rollup, marked for it. Returns how many readings."""
    about = {"stations": size.stations, "residents": size.residents, "managed": size.managed, "year": YEAR}
    connection.execute("select setseed(0.5)")
    for statement in (_STATIONS, _STAFF, _POPULATION, _RESIDENTS, _CONDITIONS, _CONTRACTS, _VISITS, _TASKS):
        connection.execute(statement.encode(), about if "%(" in statement else None)
    measure(connection, size, date(YEAR, 1, 1), 365, -(-size.readings // size.residents))
    connection.execute(_MARK_ALL.encode())
    connection.execute("analyze")
    return _count(connection)


def measure(connection: psycopg.Connection[object], size: Size, first: date, days: int, each: int) -> None:
    """So many readings of everybody, over these days."""
    span = {"from": f"{first} 00:00+08", "seconds": days * 86_400, "each": each, "managed": size.managed}
    connection.execute(_READINGS.encode(), span)


def late_week(connection: psycopg.Connection[object], size: Size) -> int:
    """A week's readings of a month ago arrive at once, marked as ingest marks them. Returns how many."""
    before = _count(connection)
    measure(connection, size, date(YEAR, 11, 10), 7, max(1, round(size.readings / 52 / size.residents)))
    span = {"from": f"{YEAR}-11-10 00:00+08", "until": f"{YEAR}-11-17 00:00+08"}
    connection.execute(_MARK_LATE.encode(), span)
    return _count(connection) - before


def _count(connection: psycopg.Connection[object]) -> int:
    row = connection.execute("select count(*) from telemetry.reading").fetchone()
    assert isinstance(row, tuple)
    return int(row[0])
