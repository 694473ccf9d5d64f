"""What the tests of escalation work with: the shipped policy, a rota of two stations, matters."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ingest.accounts import Role
from ingest.alerting.escalation import Matter
from ingest.alerting.policy import EscalationSettings, Way, policy
from ingest.alerting.rota import Duty, Leave, Member, Rota
from maixun.configuration import settings

SHIPPED = settings(EscalationSettings, "escalation")
ALL_WAYS = policy(SHIPPED, set(Way))
PAGES_ONLY = policy(SHIPPED, {Way.IN_PAGE})
ZONE = ZoneInfo("Asia/Shanghai")
STATION, OTHER_STATION = 1, 2
DOCTOR, DEPUTY, LEAD, NIGHT, SECOND, ADMIN, TECHNICIAN = range(11, 18)


def local(text: str) -> datetime:
    """A local time as it is written, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


TUESDAY_TEN = local("2026-11-24T10:00")  # an ordinary working day
NIGHT_TWO = local("2026-11-24T02:00")


def member(staff_id: int, role: Role = Role.DOCTOR, **more: Any) -> Member:
    """Somebody of the station."""
    return Member(staff_id=staff_id, role=role, **({"station_id": STATION} | more))


def rota(*, leaves: tuple[Leave, ...] = (), duties: tuple[Duty, ...] = (), without: tuple[int, ...] = ()) -> Rota:
    """The station's people, those in `without` left out."""
    people = [
        member(DOCTOR, deputy_id=DEPUTY),
        member(DEPUTY),
        member(LEAD, Role.STATION_LEAD),
        member(NIGHT),
        member(SECOND),
        member(ADMIN, Role.ADMIN, station_id=None),
        member(TECHNICIAN, Role.TECHNICIAN, station_id=None),
    ]
    return Rota(
        members={each.staff_id: each for each in people if each.staff_id not in without},
        leaves=leaves,
        duties=duties,
        hours={number: SHIPPED.hours_of(str(number)) for number in (STATION, OTHER_STATION)},
        regions={STATION: "330108001001", OTHER_STATION: "330109001001"},
        names={STATION: "青河卫生站", OTHER_STATION: "云岭卫生站"},
    )


def duty(staff_id: int, since: str, until: str, line: int = 1) -> Duty:
    """A duty between two local times."""
    return Duty(station_id=STATION, staff_id=staff_id, line=line, starts_at=local(since), ends_at=local(until))


def leave(staff_id: int, deputy_id: int, since: str, until: str) -> Leave:
    """A leave between two local times."""
    return Leave(staff_id=staff_id, deputy_id=deputy_id, starts_at=local(since), ends_at=local(until))


NIGHT_DUTY = duty(NIGHT, "2026-11-23T17:30", "2026-11-24T08:00")


def episode(tier: int = 1, since: datetime = TUESDAY_TEN, **more: Any) -> Matter:
    """An open episode of a resident of the doctor's."""
    made = Matter(
        kind="episode",
        number=7,
        tier=tier,
        open=True,
        opening=1,
        opened_at=since,
        revision=1,
        changed_at=since,
        station_id=STATION,
        doctor_id=DOCTOR,
    )
    return replace(made, **more)


def minutes(number: float) -> timedelta:
    """So many minutes."""
    return timedelta(minutes=number)
