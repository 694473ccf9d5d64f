"""Stations: name, township and 统计用区划代码."""

from __future__ import annotations

from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from ingest import registry
from ingest.imports.field import Field, matching, text
from ingest.imports.judging import Change, Existing, Resolve, Resolved, Values
from ingest.imports.kind import Entry, Kind, one_by_one
from ingest.imports.problem import Said

_CODE = Said("应为 12 位统计用区划代码", "must be the 12 digits of the region's statistical code")


def _known(connection: Connection[Any], _entry: Entry) -> Resolve:
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute("select name, township, region_code from care.station").fetchall()
    existing = {row["name"]: Existing(row["name"], row) for row in rows}

    def resolve(values: Values) -> Resolved:
        return Resolved(values, existing.get(values["name"]), (values["name"],))

    return resolve


def _save(connection: Connection[Any], change: Change, _entry: Entry) -> None:
    registry.register_station(connection, **(change.existing.values if change.existing else {}) | change.values)


KIND = Kind(
    name="stations",
    label=Said("机构", "Stations"),
    fields=(
        Field(name="name", headers=("机构", "station", "机构名称", "name"), read=text, required=True),
        Field(name="township", headers=("乡镇", "township", "街道", "乡镇街道"), read=text, required=True),
        Field(
            name="region_code",
            headers=("区划代码", "region code", "行政区划代码", "region_code"),
            read=matching(r"\d{12}", _CODE),
            required=True,
        ),
    ),
    known=_known,
    save=one_by_one(_save),
)
