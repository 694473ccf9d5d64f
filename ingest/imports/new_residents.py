"""Residents nobody knew, saved a thousand at a time: a county's list is one of fifty thousand.

Each statement that touches them moves the roster's version (`care.roster_changed`): one row, of which a long
transaction would otherwise leave a hundred thousand versions behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import uuid4

from psycopg import Connection
from psycopg.types.json import Jsonb

from ingest import registry
from ingest.identity import seal
from ingest.imports.judging import Change, Values
from ingest.imports.kind import Entry

_AT_ONCE = 1000
_RESIDENTS = """
insert into care.resident (token, birth_date, sex, station_id, doctor_id, lives_alone, record_opened_on, resident_since,
    left_on, left_why)
select token, birth_date, sex, station_id, doctor_id, coalesce(lives_alone, false), record_opened_on, resident_since,
    left_on, left_why
from jsonb_populate_recordset(null::care.resident, %s) returning token, resident_id"""
_PERSONS = """
insert into identity.person (resident_id, name_sealed, id_number_hash)
select * from unnest(%s::bigint[], %s::bytea[], %s::bytea[])"""
_AUDIT = """
insert into care.audit (at, staff_id, resident_id, action, detail)
select %s, %s, (one ->> 'resident_id')::bigint, 'import.resident', one -> 'detail' from jsonb_array_elements(%s) one"""
_NOT_TOLD = {"token", "id_number_hash"}


def save(connection: Connection[Any], changes: Sequence[Change], entry: Entry) -> None:
    """Register them with all that their rows say. Raises `registry.TokenTaken`."""
    for first in range(0, len(changes), _AT_ONCE):
        _save(connection, [change.values for change in changes[first : first + _AT_ONCE]], entry)


def _save(connection: Connection[Any], rows: Sequence[Values], entry: Entry) -> None:
    drawn = [uuid4() for _ in rows]
    columns = [{"token": str(token)} | _columns(values) for token, values in zip(drawn, rows, strict=True)]
    registered = dict(connection.execute(_RESIDENTS, [Jsonb(columns)]).fetchall())
    residents = [registered[token] for token in drawn]
    names = [seal(values["name"], entry.key) for values in rows]
    connection.execute(_PERSONS, [residents, names, [values.get("id_number_hash") for values in rows]])
    known = zip(rows, residents, strict=True)
    tokens = {values["token"]: resident_id for values, resident_id in known if "token" in values}
    registry.add_tokens(connection, tokens, kind="id_number")
    told = [
        {"resident_id": resident_id, "detail": audited(values, "new")}
        for values, resident_id in zip(rows, residents, strict=True)
    ]
    connection.execute(_AUDIT, [entry.now, entry.staff_id, Jsonb(told)])


def audited(values: Values, how: str) -> dict[str, Any]:
    """Which fields of a person were said, never what."""
    return {"fields": sorted(set(values) - _NOT_TOLD), "how": how}


def _columns(values: Values) -> Values:
    """What goes into `care.resident`, ready for JSON."""
    own = {name: value for name, value in values.items() if name not in _NOT_TOLD | {"name"}}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in own.items()}
