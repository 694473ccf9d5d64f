"""A small town on a real database, whose clock the test moves by hand, and where no unexpected alert goes unnoticed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any, LiteralString
from uuid import uuid4

import psycopg

from devices.reading import Flag
from ingest.alerting import engine
from ingest.alerting.episode import Episode
from ingest.alerting.store import COLUMNS, fetch
from ingest.registry import NewResident, register_resident, register_station
from tests.ingest.alerting.people import NONE, NOON, shipped

DOCTOR, DEPUTY = "li", "wang"


class Town:
    """One doctor, one deputy, and the residents a test asks for. `now` is the only clock."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.connection: psycopg.Connection[Any] = psycopg.connect(dsn, autocommit=True)
        self.now = NOON
        self.station = register_station(
            self.connection, name="Station", township="Township", region_code="110101001001"
        )
        self.doctor, self.deputy = (self._staff(login) for login in (DOCTOR, DEPUTY))
        self._expected: set[int] = set()

    def resident(
        self, *, born: date = date(1966, 5, 1), conditions: Collection[str] = (), lives_alone: bool = False
    ) -> int:
        """A resident of sixty, contracted with the doctor."""
        return register_resident(
            self.connection,
            NewResident(
                birth_date=born,
                sex="female",
                station_id=self.station,
                doctor_id=self.doctor,
                conditions=conditions,
                lives_alone=lives_alone,
            ),
        )

    def pressure(self, resident: int, systolic: float, diastolic: float, **more: Any) -> None:
        """A blood-pressure reading arrives, just measured unless `at` says when."""
        self.arrive([self.row(resident, "blood_pressure", systolic=systolic, diastolic=diastolic, **more)])

    def sugar(self, resident: int, glucose: float | None, **more: Any) -> None:
        """A glucose reading arrives."""
        self.arrive([self.row(resident, "glucose", glucose=glucose, **more)])

    def row(
        self,
        resident: int,
        kind: str,
        *,
        at: datetime | None = None,
        setting: str = "home",
        flags: Flag = NONE,
        meal: str | None = None,
        **values: float | None,
    ) -> dict[str, Any]:
        """One row of `telemetry.reading` as ingest writes it."""
        fixed = {
            "kind": kind,
            "setting": setting,
            "clock": "exact",
            "meal": meal,
            "flags": int(flags),
            "raw": "2A35:00",
        }
        keys = {"resident_id": resident, "reading_id": uuid4(), "device_id": 1, "station_id": self.station}
        return fixed | keys | values | {"measured_at": at or self.now, "received_at": self.now}

    def arrive(self, rows: list[dict[str, Any]], connection: psycopg.Connection[Any] | None = None) -> None:
        """Rows and their work in one transaction, as ingest commits a batch."""
        to = connection or self.connection
        with to.transaction():
            for row in rows:
                names = ", ".join(row)
                places = ", ".join(f"%({name})s" for name in row)
                to.execute(f"insert into telemetry.reading ({names}) values ({places})".encode(), row)  # noqa: S608
            for resident in {row["resident_id"] for row in rows}:
                to.execute("insert into telemetry.work (resident_id) values (%s)", [resident])

    def pass_time(self, minutes: float) -> None:
        """Move the clock; the engine looks when the time is over."""
        self.now += timedelta(minutes=minutes)
        self.look()

    def look(self, people: int = 100) -> int:
        """Let the engine work until there is nothing left to do. Returns how many changes it made."""
        changes = 0
        while (done := engine.run_once(self.connection, shipped(), people=people, now=self.now)).people:
            changes += done.changes
        return changes

    def review(self) -> int:
        """Let the engine review everybody who is due by now. Returns how many changes it made."""
        return engine.review_all(self.connection, self.now, rules=shipped(), people=20)

    def alerts(self) -> list[Episode]:
        """What the doctor sees now; seeing an alert is expecting it."""
        seen = self.episodes("state in ('open', 'acknowledged', 'shelved')")
        self._expected |= {episode.episode_id for episode in seen if episode.episode_id}
        return seen

    def expect_everything(self) -> None:
        """For a test in which whatever is shown to a doctor may be shown."""
        self._expected |= set(self.unexpected())

    def episodes(self, condition: LiteralString = "true") -> list[Episode]:
        """The episodes that fulfil an SQL condition, the most severe first."""
        query = f"select {COLUMNS} from care.episode where {condition} order by tier, opened_at, episode_id"  # noqa: S608
        return fetch(self.connection, query, [])

    def alert(self) -> Episode:
        """The one alert the doctor sees."""
        (episode,) = self.alerts()
        return episode

    def states(self) -> list[str]:
        """The state of every episode there ever was, in order."""
        rows = self.connection.execute("select state::text from care.episode order by episode_id").fetchall()
        return [row[0] for row in rows]

    def whys(self) -> list[str]:
        """Why each change of every episode came about, in order."""
        query = "select why from care.episode_event order by episode_id, revision"
        return [row[0] for row in self.connection.execute(query).fetchall()]

    def unexpected(self) -> list[int]:
        """Alerts that were shown to a doctor and that no test looked at."""
        rows = self.connection.execute("select episode_id from care.episode where opened_at is not null").fetchall()
        return sorted({row[0] for row in rows} - self._expected)

    def consistent(self) -> bool:
        """True if every change has its event, in unbroken numbers, ending in the state and revision of the episode."""
        query = (
            "select bool_and(e.revision = v.last and e.revision = v.count and e.state = v.state) from care.episode e"
            " left join lateral (select max(revision) as last, count(*) as count,"
            " (array_agg(to_state order by revision desc))[1] as state"
            " from care.episode_event v where (v.resident_id, v.episode_id) = (e.resident_id, e.episode_id)) v on true"
        )
        row = self.connection.execute(query).fetchone()
        return row is not None and row[0] is not False

    def close(self) -> None:
        """Give the connection back."""
        self.connection.close()

    def _staff(self, login: str) -> int:
        row = self.connection.execute(
            "insert into care.staff (login, display_name, role, station_id, password_hash)"
            " values (%s, %s, 'doctor', %s, 'none') returning staff_id",
            [login, login, self.station],
        ).fetchone()
        assert row
        return int(row[0])
