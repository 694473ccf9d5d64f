"""What a station's lead is shown: the own station's figures counted anew, those the page asks for, nothing hidden."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection

from api.dashboard.archive import Archive, of_kind
from api.dashboard.choice import Asked, usual_indicator, usual_spell
from api.dashboard.outcomes import OUTCOMES
from api.reporting import own_station
from api.reporting.definitions import Indicators
from api.reporting.period import local_date
from api.reporting.released import Release
from api.reporting.spell import Kind, Spell

FRESH = timedelta(minutes=10)  # a page counts some seventy figures: a second that is not spent at every click

Part = tuple[int, Sequence[str], Sequence[str]]  # station, periods, indicators (none: all)


class OwnFigures:
    """Counts, and keeps what was counted for a while. Safe to use from several threads."""

    def __init__(self) -> None:
        """Nothing is counted yet."""
        self._lock = threading.Lock()
        self._kept: dict[Part, tuple[datetime, Release]] = {}

    def read(
        self,
        connection: Connection[Any],
        indicators: Indicators,
        station_id: int,
        spells: Sequence[Spell],
        asked: Asked,
        now: datetime,
    ) -> Archive:
        """The chosen period whole; over time the chosen indicator and the outcomes. `spells`: all there are."""
        by_name = {each.name: each for each in spells}
        chosen = by_name.get(asked.period) or usual_spell(spells, local_date(now))
        name = asked.indicator if asked.indicator in indicators.by_name else usual_indicator(list(indicators.by_name))
        releases = [
            self._counted(connection, indicators, station_id, some, names, now)
            for some, names in (
                ([chosen], ()),
                (of_kind(spells, chosen.kind), (name,)),
                (of_kind(spells, Kind.QUARTER), (name,)),
                (of_kind(spells, Kind.QUARTER), tuple(each.indicator for each in OUTCOMES)),
            )
            if some
        ]
        series = {(each.indicator, each.period, each.slice): each for release in releases for each in release.series}
        whole = releases[0].model_copy(update={"series": list(series.values())})
        return Archive(dict.fromkeys(by_name, whole))

    def _counted(
        self,
        connection: Connection[Any],
        indicators: Indicators,
        station_id: int,
        spells: Sequence[Spell],
        names: Sequence[str],
        now: datetime,
    ) -> Release:
        key = (station_id, tuple(each.name for each in spells), tuple(names))
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None and timedelta() <= now - kept[0] < FRESH:
            return kept[1]
        release = own_station.count(connection, indicators, station_id, spells, now=now, names=names)
        with self._lock:
            self._kept = {k: each for k, each in self._kept.items() if timedelta() <= now - each[0] < FRESH}
            self._kept[key] = (now, release)
        return release
