"""A change in the roster made by a person, and what it sets free: readings held for want of a holder are judged anew.

Each goes to whoever held its meter, or its memory slot, at the reading's own time: an entry made later mends the past
and touches nothing else. Roster, releases and audit change in one transaction.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import tuple_row
from psycopg.types.json import Jsonb

from devices.metrics import Catalogue
from ingest import held, registry
from ingest.reason import Reason
from ingest.registry import NewAssignment
from ingest.roster import ADVISORY_LOCK
from ingest.settings import Limits

Became = Counter[Reason | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Who makes the change and when, and what releasing needs."""

    staff_id: int
    now: datetime
    catalogue: Catalogue
    limits: Limits = Limits()  # noqa: RUF009 - frozen


def hand_over(connection: Connection[Any], assignment: NewAssignment, entry: Entry) -> Became:
    """Note who holds a meter from when on, and release what that settles.

    Returns how many readings were released (None) or stay held, by reason.
    """
    with connection.transaction():
        _alone(connection)
        registry.assign(connection, assignment)
        address = _address(connection, assignment.device_id)
        became = _released(connection, entry, device=address)
        detail = {
            "device_id": assignment.device_id,
            "user_slot": assignment.user_slot,
            "valid_from": assignment.valid_from.isoformat(),
            "setting": assignment.setting,
            "station_id": assignment.station_id,
        }
        _audit(connection, entry, "device.assign", assignment.resident_id, detail, became)
    return became


def name_person(connection: Connection[Any], *, token: UUID, resident_id: int, kind: str, entry: Entry) -> Became:
    """Note a further pseudonym of a resident, and release what names it. Raises `registry.TokenTaken`."""
    with connection.transaction():
        _alone(connection)
        registry.add_token(connection, token=token, resident_id=resident_id, kind=kind)
        became = _released(connection, entry, person=token)
        _audit(connection, entry, "resident.token", resident_id, {"kind": kind}, became)
    return became


def void_tokens(connection: Connection[Any], *, resident_id: int, kind: str, entry: Entry) -> int:
    """A lost card, or a PIN that others know: take away the pseudonyms of this kind. Returns how many there were.

    Kiosks learn of it with their next heartbeat; a reading that still names one is held for a person to judge.
    """
    with connection.transaction():
        _alone(connection)
        voided = registry.remove_tokens(connection, resident_id=resident_id, kind=kind)
        detail = {"kind": kind, "voided": voided}
        _audit(connection, entry, "resident.token.void", resident_id, detail, Counter())
    return voided


def _alone(connection: Connection[Any]) -> None:
    """Batches under way end first, and later ones see the change: none is judged between it and its releases."""
    connection.execute("select pg_advisory_xact_lock(%s)", [ADVISORY_LOCK])


def _released(
    connection: Connection[Any], entry: Entry, *, device: str | None = None, person: UUID | None = None
) -> Became:
    return held.release_all(
        connection,
        device=device,
        person=person,
        staff_id=entry.staff_id,
        now=entry.now,
        catalogue=entry.catalogue,
        limits=entry.limits,
    )


def _address(connection: Connection[Any], device_id: int) -> str:
    with connection.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute("select address from care.device where device_id = %s", [device_id]).fetchone()
    if row is None:
        raise LookupError(f"there is no device {device_id}")
    return str(row[0])


def _audit(
    connection: Connection[Any],
    entry: Entry,
    action: str,
    resident_id: int | None,
    detail: dict[str, Any],
    became: Became,
) -> None:
    counts = {"released": became[None], "stay_held": became.total() - became[None]}
    connection.execute(
        "insert into care.audit (at, staff_id, resident_id, action, detail) values (%s, %s, %s, %s, %s)",
        (entry.now, entry.staff_id, resident_id, action, Jsonb(detail | counts)),
    )
