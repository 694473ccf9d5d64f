"""Population figures (常住人口) of stations by year: the denominators that no list of residents can give."""

from __future__ import annotations

from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from ingest.imports.field import Field, text, whole
from ingest.imports.judging import Change, Existing, Resolve, Resolved, Values
from ingest.imports.kind import STATION, Entry, Kind, found, one_by_one, stations
from ingest.imports.problem import Said, Trial

_PEOPLE = whole(0, 100_000_000)
_SAVE = (
    "insert into reporting.population (station_id, year, residents, aged_35, aged_65, source, imported_at)"
    " values (%(station_id)s, %(year)s, %(residents)s, %(aged_35)s, %(aged_65)s, %(source)s, %(now)s)"
    " on conflict (station_id, year) do update set residents = excluded.residents, aged_35 = excluded.aged_35,"
    " aged_65 = excluded.aged_65, source = excluded.source, imported_at = excluded.imported_at"
)


def _known(connection: Connection[Any], _entry: Entry) -> Resolve:
    places = stations(connection)
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute("select station_id, year, residents, aged_35, aged_65, source from reporting.population")
        existing = {(row["station_id"], row["year"]): Existing(row["station_id"], row) for row in rows}

    def resolve(values: Values) -> Resolved:
        said = {name: value for name, value in values.items() if name != "station"}
        trial = Trial()
        said["station_id"] = trial(found, places, values["station"], "station", what=STATION)
        if not said["aged_65"] <= said["aged_35"] <= said["residents"]:
            trial.refuse(
                Said("65 岁及以上 ≤ 35 岁及以上 ≤ 常住人口 不成立", "aged 65+ ≤ aged 35+ ≤ residents does not hold"),
                "residents",
            )
        trial.settle()
        key = (said["station_id"], said["year"])
        return Resolved(said, existing.get(key), (key,))

    return resolve


def _save(connection: Connection[Any], change: Change, entry: Entry) -> None:
    before = change.existing.values if change.existing else {}
    connection.execute(_SAVE, {**before, **change.values, "now": entry.now})


KIND = Kind(
    name="population",
    label=Said("人口数", "Population"),
    fields=(
        Field(name="station", headers=("机构", "station", "机构名称"), read=text, required=True),
        Field(name="year", headers=("年份", "year", "年度"), read=whole(1990, 2200), required=True),
        Field(name="residents", headers=("常住人口", "residents", "常住人口数"), read=_PEOPLE, required=True),
        Field(name="aged_35", headers=("35岁及以上", "aged 35", "aged_35", "35岁以上"), read=_PEOPLE, required=True),
        Field(name="aged_65", headers=("65岁及以上", "aged 65", "aged_65", "65岁以上"), read=_PEOPLE, required=True),
        Field(name="source", headers=("来源", "source", "数据来源"), read=text, required=True),
    ),
    known=_known,
    save=one_by_one(_save),
)
