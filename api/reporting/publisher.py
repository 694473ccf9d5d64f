"""The process that publishes figures: looks which releases are due and makes them, the newest first."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from psycopg import Connection
from pydantic import Field

from api.reporting import reports
from api.reporting.definitions import Indicators
from api.reporting.period import Quarter, local_date
from api.reporting.publishing import publish
from api.reporting.settings import ReportingSettings
from api.reporting.spell import wanted
from ingest.database import keep_looking
from maixun.configuration import Settings

log = logging.getLogger(__name__)

ROLE = "maixun_figures"
ONE_AT_A_TIME = 0x6669_6775_7265  # "figure"


class FiguresSettings(Settings):
    """`config/figures.yaml`."""

    look_every_seconds: float = Field(gt=0)
    renew_hours: float = Field(ge=0)
    report_hours: float = Field(ge=0)
    quarters: int = Field(ge=1)
    months: int = Field(ge=0)
    backlog: int = Field(ge=0)
    retry_seconds: float = Field(gt=0, le=4)  # a stop is obeyed within five seconds


@dataclass(frozen=True, slots=True)
class Publisher:
    """What a release follows."""

    indicators: Indicators
    settings: FiguresSettings
    reporting: ReportingSettings
    threshold: int

    def publish_due(
        self, connection: Connection[Any], now: datetime, stopping: Callable[[], bool] = lambda: False
    ) -> int:
        """Make every release that is due. Returns how many; none while another process does it, or readings wait."""
        made = 0
        row = connection.execute("select pg_try_advisory_lock(%s)", [ONE_AT_A_TIME]).fetchone()
        if row is None or not row[0]:
            return made
        try:
            while not stopping() and (ends := self._next(connection, now)) is not None:
                self._publish(connection, ends, now)
                made += 1
        finally:
            connection.execute("select pg_advisory_unlock(%s)", [ONE_AT_A_TIME])
        return made

    def _next(self, connection: Connection[Any], now: datetime) -> date | None:
        waiting = connection.execute("select count(*) from reporting.dirty").fetchone()
        if waiting is None or waiting[0] > self.settings.backlog:
            return None
        known = dict(connection.execute("select ends, counted_at from reporting.figure_release").fetchall())
        asked = [each.ends for each in reports.waiting(connection)]
        return next(iter(due(known, asked, now, self.settings)), None)

    def _publish(self, connection: Connection[Any], ends: date, now: datetime) -> None:
        began = time.monotonic()
        quarter = Quarter.of(ends - timedelta(days=1))
        names = self.reporting.county_names
        with connection.transaction():
            connection.execute("set transaction isolation level repeatable read")  # one state of the data for all of it
            changed = publish(
                connection,
                self.indicators,
                ends,
                now=now,
                threshold=self.threshold,
                age_bands=self.reporting.age_bands,
                county_names=names,
            )
            taken = 0
            if quarter.ends == ends:
                taken = reports.take_waiting(connection, self.indicators, quarter, now=now, county_names=names)
        state = "new figures" if changed else "nothing new"
        log.info("up to %s: %s, %d reports, %.1f s", ends, state, taken, time.monotonic() - began)


def due(
    known: Mapping[date, datetime], asked: Collection[date], now: datetime, settings: FiguresSettings
) -> list[date]:
    """The ends of the releases that are missing or old, and those a report waits for, the newest first."""
    old, brought_forward = (now - timedelta(hours=hours) for hours in (settings.renew_hours, settings.report_hours))
    ends = wanted(local_date(now), settings.months, settings.quarters)
    return sorted(
        {each for each in ends if each not in known or known[each] < old}
        | {each for each in asked if each not in known or known[each] < brought_forward},
        reverse=True,
    )


def run(dsn: str, publisher: Publisher, stop: threading.Event) -> None:
    """Publish until told to stop; waits for the database and says so once."""

    def look(connection: Connection[Any]) -> float:
        publisher.publish_due(connection, datetime.now(UTC), stop.is_set)
        return publisher.settings.look_every_seconds

    keep_looking(dsn, ROLE, look, stop, retry_seconds=publisher.settings.retry_seconds)
