"""The kinds of list that can be imported. Each says its columns, what must be known, and how a row is saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from psycopg import Connection

from ingest.imports.field import Field
from ingest.imports.judging import Change, Resolve
from ingest.imports.problem import Said, Wrong

Ids = Mapping[str, int | None]  # None: the name stands for several


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Who imports and when, and what names are sealed with. `passwords` fills with those of new accounts."""

    staff_id: int
    now: datetime
    key: bytes
    passwords: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """`known` reads what rows are judged against and gives the judging back; `save` carries changes out."""

    name: str
    label: Said
    fields: Sequence[Field]
    known: Callable[[Connection[Any], Entry], Resolve]
    save: Callable[[Connection[Any], Sequence[Change], Entry], None]


def one_by_one(save: Callable[[Connection[Any], Change, Entry], None]) -> Callable[..., None]:
    """For lists that are short enough: a way to save one change, for many."""

    def save_all(connection: Connection[Any], changes: Sequence[Change], entry: Entry) -> None:
        for change in changes:
            save(connection, change, entry)

    return save_all


def ids(connection: Connection[Any], query: str) -> dict[str, int | None]:
    """Ids by name, from a query of (name, id)."""
    found: dict[str, int | None] = {}
    for name, number in connection.execute(query.encode()):
        found[name] = None if name in found and found[name] != number else number
    return found


def found(known: Ids, name: str | None, field_name: str, *, what: Said) -> int | None:
    """The id behind a name; None for no name. Raises `Wrong` for a name that is unknown or stands for several."""
    if name is None:
        return None
    if name not in known:
        raise Wrong(
            Said(f"没有这个{what.zh}，请先登记或改正", f"there is no such {what.en}: register it or mend it"),
            field_name,
        )
    number = known[name]
    if number is None:
        raise Wrong(
            Said(f"有几个同名的{what.zh}，请改写登录名", "several are called so: write the login instead"), field_name
        )
    return number


def stations(connection: Connection[Any]) -> Ids:
    """Stations by name."""
    return ids(connection, "select name, station_id from care.station")


def doctors(connection: Connection[Any]) -> Ids:
    """Active clinicians by login and by the name colleagues see."""
    return ids(
        connection,
        "select login, staff_id from care.staff where active and role in ('doctor', 'station_lead')"
        " union all select display_name, staff_id from care.staff where active and role in ('doctor', 'station_lead')",
    )


STATION = Said("机构", "station")
DOCTOR = Said("医生", "doctor")
RESIDENT = Said("居民", "resident")
