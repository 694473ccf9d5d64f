"""Writes the roster: stations, residents, meters and who held which from when on. Used by seeding, imports and pages.

The caller owns the transaction; ids are returned. Every change raises `care.roster_version`, so running ingest
processes see it with their next batch. Accounts of staff are made by `ingest.accounts`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class NewResident:
    """A resident to be registered. Without a token the database draws one; `name_sealed` is from `ingest.identity`."""

    birth_date: date
    sex: str  # FHIR administrative-gender: female | male | unknown
    station_id: int
    doctor_id: int | None = None
    conditions: Collection[str] = ()  # as in `care.condition`
    lives_alone: bool = False
    token: UUID | None = None
    name_sealed: bytes | None = None
    id_number_hash: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAssignment:
    """From `valid_from` on the meter (or one slot of it) is this resident's; None: shared, or nobody's any more."""

    device_id: int
    valid_from: datetime
    resident_id: int | None
    setting: str  # home | kiosk | station | school | enterprise
    station_id: int
    user_slot: int | None = None


class TokenTaken(Exception):
    """The pseudonym stands for somebody else; the message says what to do."""


def register_station(connection: Connection[Any], *, name: str, township: str, region_code: str) -> int:
    """Register a station; `region_code` is its 12-digit 统计用区划代码. The same name again updates it."""
    return _one(
        connection,
        "insert into care.station (name, township, region_code) values (%s, %s, %s)"
        " on conflict (name) do update set township = excluded.township, region_code = excluded.region_code"
        " returning station_id",
        (name, township, region_code),
    )


def register_resident(connection: Connection[Any], resident: NewResident) -> int:
    """Register a resident and, when a sealed name is given, who that is."""
    resident_id = _one(
        connection,
        "insert into care.resident"
        " (token, birth_date, sex, station_id, doctor_id, lives_alone)"
        " values (coalesce(%s, gen_random_uuid()), %s, %s, %s, %s, %s) returning resident_id",
        (
            resident.token,
            resident.birth_date,
            resident.sex,
            resident.station_id,
            resident.doctor_id,
            resident.lives_alone,
        ),
    )
    for condition in resident.conditions:
        note_condition(connection, resident_id, condition)
    if resident.name_sealed is not None:
        connection.execute(
            "insert into identity.person (resident_id, name_sealed, id_number_hash) values (%s, %s, %s)",
            (resident_id, resident.name_sealed, resident.id_number_hash),
        )
    return resident_id


def note_condition(
    connection: Connection[Any],
    resident_id: int,
    condition: str,
    *,
    diagnosed_on: date | None = None,
    managed_from: date | None = None,
) -> None:
    """A long-term condition of a resident (`care.condition`). The same again corrects its dates."""
    connection.execute(
        "insert into care.condition (resident_id, condition, diagnosed_on, managed_from) values (%s, %s, %s, %s)"
        " on conflict (resident_id, condition) do update"
        " set diagnosed_on = excluded.diagnosed_on, managed_from = excluded.managed_from",
        (resident_id, condition, diagnosed_on, managed_from),
    )


def register_device(connection: Connection[Any], *, address: str, model: str, at: datetime) -> int:
    """Register a meter by its address as on the wire. The same address again keeps its id and takes the new model."""
    return _one(
        connection,
        "insert into care.device (address, model, registered_at) values (%s, %s, %s)"
        " on conflict (address) do update set model = excluded.model returning device_id",
        (address, model, at),
    )


def assign(connection: Connection[Any], assignment: NewAssignment) -> None:
    """Note a change of hands. The same meter, slot and moment again corrects the earlier entry."""
    connection.execute(
        "insert into care.assignment (device_id, user_slot, valid_from, resident_id, setting, station_id)"
        " values (%s, %s, %s, %s, %s, %s) on conflict (device_id, user_slot, valid_from) do update"
        " set resident_id = excluded.resident_id, setting = excluded.setting, station_id = excluded.station_id",
        (
            assignment.device_id,
            assignment.user_slot,
            assignment.valid_from,
            assignment.resident_id,
            assignment.setting,
            assignment.station_id,
        ),
    )


_TAKEN = """
select 1 from unnest(%(tokens)s::uuid[], %(residents)s::bigint[]) as given (token, resident_id)
join (select token, resident_id from care.resident union all select token, resident_id from care.person_token) known
    using (token)
where known.resident_id <> given.resident_id limit 1"""


def add_token(connection: Connection[Any], *, token: UUID, resident_id: int, kind: str) -> None:
    """A further pseudonym by which readings name the resident; `kind`: card, id_number or phone. Raises `TokenTaken`.

    Entering it again for the same resident changes nothing.
    """
    add_tokens(connection, {token: resident_id}, kind=kind)


def add_tokens(connection: Connection[Any], tokens: Mapping[UUID, int], *, kind: str) -> None:
    """The same for many, each with its resident: none or all. Raises `TokenTaken`."""
    given = {"tokens": list(tokens), "residents": list(tokens.values()), "kind": kind}
    # Never prepared: a plan made while the tables are empty would be kept for a whole import.
    if connection.execute(_TAKEN, given, prepare=False).fetchone() is not None:
        raise TokenTaken("this token names another resident already: look which of the two it belongs to")
    connection.execute(
        "insert into care.person_token (token, resident_id, kind)"
        " select *, %(kind)s from unnest(%(tokens)s::uuid[], %(residents)s::bigint[]) on conflict do nothing",
        given,
    )


def remove_tokens(connection: Connection[Any], *, resident_id: int, kind: str) -> int:
    """Take away every further pseudonym of this kind; what was stored by them stays. Returns how many there were."""
    return connection.execute(
        "delete from care.person_token where resident_id = %s and kind = %s", (resident_id, kind)
    ).rowcount


def _one(connection: Connection[Any], query: str, values: tuple[Any, ...]) -> int:
    row = connection.execute(query.encode(), values).fetchone()
    if row is None:
        raise LookupError("the database returned no id")
    return int(row[0])
