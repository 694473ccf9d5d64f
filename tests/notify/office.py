"""A station on a real database whose clock the test moves by hand, and whose notices it reads as the log shows them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from ingest.accounts import NewStaff, Role, create_staff
from ingest.alerting import alarms, episodes, escalating, rota_store
from ingest.alerting.channels import outbox
from ingest.alerting.channels.outcome import NotSent
from ingest.alerting.channels.settings import Known
from ingest.alerting.channels.worker import Post
from ingest.alerting.episode import Outcome
from ingest.alerting.escalating import Means
from ingest.alerting.rota_store import NewDuty
from ingest.identity import seal
from ingest.registry import NewResident, register_resident, register_station
from tests.notify.channels import CHANNELS, KEY, group, in_page
from tests.notify.made import SHIPPED, TUESDAY_TEN

FINDING = {"cause": "glucose_low", "says": {"zh": "血糖 2.6", "en": "glucose 2.6"}, "acknowledged_for": 3600}


class Office:
    """Two doctors, a night doctor and a lead of one station; an administrator. `now` is the only clock."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.connection: psycopg.Connection[Any] = psycopg.connect(dsn, autocommit=True)
        self.now = TUESDAY_TEN
        self.channels: dict[str, Known] = {"page": in_page()}
        self.station = register_station(
            self.connection, name="青河卫生站", township="青河镇", region_code="330100000001"
        )
        self.doctor, self.deputy, self.night = (self.staff(login, Role.DOCTOR) for login in ("li", "wang", "zhao"))
        self.lead = self.staff("chen", Role.STATION_LEAD)
        self.admin = self.staff("admin", Role.ADMIN)
        rota_store.set_deputy(self.connection, self.doctor, self.deputy)

    def staff(self, login: str, role: Role) -> int:
        """An account nobody can sign in to."""
        station = self.station if role in (Role.DOCTOR, Role.STATION_LEAD) else None
        account = NewStaff(login=login, display_name=login, role=role, station_id=station)
        return create_staff(self.connection, account, password_hash="!")

    def reached_at(self, staff_id: int, kind: str, address: str) -> None:
        """Enter a contact."""
        self.connection.execute(
            "insert into identity.contact values (%s, %s, %s, %s)", [staff_id, kind, seal(address, KEY), self.now]
        )

    def alert(self, tier: int = 1, name: str = "王秀英") -> int:
        """An open episode of a new resident of the doctor's. Returns its id."""
        resident = register_resident(
            self.connection,
            NewResident(
                birth_date=date(1951, 4, 2),
                sex="female",
                station_id=self.station,
                doctor_id=self.doctor,
                name_sealed=seal(name, KEY),
            ),
        )
        with self.connection.transaction():
            number = self.one(
                "insert into care.episode (resident_id, cause, tier, state, began_at, opened_at, changed_at, finding)"
                " values (%s, 'glucose_low', %s, 'open', %s, %s, %s, %s) returning episode_id",
                *(resident, tier, self.now, self.now, self.now, Jsonb(FINDING)),
            )
            self.connection.execute(
                "insert into care.episode_event (resident_id, episode_id, revision, at, actor, to_state, why)"
                " values (%s, %s, 1, %s, 'engine', 'open', 'dangerous_at_once')",
                [resident, number, self.now],
            )
        return int(number)

    def acknowledge(self, episode_id: int) -> None:
        """The doctor takes the alert over."""
        resident, revision = self._seen(episode_id)
        episodes.acknowledge(self.connection, resident, episode_id, revision, staff_id=self.doctor, now=self.now)

    def close(self, episode_id: int) -> None:
        """The doctor ends the alert."""
        resident, revision = self._seen(episode_id)
        episodes.close(
            self.connection,
            resident,
            episode_id,
            revision,
            staff_id=self.doctor,
            outcome=Outcome.ADVISED,
            now=self.now,
        )

    def comes_back(self, episode_id: int) -> None:
        """The acknowledgement is over."""
        row = self.connection.execute(
            "update care.episode set state = 'open', revision = revision + 1, changed_at = %s where episode_id = %s"
            " returning resident_id, revision",
            [self.now, episode_id],
        ).fetchone()
        assert row is not None
        self.connection.execute(
            "insert into care.episode_event (resident_id, episode_id, revision, at, actor, from_state, to_state, why)"
            " values (%s, %s, %s, %s, 'engine', 'acknowledged', 'open', 'returned')",
            [row[0], episode_id, row[1], self.now],
        )

    def covered(self) -> None:
        """Somebody has duty for some days."""
        duty = NewDuty(
            station_id=self.station,
            staff_id=self.night,
            line=1,
            starts_at=self.now,
            ends_at=self.now + timedelta(days=3),
        )
        rota_store.enter_duty(self.connection, duty, by=self.lead, now=self.now)

    def look(self, minutes: float = 0) -> int:
        """Let time pass and the escalation decide. Returns how many notices were written."""
        self.now += timedelta(minutes=minutes)
        return escalating.run_once(self.connection, self.means, self.now)[1]

    def alarms(self) -> list[str]:
        """What is wrong with the alerting itself, after a look."""
        alarms.look(self.connection, self.means, self.now)
        rows = self.connection.execute("select cause from care.incident where state = 'open' order by 1").fetchall()
        return [row[0] for row in rows]

    @property
    def means(self) -> Means:
        """The shipped policy with this test's channels."""
        return Means(SHIPPED, self.channels)

    def post(self, name: str, sender: Any = None, **changes: Any) -> Post:
        """The work of a channel; `changes` are of its settings file."""
        return Post(
            name=name,
            channel=self.channels[name],
            sender=sender,
            settings=CHANNELS.model_copy(update=changes),
            escalation=SHIPPED,
            causes={"glucose_low": "低血糖"},
            key=KEY,
        )

    def send(self, name: str, sender: Any = None, **changes: Any) -> int:
        """Let a channel send whatever it may now. Returns how many."""
        post, sent = self.post(name, sender, **changes), 0
        while post.send_next(self.connection, lambda: self.now):
            sent += 1
        return sent

    def notices(self, condition: str = "true") -> list[tuple[int, int | None, str, str]]:
        """Level, person, channel and state of everything in the outbox, in order."""
        query = (
            "select level, staff_id, channel, state from care.notice where"  # noqa: S608 - the test's own words
            f" {condition} order by matter, number, round, level, channel, staff_id"
        )
        return self.connection.execute(query.encode()).fetchall()

    def one(self, query: str, *values: Any) -> Any:
        """The single value of a query."""
        row = self.connection.execute(query.encode(), values).fetchone()
        assert row is not None
        return row[0]

    def with_group(self, **changes: Any) -> None:
        """Add a group's channel named `group`."""
        self.channels["group"] = group(**changes)

    def _seen(self, episode_id: int) -> tuple[int, int]:
        query = "select resident_id, revision from care.episode where episode_id = %s"
        row = self.connection.execute(query, [episode_id]).fetchone()
        assert row is not None
        return row[0], row[1]


class Recorder:
    """A sender that keeps what it was given, or fails as told."""

    def __init__(self, *failures: NotSent) -> None:
        self.messages: list[Any] = []
        self._failures = list(failures)

    def send(self, message: Any) -> None:
        """Fail as long as there are failures."""
        if self._failures:
            raise self._failures.pop(0)
        self.messages.append(message)

    def fail(self, *failures: NotSent) -> None:
        """Fail the next times."""
        self._failures += failures


def claim(office: Office, name: str, at: datetime | None = None) -> outbox.Claimed | None:
    """Claim one notice as a process does that will then vanish."""
    return outbox.claim(office.connection, name, per_minute=1000, lease=timedelta(seconds=60), now=at or office.now)
