"""Episodes in the database: read, and written by compare-and-set with their event in the same transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import kwargs_row
from psycopg.types.json import Jsonb

from ingest.alerting.episode import Episode, Transition
from ingest.alerting.states import State

Connection = psycopg.Connection[Any]

COLUMNS = (
    "resident_id, episode_id, cause, tier, state, revision, began_at, opened_at, changed_at, due_at, returns_at,"
    " finding, doctor_id, outcome, returned_from"
)

# The rows come as one JSON parameter typed by the table itself, so one statement writes a whole batch.
_INSERT = f"""
insert into care.episode ({COLUMNS.replace("episode_id, ", "")})
select {COLUMNS.replace("episode_id, ", "")} from jsonb_populate_recordset(null::care.episode, %s)
returning resident_id, cause, episode_id"""  # noqa: S608 - column names are ours

_UPDATE = """
update care.episode e set tier = n.tier, state = n.state, revision = n.revision, began_at = n.began_at,
    opened_at = n.opened_at, changed_at = n.changed_at, due_at = n.due_at, returns_at = n.returns_at,
    finding = n.finding, doctor_id = n.doctor_id, outcome = n.outcome, returned_from = n.returned_from
from jsonb_populate_recordset(null::care.episode, %s) n
where e.resident_id = n.resident_id and e.episode_id = n.episode_id and e.revision = n.revision - 1
returning e.resident_id, e.cause, e.episode_id"""

_LOG = """
insert into care.episode_event
    (resident_id, episode_id, revision, at, actor, from_state, to_state, why, note, finding, returns_at)
select resident_id, episode_id, revision, at, actor, from_state, to_state, why, note, finding, returns_at
from jsonb_populate_recordset(null::care.episode_event, %s)"""

_FIELDS = [field.name for field in fields(Episode)]  # not `asdict`, which copies the findings in depth


def fetch(connection: Connection, query: str, parameters: Sequence[Any]) -> list[Episode]:
    """Episodes by a query that selects `COLUMNS`."""
    with connection.cursor(row_factory=kwargs_row(_episode)) as cursor:
        return cursor.execute(query.encode(), parameters).fetchall()


def find(connection: Connection, resident_id: int, episode_id: int) -> Episode | None:
    """One episode as it is now."""
    query = f"select {COLUMNS} from care.episode where resident_id = %s and episode_id = %s"  # noqa: S608
    return next(iter(fetch(connection, query, [resident_id, episode_id])), None)


def not_closed(connection: Connection, residents: Collection[int]) -> dict[tuple[int, str], Episode]:
    """The episodes of these residents that are not closed, by resident and cause."""
    query = f"select {COLUMNS} from care.episode where resident_id = any(%s) and state <> 'closed'"  # noqa: S608
    return {(row.resident_id, row.cause): row for row in fetch(connection, query, [list(residents)])}


def write(connection: Connection, transitions: Sequence[Transition]) -> set[tuple[int, str]]:
    """Write changes and their events in the transaction under way.

    Returns resident and cause of those written; one that is missing was overtaken: somebody changed the episode since
    it was read, and nothing of this change is in the database.
    """
    fresh = [transition for transition in transitions if transition.before is None]
    known = [transition for transition in transitions if transition.before is not None]
    written: dict[tuple[int, str], int] = {}
    for statement, part in ((_INSERT, fresh), (_UPDATE, known)):
        if part:
            rows = connection.execute(statement, [Jsonb([_row(transition.after) for transition in part])]).fetchall()
            written |= {(resident_id, cause): episode_id for resident_id, cause, episode_id in rows}
    events = [_event(t, written[key]) for t in transitions if (key := (t.after.resident_id, t.after.cause)) in written]
    if events:
        connection.execute(_LOG, [Jsonb(events)])
    return set(written)


def _row(episode: Episode) -> dict[str, Any]:
    columns = {name: getattr(episode, name) for name in _FIELDS}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in columns.items()}


def _event(transition: Transition, episode_id: int) -> dict[str, Any]:
    before, after = transition.before, transition.after
    return {
        "resident_id": after.resident_id,
        "episode_id": episode_id,
        "revision": after.revision,
        "at": after.changed_at.isoformat(),
        "actor": transition.actor,
        "from_state": before.state if before else None,
        "to_state": after.state,
        "why": transition.why,
        "note": transition.note,
        "finding": transition.finding,
        "returns_at": after.returns_at.isoformat() if after.returns_at else None,
    }


def _episode(**columns: Any) -> Episode:
    return Episode(**(columns | {"state": State(columns["state"])}))
