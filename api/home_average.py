"""The mean of a resident's home blood pressures by the alert's protocol, with the readings it rests on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Self
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg import Connection
from psycopg.rows import DictRow

from api import people
from api.averages import Protocol, average, protocols
from devices.fhir.home_average import HomeAverage
from ingest.alerting.rules import Rules

RULE = "home_pressure_high"  # whose protocol it is
PRESSURES = ("systolic", "diastolic")
_MOST = 1000  # readings of a protocol's days

_LAST = """
select max(measured_at) as at from telemetry.reading
where resident_id = %s and kind = 'blood_pressure' and setting = 'home' and measured_at < %s and flags & %s = 0
    and systolic is not null and diastolic is not null"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """By which protocol, without readings of which flags, in whose days."""

    protocol: Protocol
    doubtful: int
    zone: ZoneInfo

    @classmethod
    def of(cls, rules: Rules, zone: ZoneInfo) -> Self:
        """As the rules have it."""
        doubtful = next((file.doubtful_bits for file in rules.files if "blood_pressure" in file.kinds), 0)
        return cls(protocol=protocols(rules)[RULE], doubtful=doubtful, zone=zone)

    def end_of(self, day: date) -> datetime:
        """The moment a local day is over."""
        return datetime.combine(day + timedelta(days=1), time(), self.zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """The resident. `conditions` decide whether the first day counts."""

    resident_id: int
    token: UUID
    conditions: Collection[str]


def latest(connection: Connection[DictRow], whose: Whose, basis: Basis, until: datetime) -> HomeAverage | None:
    """The mean of the days that end with the latest one measured before `until`; None with too few readings."""
    row = connection.execute(_LAST, (whose.resident_id, until, basis.doubtful)).fetchone()
    if row is None or row["at"] is None:
        return None
    since = row["at"] - timedelta(days=basis.protocol.over_days)
    readings = people.readings(connection, whose.resident_id, "blood_pressure", since=since, before=until, limit=_MOST)
    found = average(
        [one for one in readings if one.setting == "home"],
        basis.protocol,
        metrics=PRESSURES,
        doubtful=basis.doubtful,
        drop_first=basis.protocol.drops_first(whose.conditions),
        until=until,
        zone=basis.zone,
    )
    if found is None or not found.enough:
        return None
    moments = [one.measured_at for one in found.taken]
    return HomeAverage(
        token=whose.token,
        on=found.last,
        since=min(moments),
        until=max(moments),
        systolic=round(found.means["systolic"], 1),
        diastolic=round(found.means["diastolic"], 1),
        readings=tuple(one.reading_id for one in found.taken),
    )
