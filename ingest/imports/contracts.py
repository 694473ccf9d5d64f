"""Contracts with family doctors (签约). A contract is known by resident, package and day of signing."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from ingest.imports import of_resident
from ingest.imports.field import Field, day, text
from ingest.imports.judging import Change, Existing, Resolve, Resolved, Values
from ingest.imports.kind import DOCTOR, Entry, Kind, doctors, found, one_by_one
from ingest.imports.problem import Said, Trial, Wrong
from maixun.configuration import load

_SAVE = (
    "insert into care.contract (resident_id, package, doctor_id, signed_on, ends_on)"
    " values (%(resident_id)s, %(package)s, %(doctor_id)s, %(signed_on)s, %(ends_on)s)"
    " on conflict (resident_id, package, signed_on) do update"
    " set doctor_id = excluded.doctor_id, ends_on = excluded.ends_on"
)


def _known(connection: Connection[Any], entry: Entry) -> Resolve:
    staff, resident_of = doctors(connection), of_resident.finder(connection, entry)
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute("select resident_id, package, doctor_id, signed_on, ends_on from care.contract")
        existing = {(r["resident_id"], r["package"], r["signed_on"]): Existing(r["resident_id"], r) for r in rows}

    def resolve(values: Values) -> Resolved:
        said, trial = dict(values), Trial()
        said["resident_id"] = trial(resident_of, said)
        said["doctor_id"] = trial(found, staff, said.pop("doctor"), "doctor", what=DOCTOR)
        if said["ends_on"] <= said["signed_on"]:
            trial.refuse(Said("到期日期应晚于签约日期", "the contract ends before it begins"), "ends_on")
        trial.settle()
        key = (said["resident_id"], said["package"], said["signed_on"])
        return Resolved(said, existing.get(key), (key,))

    return resolve


def _save(connection: Connection[Any], change: Change, _entry: Entry) -> None:
    connection.execute(_SAVE, {**(change.existing.values if change.existing else {}), **change.values})


@cache
def _packages() -> Mapping[str, str]:
    """The code of each package by what a list may call it: the code itself, or its label."""
    labels = {name: each["label"] for name, each in load("packages.yaml")["packages"].items()}
    named = {str(word): name for name, label in labels.items() for word in (name, *label.values())}
    return named | {"basic": "basic", "基础包": "basic", "基本包": "basic", "基础服务包": "basic"}


def _package(said: str) -> str:
    if said not in _packages():
        codes = ", ".join(sorted(set(_packages().values())))
        raise Wrong(Said(f"没有这个服务包；可填 {codes}", f"there is no such package; there are {codes}"))
    return _packages()[said]


KIND = Kind(
    name="contracts",
    label=Said("签约", "Contracts"),
    fields=(
        *of_resident.FIELDS,
        Field(name="package", headers=("服务包", "package"), read=_package, required=True),
        Field(name="doctor", headers=("签约医生", "doctor", "家庭医生"), read=text, required=True),
        Field(name="signed_on", headers=("签约日期", "signed on", "signed_on"), read=day, required=True),
        Field(name="ends_on", headers=("到期日期", "ends on", "ends_on", "终止日期"), read=day, required=True),
    ),
    known=_known,
    save=one_by_one(_save),
)
