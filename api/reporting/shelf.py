"""Where published figures are taken from: the periods there are, and the release that holds one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import tuple_row

from api.reporting.released import Release
from api.reporting.spell import Spell


@dataclass(frozen=True, slots=True)
class Published:
    """A period whose figures are out. `ends` and `revision`: which release holds it, and in which state."""

    period: str
    ends: date
    revision: int
    counted_at: datetime

    @property
    def spell(self) -> Spell:
        """The days it is about."""
        return Spell.parse(self.period)


def periods(connection: Connection[Any]) -> list[Published]:
    """Every published period, the latest first; of those that end together the shortest first."""
    query = (
        "select distinct on (period) period, ends, revision, counted_at"
        " from reporting.figure_release, unnest(periods) period order by period, counted_at desc"
    )
    with connection.cursor(row_factory=tuple_row) as cursor:
        found = [Published(*row) for row in cursor.execute(query)]
    return sorted(found, key=lambda each: (each.spell.ends, each.spell.begin), reverse=True)


def release(connection: Connection[Any], period: str) -> Release | None:
    """The release that holds a period; None when it is not published."""
    found = next((each for each in periods(connection) if each.period == period), None)
    return Shelf().take(connection, found) if found else None


class Shelf:
    """Releases as last read, because reading one takes longer than answering from it. One for a process."""

    def __init__(self) -> None:
        self._kept: dict[date, tuple[datetime, Release]] = {}

    def take(self, connection: Connection[Any], published: Published) -> Release:
        """The release that holds a period, or the one that has followed it since."""
        kept = self._kept.get(published.ends)
        if kept is not None and kept[0] == published.counted_at:
            return kept[1]
        query = "select counted_at, shown from reporting.figure_release where ends = %s"
        with connection.cursor(row_factory=tuple_row) as cursor:
            row = cursor.execute(query, [published.ends]).fetchone()
        assert row is not None  # noqa: S101 - releases are replaced, never removed
        release = Release.model_validate(row[1])
        self._kept[published.ends] = (row[0], release)
        return release
