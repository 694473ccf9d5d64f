"""What a figure looks at: a quarter, or the year up to its end, in the country's own days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")  # as reporting.local in the database


class Span(StrEnum):
    """How far back a figure reaches from the end of its quarter."""

    QUARTER = "quarter"
    YEAR_TO_DATE = "year_to_date"


@dataclass(frozen=True, slots=True)
class Quarter:
    """A calendar quarter, 1 to 4."""

    year: int
    number: int

    @classmethod
    def of(cls, day: date) -> Quarter:
        """The quarter of a day."""
        return cls(day.year, (day.month + 2) // 3)

    @property
    def begins(self) -> date:
        """Its first day."""
        return date(self.year, self.number * 3 - 2, 1)

    @property
    def ends(self) -> date:
        """The first day after it."""
        return self.following.begins

    @property
    def following(self) -> Quarter:
        """The next one."""
        return Quarter(self.year + self.number // 4, self.number % 4 + 1)

    @property
    def previous(self) -> Quarter:
        """The one before."""
        return Quarter(self.year - (self.number == 1), (self.number + 2) % 4 + 1)

    def due(self, day: int) -> date:
        """When its report is due: that day of the month after it."""
        return self.ends.replace(day=day)

    def __str__(self) -> str:
        return f"{self.year}Q{self.number}"


@dataclass(frozen=True, slots=True)
class Window:
    """From the first day to before `until`. A period that is still running ends with today."""

    begin: date
    until: date

    @classmethod
    def of(cls, quarter: Quarter, span: Span, today: date) -> Window:
        """The window of a report on the quarter. Raises `ValueError` for one that has not begun."""
        begin = quarter.begins if span is Span.QUARTER else date(quarter.year, 1, 1)
        if quarter.begins > today:
            raise ValueError(f"{quarter} has not begun")
        return cls(begin, min(quarter.ends, today + timedelta(days=1)))

    @property
    def last_day(self) -> date:
        """The day as of which people are counted, and whose definition version holds."""
        return self.until - timedelta(days=1)

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        """The same as moments."""
        return (
            datetime.combine(self.begin, time(), ZONE),
            datetime.combine(self.until, time(), ZONE),
        )


def local_date(moment: datetime) -> date:
    """The country's day at a moment."""
    return moment.astimezone(ZONE).date()
