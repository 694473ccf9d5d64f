"""An incident: something is wrong that is no person's health: a meter, a gateway, a rota, a count. Pure state machine.

The twin of `ingest.alerting.episode` for subjects that are not people. Nothing in an incident names a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from ingest.alerting.states import NotAllowed

RESOLVED = "resolved"  # the outcome when what was wrong is gone by itself


class Stage(StrEnum):
    """Where an incident stands; the names of `care.incident.state`."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"  # somebody has it in hand, until `returns_at`
    CLOSED = "closed"


class Subject(NamedTuple):
    """What it is about. At most one incident of a subject and cause is not closed."""

    kind: str  # gateway, device, station, rota
    name: str  # gateway name, meter address, station id
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Something that is wrong right now. `audience` is the role that must act.

    `says` is `{zh, en}`: what is wrong and what to do; `facts` the figures behind it, ready for JSON.
    """

    subject: Subject
    audience: str
    tier: int
    says: Mapping[str, str]
    station_id: int | None = None
    facts: Mapping[str, Any]

    def explained(self) -> dict[str, Any]:
        """As stored in `care.incident.finding`."""
        return {"says": dict(self.says), "facts": dict(self.facts)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One row of `care.incident`. `incident_id` is None until stored."""

    incident_id: int | None
    subject: Subject
    audience: str
    station_id: int | None
    tier: int
    state: Stage
    revision: int
    opened_at: datetime
    changed_at: datetime
    returns_at: datetime | None
    finding: Mapping[str, Any]
    staff_id: int | None
    outcome: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change and its row in `care.incident_event`."""

    before: Incident | None
    after: Incident
    actor: str
    note: str | None = None


def absorb(incident: Incident | None, trouble: Trouble | None, now: datetime) -> Change | None:
    """What becomes of the incident that is not closed (None: there is none) when this is wrong, or nothing is.

    The same trouble again changes nothing; a graver one brings an acknowledged incident back; none ends it.
    """
    if incident is None:
        return _begin(trouble, now) if trouble else None
    if trouble is None:
        return _engine(incident, now, state=Stage.CLOSED, outcome=RESOLVED)
    worse = trouble.tier < incident.tier
    returns = incident.returns_at is not None and incident.returns_at <= now
    if not worse and not returns:
        return None
    tier = min(trouble.tier, incident.tier)
    return _engine(incident, now, state=Stage.OPEN, tier=tier, finding=trouble.explained(), staff_id=None)


def acknowledge(
    incident: Incident, *, staff_id: int, until: datetime, now: datetime, note: str | None = None
) -> Change:
    """Somebody has it in hand; it comes back when `until` is over and it is still wrong. Raises `NotAllowed`."""
    if incident.state is not Stage.OPEN:
        raise NotAllowed(f"the incident is {incident.state.value}")
    if until <= now:
        raise NotAllowed("an acknowledgement ends in a time to come")
    return _staff(incident, staff_id, now, note, state=Stage.ACKNOWLEDGED, returns_at=until)


def close(incident: Incident, *, staff_id: int, outcome: str, now: datetime, note: str | None = None) -> Change:
    """Somebody has ended it; if it is still wrong, the next look opens another. Raises `NotAllowed`."""
    if incident.state is Stage.CLOSED:
        raise NotAllowed("the incident is closed already")
    return _staff(incident, staff_id, now, note, state=Stage.CLOSED, outcome=outcome)


def _begin(trouble: Trouble, now: datetime) -> Change:
    incident = Incident(
        incident_id=None,
        subject=trouble.subject,
        audience=trouble.audience,
        station_id=trouble.station_id,
        tier=trouble.tier,
        state=Stage.OPEN,
        revision=1,
        opened_at=now,
        changed_at=now,
        returns_at=None,
        finding=trouble.explained(),
        staff_id=None,
        outcome=None,
    )
    return Change(before=None, after=incident, actor="engine")


def _engine(incident: Incident, now: datetime, **changes: Any) -> Change:
    return Change(before=incident, after=_changed(incident, now, changes), actor="engine")


def _staff(incident: Incident, staff_id: int, now: datetime, note: str | None, **changes: Any) -> Change:
    after = _changed(incident, now, changes | {"staff_id": staff_id})
    return Change(before=incident, after=after, actor=f"staff:{staff_id}", note=note or None)


def _changed(incident: Incident, now: datetime, changes: Mapping[str, Any]) -> Incident:
    """An acknowledgement's end never outlives the acknowledgement."""
    return replace(incident, **({"returns_at": None} | dict(changes)), revision=incident.revision + 1, changed_at=now)
