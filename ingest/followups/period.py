"""Calendar periods in local days: which month, quarter, half-year or year a day is in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from ingest.alerting.person import LOCAL


class Every(StrEnum):
    """How often something is due."""

    MONTH = "month"
    QUARTER = "quarter"
    HALF_YEAR = "half_year"
    YEAR = "year"


_MONTHS = {Every.MONTH: 1, Every.QUARTER: 3, Every.HALF_YEAR: 6, Every.YEAR: 12}


@dataclass(frozen=True, slots=True)
class Period:
    """From the first day to the last, both included."""

    first: date
    last: date

    def __contains__(self, day: date) -> bool:
        """Whether the day is in it."""
        return self.first <= day <= self.last


def period(every: Every, day: date) -> Period:
    """The one a day is in."""
    months = _MONTHS[every]
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    return Period(first, _plus_months(first, months) - timedelta(days=1))


def later(every: Every, day: date) -> date:
    """The same day one period on; the last of the month where that month is shorter."""
    return _moved(day, _MONTHS[every])


def day_of(moment: datetime) -> date:
    """The local day of a moment: 31 March 15:30 UTC is in the first quarter, 16:30 in the second."""
    return moment.astimezone(LOCAL).date()


def _plus_months(first: date, months: int) -> date:
    index = first.year * 12 + first.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def since(every: Every, start: date, day: date) -> Period:
    """The one a day is in when periods are counted from `start` on, as in a contract."""
    months = _MONTHS[every]
    passed = (day.year - start.year) * 12 + day.month - start.month
    number = passed // months - (_moved(start, passed // months * months) > day)
    return Period(_moved(start, number * months), _moved(start, (number + 1) * months) - timedelta(days=1))


def _moved(start: date, months: int) -> date:
    """The same day of another month; the last where that month is shorter."""
    first = _plus_months(start.replace(day=1), months)
    last = _plus_months(first, 1) - timedelta(days=1)
    return min(first + timedelta(days=start.day - 1), last)
