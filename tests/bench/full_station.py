"""A station with 10,000 residents, one of its doctors with 1,500 of them, as many alerts and tasks as that brings."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import psycopg

from api import sessions
from ingest.accounts import NewStaff, Role, create_staff
from ingest.identity import load_key, seal
from ingest.registry import register_station

RESIDENTS = 10_000
OF_THE_DOCTOR = 1_500
DOCTORS = 7
# Of a thousand residents: alerts not closed now, alerts closed in the last year, follow-up tasks due within 60 days.
_OPEN, _CLOSED, _TASKS = 40, 3_000, 600

_FINDING = {
    "rule": "blood_pressure_critical",
    "acknowledged_for": 14400,
    "says": {
        "zh": "血压 186/112 mmHg，达到提醒标准 180/110 mmHg（收缩压或舒张压）。复测结果一致。",
        "en": "Blood pressure 186/112 mmHg reaches the limit 180/110 mmHg (systolic or diastolic). A repeat agreed.",
    },
    "readings": [
        {
            "id": "019a9d2c-1f40-8a11-9c53-0d9a6f2b7e10",
            "kind": "blood_pressure",
            "measured_at": "2026-11-21T08:02:00+00:00",
            "setting": "home",
            "meal": None,
            "flags": [],
            "values": {"systolic": 186, "diastolic": 112, "pulse": 88},
        }
    ],
}


class Staffed(NamedTuple):
    """Session tokens of the lead and of the doctor with 1,500 residents."""

    lead: str
    doctor: str


def fill(database: str) -> Staffed:
    """Fill an empty, migrated database. Names are sealed with the key of the runtime folder in force."""
    with psycopg.connect(database) as connection:
        station = register_station(connection, name="青河卫生站", township="青河镇", region_code="330100000001")
        lead = _staff(connection, "lead", Role.STATION_LEAD, station)
        doctors = [_staff(connection, f"doctor{n}", Role.DOCTOR, station) for n in range(DOCTORS)]
        _residents(connection, station, doctors)
        _names(connection)
        for query in (_CONDITIONS, _ALERTS, _EVENTS, _FOLLOW_UPS):
            connection.execute(query.encode(), _sizes())
        connection.execute("analyze")
        return Staffed(_session(connection, lead), _session(connection, doctors[0]))


def _sizes() -> dict[str, Any]:
    thousands = RESIDENTS // 1000
    return {
        "residents": RESIDENTS,
        "open": _OPEN * thousands,
        "closed": _CLOSED * thousands,
        "tasks": _TASKS * thousands,
        "finding": json.dumps(_FINDING, ensure_ascii=False),
    }


_CONDITIONS = """
insert into care.condition (resident_id, condition, managed_from)
select resident_id, case when resident_id %% 3 = 0 then 'diabetes' else 'hypertension' end, date '2024-01-01'
from care.resident where resident_id %% 10 < 4"""

# One open alert in twenty-five residents; the others are history. Numbers spread by a step prime to the residents.
_ALERTS = """
insert into care.episode (resident_id, cause, tier, state, revision, began_at, opened_at, changed_at, finding, outcome)
select 1 + (n * 7919) %% %(residents)s, case when n %% 3 = 0 then 'glucose_high' else 'blood_pressure_high' end,
    1 + n %% 4,
    case when n > %(open)s then 'closed' when n %% 3 = 0 then 'acknowledged' else 'open' end::care.episode_state,
    2, at, at, at + interval '1 hour', %(finding)s::jsonb, case when n > %(open)s then 'advised' end
from (select n, now() - case when n > %(open)s then n * interval '18 minutes' else n * interval '3 minutes' end as at
      from generate_series(1, %(open)s + %(closed)s) n) made"""

_EVENTS = """
insert into care.episode_event (resident_id, episode_id, revision, at, actor, from_state, to_state, why)
select resident_id, episode_id, r, began_at + (r - 1) * interval '25 minutes',
    case when r = 1 then 'engine' else 'staff:2' end, case when r = 2 then 'open'::care.episode_state end,
    case when r = 1 then 'open'::care.episode_state else state end, 'repeat_agreed'
from care.episode, generate_series(1, 2) r where r = 1 or state <> 'open'"""

_FOLLOW_UPS = """
insert into care.follow_up (resident_id, programme, reason, due_on, dispatched_at, doctor_id, station_id)
select r.resident_id, 'hypertension', 'quarterly', current_date - 15 + (n * 31) %% 60, now(), r.doctor_id, r.station_id
from generate_series(1, %(tasks)s) n join care.resident r on r.resident_id = 1 + (n * 6007) %% %(residents)s
on conflict do nothing"""


def _staff(connection: psycopg.Connection[Any], login: str, role: Role, station: int) -> int:
    account = NewStaff(login=login, display_name=login, role=role, station_id=station)
    return create_staff(connection, account, password_hash="!")


def _residents(connection: psycopg.Connection[Any], station: int, doctors: list[int]) -> None:
    connection.execute(
        "insert into care.resident (birth_date, sex, station_id, doctor_id)"
        " select date '1940-01-01' + (n * 37) %% 18000, case when n %% 2 = 0 then 'female' else 'male' end, %s,"
        " case when n <= %s then %s else (%s::int[])[1 + n %% %s] end from generate_series(1, %s) n order by n",
        (station, OF_THE_DOCTOR, doctors[0], doctors[1:], DOCTORS - 1, RESIDENTS),
    )


def _names(connection: psycopg.Connection[Any]) -> None:
    key = load_key()
    with connection.cursor().copy("copy identity.person (resident_id, name_sealed) from stdin") as copy:
        for number in range(1, RESIDENTS + 1):
            copy.write_row(
                (number, seal("王李张刘陈杨赵黄周吴"[number % 10] + "秀英建国玉兰桂芳"[number % 8] + "明", key))
            )


def _session(connection: psycopg.Connection[Any], staff_id: int) -> str:
    dict_rows: Any = connection
    return sessions.begin(dict_rows, staff_id, datetime.now(UTC), timedelta(hours=12))
