"""Tasks in the database: dispatched once whoever looks, ended by a visit, given to the doctor who is there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from ingest.alerting.engine import ROLE
from ingest.database import connect
from ingest.followups import dispatcher
from ingest.registry import NewResident, note_condition, register_resident, register_station
from tests.ingest.followups.made import RULEBOOK

NOW = datetime(2026, 5, 11, 2, 0, tzinfo=UTC)


class Practice:
    """A station with a doctor, on a real database, with the rights the alerting process has."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.connection: psycopg.Connection[Any] = psycopg.connect(dsn, autocommit=True)
        self.station = register_station(self.connection, name="站", township="镇", region_code="990101001001")
        self.doctor = self.one(
            "insert into care.staff (login, display_name, role, station_id, password_hash)"
            " values ('li', '李', 'doctor', %s, '!') returning staff_id",
            self.station,
        )

    def resident(self, *conditions: str) -> int:
        new = NewResident(
            birth_date=date(1966, 5, 1), sex="female", station_id=self.station, doctor_id=self.doctor, lives_alone=True
        )
        resident = register_resident(self.connection, new)
        for condition in conditions:
            note_condition(self.connection, resident, condition, managed_from=date(2024, 1, 1))
        return resident

    def visit(self, resident: int, at: datetime, **values: Any) -> int:
        fixed = {"programme": "hypertension", "mode": "clinic", "classification": "controlled", "form": Jsonb({})}
        row = fixed | {"resident_id": resident, "visited_at": at, "staff_id": self.doctor, "recorded_by": self.doctor}
        row |= {"station_id": self.station, "recorded_at": at, "complete": True, "version": 1} | values
        names = ", ".join(row)
        query = f"insert into care.visit (visit_id, {names}) values (nextval('care.visit_number')"  # noqa: S608
        return self.one(query + ", %s" * len(row) + ") returning visit_id", *row.values())

    def look(self, now: datetime = NOW) -> int:
        with connect(self.dsn, ROLE) as connection:
            return dispatcher.look(connection, RULEBOOK, now)

    def tasks(self, resident: int) -> list[tuple[Any, ...]]:
        return self.connection.execute(
            "select programme, reason, state, due_on, doctor_id, ended_why from care.follow_up"
            " where resident_id = %s order by programme, reason, occasion",
            [resident],
        ).fetchall()

    def one(self, query: str, *values: Any) -> int:
        return next(int(row[0]) for row in self.connection.execute(query.encode(), values))


@pytest.fixture
def practice(database: str) -> Iterator[Practice]:
    made = Practice(database)
    yield made
    made.connection.close()


def test_a_task_is_dispatched_once_and_a_visit_ends_it(practice: Practice) -> None:
    resident = practice.resident("hypertension")
    assert practice.look() == 1
    assert practice.look() == 0
    assert practice.tasks(resident) == [("hypertension", "quarterly", "open", date(2026, 6, 30), practice.doctor, None)]
    practice.visit(resident, NOW, classification="uncontrolled", systolic=150, diastolic=80)
    later = NOW + timedelta(minutes=1)
    assert practice.look(later) == 2, "at once, not the next day"
    assert practice.tasks(resident) == [
        ("hypertension", "quarterly", "done", date(2026, 6, 30), practice.doctor, None),
        ("hypertension", "unsatisfactory", "open", date(2026, 5, 25), practice.doctor, None),
    ]


def test_a_visit_with_emergency_values_is_an_emergency(practice: Practice) -> None:
    resident = practice.resident("hypertension")
    practice.visit(resident, NOW, classification="uncontrolled", systolic=182, diastolic=80)
    practice.look()
    assert [task[1:4] for task in practice.tasks(resident)] == [
        ("emergency", "open", date(2026, 5, 25)),
        ("quarterly", "done", date(2026, 6, 30)),
    ]


def test_the_doctor_leaves_a_colleague_takes_over_the_resident_dies(practice: Practice) -> None:
    resident = practice.resident("hypertension")
    practice.look()
    practice.connection.execute("update care.staff set active = false")
    practice.look()
    assert [task[4] for task in practice.tasks(resident)] == [None]
    other = practice.one(
        "insert into care.staff (login, display_name, role, station_id, password_hash)"
        " values ('wang', '王', 'doctor', %s, '!') returning staff_id",
        practice.station,
    )
    practice.connection.execute("update care.resident set doctor_id = %s", [other])
    practice.look()
    assert [task[4] for task in practice.tasks(resident)] == [other]
    practice.connection.execute("update care.resident set left_on = '2026-05-11', left_why = 'died'")
    practice.look()
    assert [(task[2], task[5]) for task in practice.tasks(resident)] == [("cancelled", "died")]


def test_readings_at_home_end_no_task(practice: Practice) -> None:
    resident = practice.resident("hypertension")
    practice.connection.execute(
        "insert into telemetry.reading (reading_id, kind, measured_at, received_at, setting, clock, flags, device_id,"
        " station_id, resident_id, systolic, diastolic, raw) values (gen_random_uuid(), 'blood_pressure', %s, %s,"
        " 'kiosk', 'exact', 0, 1, %s, %s, 128, 78, '2A35:00')",
        [NOW, NOW, practice.station, resident],
    )
    practice.look()
    assert [task[:3] for task in practice.tasks(resident)] == [("hypertension", "quarterly", "open")]
    assert practice.one("select count(*) from care.visit") == 0


def test_two_dispatchers_give_everybody_one_task(practice: Practice) -> None:
    residents = [practice.resident("hypertension", "diabetes") for _ in range(60)]
    threads = [threading.Thread(target=practice.look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    practice.look()
    assert practice.one("select count(*) from care.follow_up") == 2 * len(residents)
    assert practice.one("select count(*) from care.follow_up_planned where planned_on = '2026-05-11'") == 60


def test_every_day_everybody_is_planned_again(practice: Practice) -> None:
    resident = practice.resident("hypertension")
    practice.look()
    practice.look(NOW + timedelta(days=60))
    assert [task[2:4] for task in practice.tasks(resident)] == [
        ("cancelled", date(2026, 6, 30)),
        ("open", date(2026, 9, 30)),
    ]
