"""Incidents in the database: what is wrong now is settled with what is stored; staff acknowledge and close."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from psycopg.rows import kwargs_row
from psycopg.types.json import Jsonb

from ingest.alerting import incident as machine
from ingest.alerting.incident import Change, Incident, Stage, Subject, Trouble
from ingest.alerting.store import Connection

_COLUMNS = (
    "incident_id, subject_kind, subject, cause, audience::text, station_id, tier, state, revision, opened_at,"
    " changed_at, returns_at, finding, staff_id, outcome"
)
_WRITTEN = _COLUMNS.replace("incident_id, ", "").replace("::text", "")

# Of two that look at once, one opens it and the other finds it open.
_INSERT = f"""
insert into care.incident ({_WRITTEN})
select {_WRITTEN} from jsonb_populate_recordset(null::care.incident, %s)
on conflict (subject_kind, subject, cause) where state <> 'closed' do nothing
returning incident_id, subject_kind, subject, cause"""  # noqa: S608 - column names are ours

_UPDATE = """
update care.incident i set tier = n.tier, state = n.state, revision = n.revision, changed_at = n.changed_at,
    returns_at = n.returns_at, finding = n.finding, staff_id = n.staff_id, outcome = n.outcome
from jsonb_populate_recordset(null::care.incident, %s) n
where i.incident_id = n.incident_id and i.revision = n.revision - 1
returning i.incident_id, i.subject_kind, i.subject, i.cause"""

_LOG = """
insert into care.incident_event (incident_id, revision, at, actor, from_state, to_state, note, finding)
select incident_id, revision, at, actor, from_state, to_state, note, finding
from jsonb_populate_recordset(null::care.incident_event, %s)"""


class NoSuchIncident(LookupError):
    """There is no incident with that number."""


class Overtaken(Exception):
    """Somebody else, or the engine, changed the incident first. `current` is how it is now."""

    def __init__(self, current: Incident) -> None:
        super().__init__(f"incident {current.incident_id} is {current.state.value} at revision {current.revision}")
        self.current = current


def settle(connection: Connection, troubles: Iterable[Trouble], *, causes: Collection[str], now: datetime) -> int:
    """Bring the incidents of these causes to what is wrong now; whatever is not in `troubles` any more ends.

    `troubles` must be all there is of these causes, one a subject and cause. One transaction, or part of the one under
    way; any number of processes may do it at once. Returns how many incidents changed.
    """
    wrong = {trouble.subject: trouble for trouble in troubles}
    with connection.transaction():
        known = {incident.subject: incident for incident in not_closed(connection, causes)}
        changes = [machine.absorb(known.get(each), wrong.get(each), now) for each in sorted(known.keys() | wrong)]
        return len(write(connection, [change for change in changes if change is not None]))


def not_closed(connection: Connection, causes: Collection[str]) -> list[Incident]:
    """The incidents of these causes that are not closed."""
    query = f"select {_COLUMNS} from care.incident where state <> 'closed' and cause = any(%s)"  # noqa: S608
    return _fetch(connection, query, [list(causes)])


def find(connection: Connection, incident_id: int) -> Incident:
    """One incident as it is now. Raises `NoSuchIncident`."""
    query = f"select {_COLUMNS} from care.incident where incident_id = %s"  # noqa: S608
    for found in _fetch(connection, query, [incident_id]):
        return found
    raise NoSuchIncident(f"there is no incident {incident_id}")


def acknowledge(
    connection: Connection,
    incident_id: int,
    revision: int,
    *,
    staff_id: int,
    until: datetime,
    now: datetime,
    note: str | None = None,
) -> Incident:
    """Take an open incident in hand until a time. `revision` is the one that was seen.

    Raises `Overtaken`, `NotAllowed`, `NoSuchIncident`.
    """
    seen = _seen(connection, incident_id, revision)
    return _commit(connection, machine.acknowledge(seen, staff_id=staff_id, until=until, now=now, note=note))


def close(
    connection: Connection,
    incident_id: int,
    revision: int,
    *,
    staff_id: int,
    outcome: str,
    now: datetime,
    note: str | None = None,
) -> Incident:
    """End an incident; errors as for `acknowledge`. What is still wrong opens another at the next look."""
    seen = _seen(connection, incident_id, revision)
    return _commit(connection, machine.close(seen, staff_id=staff_id, outcome=outcome, now=now, note=note))


def write(connection: Connection, changes: Sequence[Change]) -> set[Subject]:
    """Write changes and their events in the transaction under way; a missing subject was overtaken."""
    written: dict[Subject, int] = {}
    for statement, fresh in ((_INSERT, True), (_UPDATE, False)):
        part = [change for change in changes if (change.before is None) is fresh]
        if part:
            rows = connection.execute(statement, [Jsonb([_row(change.after) for change in part])]).fetchall()
            written |= {Subject(kind, name, cause): number for number, kind, name, cause in rows}
    events = [_event(c, written[c.after.subject]) for c in changes if c.after.subject in written]
    if events:
        connection.execute(_LOG, [Jsonb(events)])
    return set(written)


def _seen(connection: Connection, incident_id: int, revision: int) -> Incident:
    found = find(connection, incident_id)
    if found.revision != revision:
        raise Overtaken(found)
    return found


def _commit(connection: Connection, change: Change) -> Incident:
    with connection.transaction():
        if write(connection, [change]):
            return change.after
    raise Overtaken(find(connection, change.after.incident_id or 0))


def _fetch(connection: Connection, query: str, parameters: Sequence[Any]) -> list[Incident]:
    with connection.cursor(row_factory=kwargs_row(_incident)) as cursor:
        return cursor.execute(query.encode(), parameters).fetchall()


def _incident(*, subject_kind: str, subject: str, cause: str, state: str, **columns: Any) -> Incident:
    return Incident(subject=Subject(subject_kind, subject, cause), state=Stage(state), **columns)


def _row(incident: Incident) -> dict[str, Any]:
    return {
        "incident_id": incident.incident_id,
        "subject_kind": incident.subject.kind,
        "subject": incident.subject.name,
        "cause": incident.subject.cause,
        "audience": incident.audience,
        "station_id": incident.station_id,
        "tier": incident.tier,
        "state": incident.state,
        "revision": incident.revision,
        "opened_at": incident.opened_at.isoformat(),
        "changed_at": incident.changed_at.isoformat(),
        "returns_at": incident.returns_at.isoformat() if incident.returns_at else None,
        "finding": dict(incident.finding),
        "staff_id": incident.staff_id,
        "outcome": incident.outcome,
    }


def _event(change: Change, incident_id: int) -> dict[str, Any]:
    return {
        "incident_id": incident_id,
        "revision": change.after.revision,
        "at": change.after.changed_at.isoformat(),
        "actor": change.actor,
        "from_state": change.before.state if change.before else None,
        "to_state": change.after.state,
        "note": change.note,
        "finding": dict(change.after.finding) if change.actor == "engine" else None,
    }
