"""People, visits, tasks and readings for the tests of the figures, entered straight into the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql

from api.reporting import definitions
from api.reporting.figures import EVERYBODY, Counted, Figure, Scope, figures, people
from api.reporting.period import ZONE, Quarter, Span, Window
from ingest.rollup import fold

LATER = date(2030, 1, 1)  # every quarter the tests speak of has ended by then
Q1, Q2, Q3, Q4 = (Quarter(2026, number) for number in (1, 2, 3, 4))


def at(text: str) -> datetime:
    """A moment by the country's clock: "2026-03-31 23:30"."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def window(quarter: Quarter = Q1, span: Span = Span.YEAR_TO_DATE, today: date = LATER) -> Window:
    """The window of a quarter."""
    return Window.of(quarter, span, today)


@dataclass
class Town:
    """One station and its doctor to begin with; more by `station`."""

    connection: psycopg.Connection[Any]
    station_id: int = 0
    doctor_id: int = 0

    @classmethod
    def settle(cls, connection: psycopg.Connection[Any]) -> Town:
        """The station 青河 of 青河镇 in 330108."""
        town = cls(connection)
        town.station_id = town.station("青河卫生站", "青河镇", "330108001001")
        town.doctor_id = town.staff("dr.wang", "doctor")
        return town

    def station(self, name: str, township: str, region_code: str) -> int:
        """One more station."""
        return self.insert("care.station", "station_id", name=name, township=township, region_code=region_code)

    def staff(self, login: str, role: str, **more: Any) -> int:
        """A member of staff who cannot sign in."""
        about = {"display_name": login, "password_hash": "!", "station_id": self.station_id} | more
        return self.insert("care.staff", "staff_id", login=login, role=role, **about)

    def resident(self, born: str = "1960-06-15", **about: Any) -> int:
        """A resident of the first station."""
        usual = {"sex": "female", "station_id": self.station_id, "doctor_id": self.doctor_id}
        return self.insert("care.resident", "resident_id", birth_date=date.fromisoformat(born), **(usual | about))

    def patient(
        self, born: str = "1960-06-15", condition: str = "hypertension", *, since: str = "2025-01-01", **about: Any
    ) -> int:
        """A resident under management since the beginning of 2025."""
        resident = self.resident(born, **about)
        self.manage(resident, condition, since)
        return resident

    def manage(self, resident: int, condition: str, since: str | None = "2025-01-01", until: str | None = None) -> None:
        """A condition, under management unless `since` is None."""
        self.insert(
            "care.condition", None, resident_id=resident, condition=condition, managed_from=since, managed_until=until
        )

    def visit(self, resident: int, when: str, pressure: str | None = None, **about: Any) -> int:
        """A face-to-face visit for hypertension; `pressure` as "138/86"."""
        number = int(self.one("select nextval('care.visit_number')"))
        systolic, diastolic = map(int, pressure.split("/")) if pressure else (None, None)
        row = {
            "visit_id": number,
            "version": 1,
            "programme": "hypertension",
            "mode": "clinic",
            "staff_id": self.doctor_id,
            "station_id": self.station_id,
            "systolic": systolic,
            "diastolic": diastolic,
            "complete": True,
            "form": "{}",
            "recorded_by": self.doctor_id,
        } | about
        self.insert("care.visit", None, resident_id=resident, visited_at=at(when), recorded_at=at(when), **row)
        return number

    def reading(self, resident: int, when: str, **columns: Any) -> None:
        """An accepted reading at home, marked for the rollup as ingest marks it."""
        row = {
            "reading_id": uuid4(),
            "kind": "glucose" if "glucose" in columns else "blood_pressure",
            "setting": "home",
            "clock": "exact",
            "device_id": 1,
            "station_id": self.station_id,
            "raw": "test",
        } | columns
        moment = at(when)
        self.insert("telemetry.reading", None, resident_id=resident, measured_at=moment, received_at=moment, **row)
        self.connection.execute("insert into reporting.dirty values (%s, reporting.month_of(%s))", (resident, moment))

    def task(
        self,
        resident: int,
        due: str,
        *,
        done: str | None = None,
        programme: str = "hypertension",
        visit: int | None = None,
        missed: bool = False,
    ) -> None:
        """A follow-up task, dispatched two weeks before it is due. `done`: when that was written down."""
        ended = done or (f"{due} 23:59" if missed else None)
        self.insert(
            "care.follow_up",
            None,
            resident_id=resident,
            programme=programme,
            reason=f"quarterly {due}",
            due_on=date.fromisoformat(due),
            dispatched_at=at(due) - timedelta(days=14),
            station_id=self.station_id,
            state="done" if done else "cancelled" if missed else "open",
            ended_at=at(ended) if ended else None,
            ended_why="missed" if missed else None,
            visit_id=visit,
        )

    def population(self, residents: int, aged_35: int, aged_65: int, *, year: int = 2026, station: int = 0) -> None:
        """What the statistics office says lives around a station."""
        self.insert(
            "reporting.population",
            None,
            station_id=station or self.station_id,
            year=year,
            residents=residents,
            aged_35=aged_35,
            aged_65=aged_65,
            source="test",
            imported_at=at("2026-01-01"),
        )

    def figure(self, name: str, span: Window | None = None, scope: Scope = EVERYBODY) -> Figure:
        """The one sum of an indicator in a window, by the definition in force on its last day."""
        of = span or window()
        fold(self.connection)
        definition = definitions.load().on(name, of.last_day)
        return figures(self.connection, definition, of, scope=scope)[()]

    def counted(self, name: str, span: Window | None = None, scope: Scope = EVERYBODY) -> list[Counted]:
        """Person by person."""
        of = span or window()
        fold(self.connection)
        return people(self.connection, definitions.load().on(name, of.last_day), of, scope)

    def why(self, name: str, span: Window | None = None) -> Mapping[int, str]:
        """By resident, why counted or not."""
        return {each.resident_id: each.why for each in self.counted(name, span)}

    def insert(self, table: str, key: str | None, /, **row: Any) -> int:
        """One row; returns its key where it is asked for, else 0."""
        query = sql.SQL("insert into {} ({}) values ({}) {}").format(
            sql.Identifier(*table.split(".")),
            sql.SQL(", ").join(map(sql.Identifier, row)),
            sql.SQL(", ").join(map(sql.Placeholder, row)),
            sql.SQL("returning {}").format(sql.Identifier(key)) if key else sql.SQL(""),
        )
        cursor = self.connection.execute(query, row)
        if key is None:
            return 0
        found = cursor.fetchone()
        assert found is not None
        return int(found[0])

    def one(self, query: str, *values: Any) -> Any:
        """The single value of a query."""
        row = self.connection.execute(query.encode(), values).fetchone()
        assert row is not None
        return row[0]
