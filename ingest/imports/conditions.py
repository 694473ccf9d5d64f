"""Conditions under management (在管): what a resident has, since when known, and since when in the programme."""

from __future__ import annotations

from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from ingest.imports import of_resident
from ingest.imports.field import Field, choice, day
from ingest.imports.judging import Change, Existing, Resolve, Resolved, Values
from ingest.imports.kind import Entry, Kind, one_by_one
from ingest.imports.problem import Said, Wrong

_CONDITIONS = choice(
    {
        "高血压": "hypertension",
        "糖尿病": "diabetes",
        "2型糖尿病": "diabetes",
        "心力衰竭": "heart_failure",
        "心衰": "heart_failure",
        "慢阻肺": "copd",
        "hypertension": "hypertension",
        "diabetes": "diabetes",
        "heart_failure": "heart_failure",
        "copd": "copd",
    }
)
_SAVE = (
    "insert into care.condition (resident_id, condition, diagnosed_on, managed_from, managed_until)"
    " values (%(resident_id)s, %(condition)s, %(diagnosed_on)s, %(managed_from)s, %(managed_until)s)"
    " on conflict (resident_id, condition) do update set diagnosed_on = excluded.diagnosed_on,"
    " managed_from = excluded.managed_from, managed_until = excluded.managed_until"
)
_NOTHING = dict.fromkeys(("diagnosed_on", "managed_from", "managed_until"))


def _known(connection: Connection[Any], entry: Entry) -> Resolve:
    resident_of = of_resident.finder(connection, entry)
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            "select resident_id, condition, diagnosed_on, managed_from, managed_until from care.condition"
        )
        existing = {(row["resident_id"], row["condition"]): Existing(row["resident_id"], row) for row in rows}

    def resolve(values: Values) -> Resolved:
        said = dict(values)
        said["resident_id"] = resident_of(said)
        key = (said["resident_id"], said["condition"])
        _check(
            {**(existing[key].values if key in existing else {}), **{k: v for k, v in said.items() if v is not None}}
        )
        return Resolved(said, existing.get(key), (key,))

    return resolve


def _check(whole: Values) -> None:
    since, until = whole.get("managed_from"), whole.get("managed_until")
    if until is not None and (since is None or until <= since):
        raise Wrong(Said("终止管理日期应晚于纳入管理日期", "management ends before it begins"), "managed_until")


def _save(connection: Connection[Any], change: Change, _entry: Entry) -> None:
    before = change.existing.values if change.existing else _NOTHING
    connection.execute(_SAVE, {**before, **change.values})


KIND = Kind(
    name="conditions",
    label=Said("慢病管理", "Conditions under management"),
    fields=(
        *of_resident.FIELDS,
        Field(name="condition", headers=("病种", "condition", "疾病"), read=_CONDITIONS, required=True),
        Field(name="diagnosed_on", headers=("确诊日期", "diagnosed on", "diagnosed_on"), read=day),
        Field(name="managed_from", headers=("纳入管理日期", "managed from", "managed_from", "建卡日期"), read=day),
        Field(name="managed_until", headers=("终止管理日期", "managed until", "managed_until"), read=day),
    ),
    known=_known,
    save=one_by_one(_save),
)
