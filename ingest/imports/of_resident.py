"""The columns by which a list names a resident who is registered already: ID number, or our own number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psycopg import Connection

from ingest.identity import hash_id_number
from ingest.imports.field import Field, identity, whole
from ingest.imports.judging import Values
from ingest.imports.kind import RESIDENT, Entry, found
from ingest.imports.problem import Said, Wrong

FIELDS = (
    Field(
        name="id_number",
        headers=("身份证号", "id number", "身份证号码", "证件号码", "公民身份号码", "id_number"),
        read=identity,
    ),
    Field(name="resident", headers=("居民编号", "resident", "resident_id"), read=whole(1, 2**31)),
)


def finder(connection: Connection[Any], entry: Entry) -> Callable[[Values], int]:
    """A function that takes the fields out of a row's values and gives the resident. It raises `Wrong`."""
    rows = connection.execute(
        "select id_number_hash, resident_id from identity.person where id_number_hash is not null"
    )
    by_number = {bytes(number).hex(): resident_id for number, resident_id in rows}
    every = {str(row[0]): row[0] for row in connection.execute("select resident_id from care.resident")}

    def find(values: Values) -> int:
        number, own = values.pop("id_number"), values.pop("resident")
        said = hash_id_number(number, entry.key).hex() if number else None
        by_own = found(every, str(own) if own else None, "resident", what=RESIDENT)
        resident_id = found(by_number, said, "id_number", what=RESIDENT) or by_own
        if resident_id is None:
            raise Wrong(Said("请填写身份证号或居民编号", "give the ID number or the resident's number"), "id_number")
        if by_own not in (None, resident_id):
            raise Wrong(
                Said("身份证号与居民编号不是同一个人", "ID number and resident's number are two people"), "resident"
            )
        return resident_id

    return find
