"""Releases what is held, once its reason is cured or a person vouches for it.

A release judges the item anew with the present roster, so it cannot make a reading of what the checks still refuse.
Ledger, held, reading, work and audit change in one transaction. Lists for screens are in `api.held`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Connection
from psycopg.rows import tuple_row
from psycopg.types.json import Jsonb
from pydantic import ValidationError

from devices.metrics import Catalogue
from ingest import ecg, envelope, pipeline, store
from ingest.checks import Criteria
from ingest.envelope import Item
from ingest.instant import micros
from ingest.pipeline import Message
from ingest.reason import VOUCHABLE, WITHOUT_HOLDER, Reason
from ingest.roster import Roster
from ingest.settings import Limits
from ingest.store import Row


class NotHeld(Exception):
    """Nothing is held under this id: somebody else was faster, or the id is wrong."""


class CannotVouch(Exception):
    """A person's word does not cure this reason, or it needs a time that has passed; the message says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouch:
    """A person's word for an implausible value or an unusable time; `measured_at` says when, where the meter cannot."""

    measured_at: datetime | None = None


class _Held(NamedTuple):
    reading_id: UUID
    reason: Reason
    gateway: str
    item: str | None
    payload: bytes | None


def release(
    connection: Connection[Any],
    reading_id: UUID,
    *,
    staff_id: int,
    now: datetime,
    catalogue: Catalogue,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    vouch: Vouch | None = None,
) -> Reason | None:
    """Judge what is held anew. Returns None when it is a reading now, else the reason for which it stays held.

    A message that could not be read is opened anew and its items go the usual way. Raises `NotHeld`, `CannotVouch`.
    """
    store.prepare(connection)
    with connection.transaction():
        held = _locked(connection, reading_id)
        criteria = Criteria.at(now, catalogue, limits)
        if held.payload is not None and str(held.reading_id) == envelope.message_id(held.payload):
            left = _reopen(connection, held, now, catalogue, limits)
        else:
            left = _rejudge(connection, held, Roster(), criteria, vouch)
        _audit(connection, held, staff_id, now, left, vouch)
        return left


def release_all(
    connection: Connection[Any],
    *,
    device: str | None = None,
    person: UUID | None = None,
    staff_id: int,
    now: datetime,
    catalogue: Catalogue,
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> Counter[Reason | None]:
    """Judge anew what is held for want of a holder: all of that meter, or all that names that person.

    Returns how many became readings (None) or stay held, by reason. All in one transaction, the caller's or its own.
    """
    store.prepare(connection)
    became: Counter[Reason | None] = Counter()
    with connection.transaction():
        criteria, roster = Criteria.at(now, catalogue, limits), Roster()
        for held in _without_holder(connection, device, person):
            left = _rejudge(connection, held, roster, criteria, None)
            _audit(connection, held, staff_id, now, left, None)
            became[left] += 1
    return became


def _without_holder(connection: Connection[Any], device: str | None, person: UUID | None) -> list[_Held]:
    query = (
        "select reading_id, reason, gateway, item::text, payload from telemetry.held where reason = any(%(reasons)s)"
        " and (device = %(device)s or item ->> 'person' = %(person)s) order by reading_id for update"
    )
    given = {
        "reasons": [str(reason) for reason in WITHOUT_HOLDER],
        "device": device,
        "person": str(person) if person else None,
    }
    with connection.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(query, given).fetchall()
    return [_Held(row[0], Reason(row[1]), *row[2:]) for row in rows]


def _locked(connection: Connection[Any], reading_id: UUID) -> _Held:
    query = "select reason, gateway, item::text, payload from telemetry.held where reading_id = %s for update"
    with connection.cursor(row_factory=tuple_row) as cursor:
        found = cursor.execute(query, [reading_id]).fetchone()
    if found is None:
        raise NotHeld(f"nothing is held as {reading_id}: it may have been released meanwhile")
    return _Held(reading_id, Reason(found[0]), *found[1:])


def _reopen(
    connection: Connection[Any], held: _Held, now: datetime, catalogue: Catalogue, limits: Limits
) -> Reason | None:
    """The whole message again; once a later version can read it, its items stand in the ledger instead of it."""
    message = Message(held.gateway, held.payload or b"")
    processed = pipeline.process(connection, [message], now=now, roster=Roster(), catalogue=catalogue, limits=limits)
    if processed.answers.get(held.gateway) and processed.answers[held.gateway].messages:
        return held.reason
    for table in (b"held", b"ledger"):
        connection.execute(b"delete from telemetry." + table + b" where reading_id = %s", [held.reading_id])
    return None


def _rejudge(
    connection: Connection[Any], held: _Held, roster: Roster, criteria: Criteria, vouch: Vouch | None
) -> Reason | None:
    try:
        item = envelope.read_item(held.item.encode() if held.item is not None else held.payload or b"")
    except ValidationError:
        return held.reason
    if vouch is not None:
        item, criteria = _vouched(held, item, criteria, vouch)
    roster.refresh(connection, [item["device"]], [item["person"]] if "person" in item else [])
    row = pipeline.assign_and_judge(held.gateway, item, roster, criteria)
    left = _promoted(connection, item, row)
    if left is not None and left is not held.reason:
        _hold_for(connection, held, left)
    return left


def _vouched(held: _Held, item: Item, criteria: Criteria, vouch: Vouch) -> tuple[Item, Criteria]:
    """The item as the person says it is, and criteria without what a person may overrule."""
    if held.reason not in VOUCHABLE:
        raise CannotVouch(
            f"{held.reason} is not cured by a person's word: correct the roster or the unit, then release"
        )
    if vouch.measured_at is not None:
        item = {**item, "measured_at": vouch.measured_at, "clock": "assumed"}
    measured_at = item.get("measured_at")
    if measured_at is None or item.get("clock") == "unusable" or micros(measured_at) > criteria.latest:
        raise CannotVouch("say when it was measured: a time that has passed")
    ranges = dict.fromkeys(criteria.ranges, (-inf, inf))
    return item, Criteria(earliest=micros(measured_at), latest=criteria.latest, ranges=ranges, differences=())


def _promoted(connection: Connection[Any], item: Item, row: Row) -> Reason | None:
    left = store.judged(row).reason
    if left is not None:
        return left
    try:
        with connection.transaction():
            store.promote(connection, row)
            ecg.save(connection, [(item, row)])
    except store.REFUSALS:
        return Reason.REFUSED
    return None


def _hold_for(connection: Connection[Any], held: _Held, reason: Reason) -> None:
    for table in (b"held", b"ledger"):
        connection.execute(
            b"update telemetry." + table + b" set outcome = %s, reason = %s where reading_id = %s",
            [str(reason.outcome), str(reason), held.reading_id],
        )


def _audit(
    connection: Connection[Any], held: _Held, staff_id: int, now: datetime, left: Reason | None, vouch: Vouch | None
) -> None:
    detail = {
        "reading_id": str(held.reading_id),
        "held_for": held.reason,
        "released": left is None,
        "stays_for": left,
        "vouched": vouch is not None,
        "dated": vouch.measured_at.isoformat() if vouch and vouch.measured_at else None,
    }
    connection.execute(
        "insert into care.audit (at, staff_id, resident_id, action, detail) values"
        " (%s, %s, (select resident_id from telemetry.reading where reading_id = %s), 'held.release', %s)",
        [now, staff_id, held.reading_id, Jsonb(detail)],
    )
