"""The people behind the benchmark's readings: each with a glucose meter of their own."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import psycopg

from ingest import registry
from ingest.accounts import NewStaff, Role, create_staff, hash_password, new_password
from tests.bench.readings import PEOPLE, meter


def register(database: str) -> list[int]:
    """Register station, residents, meters and assignments; returns the residents' ids in the order of the meters."""
    since = datetime.now(UTC) - timedelta(days=400)
    with psycopg.connect(database) as connection:
        station = registry.register_station(
            connection, name="示范社区卫生服务站", township="示范镇", region_code="370283001001"
        )
        residents = []
        for person in range(PEOPLE):
            resident = registry.NewResident(birth_date=date(1958, 1, 1), sex="female", station_id=station)
            residents.append(registry.register_resident(connection, resident))
            device = registry.register_device(connection, address=meter(person), model="bench", at=since)
            registry.assign(
                connection,
                registry.NewAssignment(
                    device_id=device, valid_from=since, resident_id=residents[-1], setting="home", station_id=station
                ),
            )
    return residents


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
