"""Reads the daily counts behind the watch for outbreaks: one query, people counted once a day, place and sign."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from ingest.alerting.person import LOCAL
from ingest.alerting.sentinel import SentinelSettings, Series, Sign
from ingest.alerting.store import Connection

# A reading at home belongs to no place where people meet. Fever answered and fever measured are counted apart.
_COUNTS = """
select m.station_id, case when m.setting in ('school', 'enterprise') then m.setting::text else 'station' end as place,
    (m.measured_at at time zone %(zone)s)::date as day,
    count(distinct m.resident_id) filter (where m.fever = 1),
    count(distinct m.resident_id) filter (where m.diarrhoea = 1),
    count(distinct m.resident_id) filter (where m.temperature >= %(celsius)s)
from telemetry.reading m
where m.kind in ('symptoms', 'temperature') and m.setting <> 'home'
    and m.measured_at >= %(since)s and m.measured_at <= %(now)s
group by 1, 2, 3"""

_STATIONS = "select station_id, name from care.station order by station_id"


def watched_days(settings: SentinelSettings, now: datetime) -> list[date]:
    """The days that are watched, up to today."""
    today = now.astimezone(LOCAL).date()
    return [today - timedelta(days=back) for back in reversed(range(settings.watched_days))]


def read(connection: Connection, settings: SentinelSettings, now: datetime) -> list[Series]:
    """The series of every place where anything was asked or measured in the watched days, up to today."""
    days = watched_days(settings, now)
    parameters = {
        "zone": "Asia/Shanghai",
        "celsius": settings.raised_temperature.celsius,
        "since": datetime.combine(days[0], datetime.min.time(), LOCAL),
        "now": now,
    }
    found: dict[tuple[int, str], dict[date, Sequence[int]]] = defaultdict(dict)
    for station_id, place, day, *people in connection.execute(_COUNTS, parameters).fetchall():
        found[station_id, place][day] = people
    names = dict(connection.execute(_STATIONS).fetchall())
    return [
        Series(
            station_id=station_id,
            station=names[station_id],
            place=place,
            sign=sign,
            days=days,
            people=[by_day[day][number] if day in by_day else 0 for day in days],
        )
        for (station_id, place), by_day in sorted(found.items())
        for number, sign in enumerate((Sign.FEVER, Sign.DIARRHOEA, Sign.TEMPERATURE))
    ]
