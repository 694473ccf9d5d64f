"""When a station works: office hours on working days, evening clinics, and how working time passes. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays

FARTHEST = 400  # days: no time limit of working hours reaches over a year without work


@dataclass(frozen=True, slots=True)
class Opening:
    """Open from `start` to `end`, local time. `days` are ISO weekdays; None: every working day."""

    start: time
    end: time
    days: frozenset[int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The Chinese calendar: weekends, public holidays and the weekends that are worked instead (调休)."""

    days_off: frozenset[date] = frozenset()
    working_days: frozenset[date] = frozenset()

    def is_working(self, day: date) -> bool:
        """Whether offices work on that day. What was announced by hand goes before what the library knows."""
        if day in self.days_off or day in self.working_days:
            return day in self.working_days
        return _china(day.year).is_working_day(day)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Working time of one station. Evening clinics are held on their weekdays unless it is a day off."""

    zone: ZoneInfo
    calendar: Calendar
    office: tuple[Opening, ...]
    clinics: tuple[Opening, ...] = ()

    def are_working(self, at: datetime) -> bool:
        """Whether the station works at that moment; the end itself is no longer work."""
        return any(start <= at < end for start, end in self.on(at.astimezone(self.zone).date()))

    def after(self, since: datetime, amount: timedelta) -> datetime:
        """The moment at which so much working time has passed. Nothing at all has passed at once."""
        left = amount
        for start, end in self._from(since):
            if left <= timedelta():
                break
            begin = max(start, since)
            if end - begin >= left:
                return begin + left
            left -= max(end - begin, timedelta())
        return since

    def breaks(self, since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
        """The times between two moments at which the station does not work, in order."""
        found, at = [], since
        for start, end in self._from(since):
            if start >= until:
                break
            if start > at:
                found.append((at, start))
            at = max(at, end)
        return [*found, (at, until)] if at < until else found

    def _from(self, since: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Spans of work that end after a moment, in order."""
        first = since.astimezone(self.zone).date()
        for number in range(FARTHEST):
            for start, end in self.on(first + timedelta(days=number)):
                if end > since:
                    yield start, end

    def on(self, day: date) -> list[tuple[datetime, datetime]]:
        """When the station works on a day, in UTC and in order; nothing on a day off."""
        if not self.calendar.is_working(day):
            return []
        openings = [*self.office, *(each for each in self.clinics if each.days and day.isoweekday() in each.days)]
        return sorted((self._at(day, each.start), self._at(day, each.end)) for each in openings)

    def _at(self, day: date, moment: time) -> datetime:
        return datetime.combine(day, moment, self.zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Quiet:
    """The hours in which lower tiers disturb nobody; they may reach over midnight."""

    start: time
    end: time
    zone: ZoneInfo

    def over(self, at: datetime) -> datetime:
        """When somebody may be disturbed: at once, or at the end of the quiet hours."""
        local = at.astimezone(self.zone)
        if not self._holds(local.time()):
            return at
        end = datetime.combine(local.date(), self.end, self.zone)
        return (end if end > local else end + timedelta(days=1)).astimezone(UTC)

    def _holds(self, moment: time) -> bool:
        if self.start <= self.end:
            return self.start <= moment < self.end
        return moment >= self.start or moment < self.end


def minus(
    spans: Collection[tuple[datetime, datetime]], taken: Collection[tuple[datetime, datetime]]
) -> list[tuple[datetime, datetime]]:
    """What is left of spans of time when others are taken out of them."""
    left = sorted(spans)
    for begin, end in taken:
        left = [piece for span in left for piece in _cut(span, begin, end)]
    return left


def _cut(span: tuple[datetime, datetime], begin: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    start, stop = span
    if end <= start or begin >= stop:
        return [span]
    return [piece for piece in ((start, begin), (end, stop)) if piece[0] < piece[1]]


@cache
def _china(year: int) -> holidays.HolidayBase:
    """Public holidays and worked weekends as published by the State Council, as far as the library knows them."""
    return holidays.country_holidays("CN", years=year)
