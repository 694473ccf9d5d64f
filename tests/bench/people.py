"""The people behind the benchmark's readings: each with a glucose meter of their own."""

from __future__ import annotations

import psycopg

from ingest.accounts import NewStaff, Role, create_staff, hash_password, new_password
from tests.bench.readings import PEOPLE, meter

_STATION = (
    "insert into care.station (name, township, region_code) values ('示范社区卫生服务站', '示范镇', '370283001001')"
)
_RESIDENTS = """
insert into care.resident (birth_date, sex, station_id)
select date '1958-01-01', 'female', 1 from generate_series(1, %s)"""
_DEVICES = """
insert into care.device (address, model, registered_at)
select address, 'bench', now() - interval '400 days' from unnest(%s::text[]) with ordinality as meter (address, place)
order by place"""
_ASSIGNMENTS = """
insert into care.assignment (device_id, valid_from, resident_id, setting, station_id)
select device_id, registered_at, resident_id, 'home', 1
from (select *, row_number() over (order by device_id) as place from care.device) device
join (select *, row_number() over (order by resident_id) as place from care.resident) resident using (place)
order by device_id returning resident_id"""


def register(database: str) -> list[int]:
    """Register station, residents, meters and assignments; returns the residents' ids in the order of the meters."""
    meters = [meter(person) for person in range(PEOPLE)]
    with psycopg.connect(database) as connection:
        connection.execute(_STATION)
        connection.execute(_RESIDENTS, [PEOPLE])
        connection.execute(_DEVICES, [meters])
        return [row[0] for row in connection.execute(_ASSIGNMENTS)]


def contract(database: str, residents: list[int]) -> str:
    """One doctor, login `doctor`, who has signed all of them; returns the password."""
    password = new_password()
    doctor = NewStaff(login="doctor", display_name="示范医生", role=Role.DOCTOR)
    with psycopg.connect(database) as connection:
        doctor_id = create_staff(connection, doctor, password_hash=hash_password(password))
        connection.execute(
            "update care.resident set doctor_id = %s where resident_id = any(%s)", (doctor_id, residents)
        )
    return password
