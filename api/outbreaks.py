"""The epidemic curve (流行曲线) of a region, as it may be shown: small counts hidden, signals not.

A count that is a signal is shown to the CDC whatever its size, because it must act on it; every other count follows the
rule of small cells, and so does the sum of those others: a signal is part of no sum from which another could be found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from api.counts import Counts, Sum
from api.suppression import suppress
from ingest.alerting.aberration import ears_c2
from ingest.alerting.sentinel import SentinelSettings, Watched

Shown = int | None  # None: hidden, from 1 to below the threshold or what would give it away


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One place: people a day as they may be shown, and on which days they were a signal."""

    station_id: int
    station: str
    place: str
    people: Sequence[Shown]
    signal: Sequence[bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """All places of a region and their sum, a number for each of `days`. `expected` and `limit` are of the sum."""

    days: Sequence[date]
    places: Sequence[Place]
    people: Sequence[Shown]
    expected: Sequence[float | None]
    limit: Sequence[float | None]
    signal: Sequence[bool]


def curve(
    region: Watched, places: Sequence[Watched], rest: Sequence[bool], settings: SentinelSettings, *, threshold: int
) -> Curve:
    """Put together what may be shown. `region` is the sum of `places`, `rest` marks the days of rest.

    Expectation and limit of the sum are worked out from what is shown of it, so that they give nothing else away.
    """
    signals = [_signals(each, settings.least_people) for each in places]
    shown = [
        _day([each.series.people[day] for each in places], [each[day] for each in signals], threshold)
        for day in range(len(region.series.days))
    ]
    people = [by_day[1] for by_day in shown]
    known = np.array([np.nan if count is None else count for count in people], dtype=float)
    expectation = ears_c2(known, np.array(rest, dtype=bool), settings.ears_settings)
    return Curve(
        days=region.series.days,
        places=[
            Place(
                station_id=each.series.station_id,
                station=each.series.station,
                place=each.series.place,
                people=[by_day[0][number] for by_day in shown],
                signal=signals[number],
            )
            for number, each in enumerate(places)
        ],
        people=people,
        expected=[_figure(value) for value in expectation.expected],
        limit=[_figure(value) for value in expectation.limit],
        signal=_signals(region, settings.least_people),
    )


def _signals(watched: Watched, least_people: int) -> list[bool]:
    return [
        alarm and people >= least_people for alarm, people in zip(watched.alarm, watched.series.people, strict=True)
    ]


def _day(people: Sequence[int], signal: Sequence[bool], threshold: int) -> tuple[list[Shown], Shown]:
    """The counts of one day by place and their sum."""
    others = {place: count for place, count in enumerate(people) if not signal[place]}
    counts = Counts[int | str](others | {"sum": sum(others.values())}, [Sum("sum", list(others))])
    found = suppress(counts, threshold)
    shown = [None if place in found.hidden else count for place, count in enumerate(people)]
    return shown, None if "sum" in found.hidden else sum(people)


def _figure(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 1)
