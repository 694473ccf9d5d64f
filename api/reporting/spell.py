"""The periods figures are published for: a month, a quarter, the year up to a quarter's end. One text names each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from api.reporting.period import Quarter, Window


class Kind(StrEnum):
    """What a period is."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR_TO_DATE = "year_to_date"


@dataclass(frozen=True, slots=True)
class Spell:
    """A period: "2026-09", "2026Q3", "2026Q3-ytd". It has the same name while it runs and when it has ended."""

    kind: Kind
    begin: date
    ends: date  # the first day after it

    @classmethod
    def parse(cls, text: str) -> Spell:
        """Raises `ValueError` for anything else."""
        month = re.fullmatch(r"(\d{4})-(\d{2})", text)
        if month:
            begin = date(int(month[1]), int(month[2]), 1)
            return cls(Kind.MONTH, begin, _next_month(begin))
        quarter = re.fullmatch(r"(\d{4})Q([1-4])(-ytd)?", text)
        if not quarter:
            raise ValueError(f"{text!r} is no period: 2026-09, 2026Q3, 2026Q3-ytd")
        of = Quarter(int(quarter[1]), int(quarter[2]))
        if quarter[3] and of.number > 1:
            return cls(Kind.YEAR_TO_DATE, date(of.year, 1, 1), of.ends)
        return cls(Kind.QUARTER, of.begins, of.ends)

    @property
    def name(self) -> str:
        """The text that names it."""
        if self.kind is Kind.MONTH:
            return f"{self.begin:%Y-%m}"
        return f"{Quarter.of(self.last_day)}{'-ytd' if self.kind is Kind.YEAR_TO_DATE else ''}"

    @property
    def last_day(self) -> date:
        """Its last day."""
        return self.ends - timedelta(days=1)

    def window(self, today: date) -> Window:
        """What is counted of it today."""
        return Window(self.begin, min(self.ends, today + timedelta(days=1)))


def together(ends: date, today: date) -> list[Spell]:
    """The periods that are counted up to one day and therefore published together.

    A month; with a quarter's end the quarter and the year to date. What is running is counted up to today, whenever it
    ends: the running month belongs to the running quarter. The first quarter is the year to date, and published once.
    """
    last = min(ends - timedelta(days=1), today)
    month = last.replace(day=1)
    found = [Spell(Kind.MONTH, month, _next_month(month))]
    quarter = Quarter.of(last)
    if quarter.ends == ends:
        found.append(Spell(Kind.QUARTER, quarter.begins, ends))
        if quarter.number > 1:
            found.append(Spell(Kind.YEAR_TO_DATE, date(quarter.year, 1, 1), ends))
    return found


def wanted(today: date, months: int, quarters: int) -> list[date]:
    """The ends of what is published, newest first: the running quarter and what ended before it."""
    quarter, ends = Quarter.of(today), set()
    for _ in range(quarters):
        ends.add(quarter.ends)
        quarter = quarter.previous
    month = today.replace(day=1)
    for _ in range(months):
        ends.add(month)
        month = (month - timedelta(days=1)).replace(day=1)
    return sorted(ends, reverse=True)


def _next_month(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)
