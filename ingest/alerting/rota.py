"""Who is there at a moment: leave and deputies, duty out of hours, station leads, and where the rota has gaps. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ingest.accounts import Role
from ingest.alerting.hours import Hours, minus


class Recipient(StrEnum):
    """To whom a step of the escalation goes; the names are those of config/escalation.yaml."""

    RESPONSIBLE = "responsible"
    DEPUTY = "deputy"
    STATION_LEAD = "station_lead"
    AUDIENCE = "audience"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member of staff as far as the rota is concerned. `deputy_id` is the standing deputy."""

    staff_id: int
    role: Role
    station_id: int | None
    region_prefix: str | None = None
    active: bool = True
    deputy_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """A leave in force: from `starts_at` until before `ends_at` the deputy stands in."""

    staff_id: int
    deputy_id: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """A duty out of hours; `line` 1 is told first."""

    station_id: int
    staff_id: int
    line: int
    starts_at: datetime
    ends_at: datetime


class GapKind(StrEnum):
    """What is missing."""

    DUTY = "duty"  # nobody on the first line out of hours
    DEPUTY = "deputy"  # a doctor is on leave, and so is the deputy


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which an alert would find nobody. `staff_id` is the doctor without a deputy."""

    kind: GapKind
    station_id: int
    starts_at: datetime
    ends_at: datetime
    staff_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rota:
    """Everything known about who is there. `hours`, `regions` (codes) and `names` are the stations'."""

    members: Mapping[int, Member]
    leaves: tuple[Leave, ...]
    duties: tuple[Duty, ...]
    hours: Mapping[int, Hours]
    regions: Mapping[int, str]
    names: Mapping[int, str]

    def present(self, staff_id: int | None, at: datetime) -> int | None:
        """The person, or whoever stands in; None if there is nobody: no account, or a circle of people on leave."""
        seen: set[int] = set()
        while staff_id is not None and staff_id not in seen:
            member = self.members.get(staff_id)
            if member is None or not member.active:
                return None
            leave = self._leave(staff_id, at)
            if leave is None:
                return staff_id
            seen.add(staff_id)
            staff_id = leave.deputy_id
        return None

    def responsible(self, station_id: int, doctor_id: int | None, at: datetime) -> tuple[int, ...]:
        """In working hours the family doctor, else (or without one) the first line of duty."""
        if self.hours[station_id].are_working(at):
            return self._there([doctor_id], at) or self.on_line(station_id, 1, at)
        return self.on_line(station_id, 1, at)

    def deputy(self, station_id: int, doctor_id: int | None, at: datetime) -> tuple[int, ...]:
        """In working hours the family doctor's standing deputy; else the second line."""
        if not self.hours[station_id].are_working(at):
            return self.on_line(station_id, 2, at)
        doctor = self.members.get(doctor_id or 0)
        return self._there([doctor.deputy_id if doctor else None], at)

    def leads(self, station_id: int | None, at: datetime) -> tuple[int, ...]:
        """The station's leads, or those of every station."""
        found = [m.staff_id for m in self._of(Role.STATION_LEAD) if station_id in (None, m.station_id)]
        return self._there(found, at)

    def audience(self, role: Role, station_id: int | None, at: datetime) -> tuple[int, ...]:
        """Everybody of a role whom a station, or everything, concerns."""
        if role is Role.STATION_LEAD:
            return self.leads(station_id, at)
        region = self.regions.get(station_id or 0, "")
        found = [m.staff_id for m in self._of(role) if not region or region.startswith(m.region_prefix or "")]
        return self._there(found, at)

    def gaps(self, station_id: int, since: datetime, until: datetime) -> list[Gap]:
        """Where nobody is on the first line out of hours, and doctors on leave whose deputy is away too; in order."""
        found = [
            Gap(GapKind.DUTY, station_id, start, end)
            for start, end in minus(self.hours[station_id].breaks(since, until), self._covered(station_id))
        ]
        found += [
            Gap(GapKind.DEPUTY, station_id, max(leave.starts_at, since), min(leave.ends_at, until), leave.staff_id)
            for leave in self.leaves
            if leave.starts_at < until and leave.ends_at > since and self._uncovered(leave, station_id, since)
        ]
        return sorted(found, key=lambda gap: (gap.starts_at, gap.kind))

    def _uncovered(self, leave: Leave, station_id: int, since: datetime) -> bool:
        member = self.members.get(leave.staff_id)
        here = member is not None and member.active and member.role is Role.DOCTOR and member.station_id == station_id
        return here and self.present(leave.staff_id, max(leave.starts_at, since)) is None

    def _covered(self, station_id: int) -> list[tuple[datetime, datetime]]:
        """The first line's times for which somebody is there at their beginning."""
        return [
            (duty.starts_at, duty.ends_at)
            for duty in self.duties
            if duty.station_id == station_id
            and duty.line == 1
            and self.present(duty.staff_id, duty.starts_at) is not None
        ]

    def on_line(self, station_id: int, line: int, at: datetime) -> tuple[int, ...]:
        """Who has duty on a line, whether it is working time or not."""
        return self._there(
            [
                duty.staff_id
                for duty in self.duties
                if (duty.station_id, duty.line) == (station_id, line) and duty.starts_at <= at < duty.ends_at
            ],
            at,
        )

    def _there(self, staff: list[int | None] | list[int], at: datetime) -> tuple[int, ...]:
        present = (self.present(staff_id, at) for staff_id in staff)
        return tuple(dict.fromkeys(staff_id for staff_id in present if staff_id is not None))

    def _leave(self, staff_id: int, at: datetime) -> Leave | None:
        return next((x for x in self.leaves if x.staff_id == staff_id and x.starts_at <= at < x.ends_at), None)

    def _of(self, role: Role) -> list[Member]:
        return [member for member in self.members.values() if member.role is role and member.active]
