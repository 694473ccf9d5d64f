"""An episode: what a person goes through with one cause, from the first reading to its end, as a pure state machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from ingest.alerting.finding import Finding, Verdict, Why
from ingest.alerting.states import Event, NotAllowed, State, following


class Outcome(StrEnum):
    """How an episode ended: the first three are the engine's, the others a doctor's."""

    NOT_CONFIRMED = "not_confirmed"
    RESOLVED = "resolved"
    STALE = "stale"
    ADVISED = "advised"  # spoken with the person
    TREATMENT_CHANGED = "treatment_changed"
    VISITED = "visited"
    REFERRED = "referred"
    FALSE_ALARM = "false_alarm"
    OTHER = "other"


ENGINE_OUTCOMES = frozenset({Outcome.NOT_CONFIRMED, Outcome.RESOLVED, Outcome.STALE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """One row of `care.episode`. `episode_id` is None until stored; `finding` is `Finding.explained()`.

    `due_at` is when the engine must look again, `returns_at` when an acknowledgement or a shelf ends. `returned_from`
    is what an open one came back from when that time was over (acknowledged: it was forgotten), until somebody acts.
    """

    resident_id: int
    episode_id: int | None
    cause: str
    tier: int
    state: State
    revision: int
    began_at: datetime
    opened_at: datetime | None
    changed_at: datetime
    due_at: datetime | None
    returns_at: datetime | None
    finding: Mapping[str, Any]
    doctor_id: int | None
    outcome: str | None
    returned_from: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One change and its row in `care.episode_event`: who, when (`after.changed_at`), why; `finding` as then known."""

    before: Episode | None
    after: Episode
    actor: str
    why: Why
    note: str | None = None
    finding: Mapping[str, Any] | None = None


def absorb(episode: Episode | None, finding: Finding | None, now: datetime) -> Transition | None:
    """What the engine does with a finding of the episode's cause; None if nothing changes.

    `episode` is the one not closed, if there is one; `finding` is None if there is nothing fresh to judge by.
    """
    event = _event(episode, finding)
    if episode is None:
        state = following(None, event)
        return _begin(finding, state, now) if finding and state else None
    state = following(episode.state, event) or episode.state
    if state is episode.state and episode.returns_at is not None and episode.returns_at <= now:
        event, state = Event.RETURNS, following(episode.state, Event.RETURNS) or episode.state
    return _move(episode, finding, event, state, now)


def acknowledge(episode: Episode, *, staff_id: int, now: datetime, note: str | None = None) -> Transition:
    """A doctor has it in hand. The alert comes back after the time its rule gives. Raises `NotAllowed`."""
    until = _reminded_at(episode, now)
    return _act(episode, Event.ACKNOWLEDGE, Why.ACKNOWLEDGED, staff_id, now, note, returns_at=until, doctor_id=staff_id)


def act(episode: Episode, *, staff_id: int, now: datetime, note: str) -> Transition:
    """A doctor did something about it and is not done: the time until it counts as forgotten begins anew.

    On what is set aside it is only a line of the record. Raises `NotAllowed`.
    """
    if not note.strip():
        raise NotAllowed("an action without a word on what was done tells the next reader nothing")
    if episode.state is State.SHELVED:
        return _act(episode, Event.ACT, Why.ACTED, staff_id, now, note, returns_at=episode.returns_at)
    until = _reminded_at(episode, now)
    return _act(episode, Event.ACT, Why.ACTED, staff_id, now, note, returns_at=until, doctor_id=staff_id)


def shelve(episode: Episode, *, staff_id: int, until: datetime, now: datetime, note: str) -> Transition:
    """Set aside until a time, with the reason; a more severe finding brings it back sooner. Raises `NotAllowed`."""
    if until <= now:
        raise NotAllowed("an episode is set aside until a time to come")
    if not note.strip():
        raise NotAllowed("an episode is set aside for a reason")
    return _act(episode, Event.SHELVE, Why.SHELVED, staff_id, now, note, returns_at=until, doctor_id=staff_id)


def unshelve(episode: Episode, *, staff_id: int, now: datetime, note: str | None = None) -> Transition:
    """Take back before its time what was set aside: it is open again. Raises `NotAllowed`."""
    return _act(episode, Event.UNSHELVE, Why.UNSHELVED, staff_id, now, note, doctor_id=None)


def close(episode: Episode, *, staff_id: int, outcome: Outcome, now: datetime, note: str | None = None) -> Transition:
    """A doctor is done with it: what was measured until now is dealt with. Raises `NotAllowed`."""
    if outcome in ENGINE_OUTCOMES:
        raise NotAllowed(f"{outcome.value} is what the engine says, not a doctor's outcome")
    return _act(episode, Event.CLOSE, Why.CLOSED, staff_id, now, note, outcome=outcome.value)


def _reminded_at(episode: Episode, now: datetime) -> datetime:
    return now + timedelta(seconds=episode.finding["acknowledged_for"])


def _event(episode: Episode | None, finding: Finding | None) -> Event:
    if finding is None:
        return Event.SILENCE
    worse = episode is not None and finding.tier is not None and finding.tier < episode.tier
    return Event.WORSENED if worse and finding.verdict is Verdict.CONFIRMED else Event(finding.verdict.value)


def _begin(finding: Finding, state: State, now: datetime) -> Transition:
    explained = finding.explained()
    episode = Episode(
        resident_id=finding.resident_id,
        episode_id=None,
        cause=finding.cause,
        tier=explained["tier"],
        state=state,
        revision=1,
        began_at=finding.began_at,
        opened_at=now if state is State.OPEN else None,
        changed_at=now,
        due_at=finding.due,
        returns_at=None,
        finding=explained,
        doctor_id=None,
        outcome=None,
    )
    return Transition(before=None, after=episode, actor="engine", why=finding.why, finding=explained)


def _move(episode: Episode, finding: Finding | None, event: Event, state: State, now: datetime) -> Transition | None:
    """The engine's change, or None if there is no new state, no new evidence and nothing new to wait for."""
    moved = state is not episode.state
    returns_at = None if moved else episode.returns_at
    due_at = None if state is State.CLOSED else _earlier(returns_at, finding.due if finding else None)
    news = finding is not None and finding.alarming and (moved or _is_news(episode, finding))
    if not moved and not news and due_at == episode.due_at:
        return None
    after = replace(
        _told(episode, finding) if news and finding else episode,
        state=state,
        revision=episode.revision + 1,
        opened_at=episode.opened_at or (now if state is State.OPEN else None),
        changed_at=now,
        due_at=due_at,
        returns_at=returns_at,
        doctor_id=None if state is State.OPEN else episode.doctor_id,
        outcome=_ending(episode, event) if state is State.CLOSED else None,
        returned_from=_came_back_from(episode, event) if moved else episode.returned_from,
    )
    why = _reason(episode, finding, event, moved=moved, news=news)
    explained = finding.explained() if finding else None
    return Transition(before=episode, after=after, actor="engine", why=why, finding=explained)


def _told(episode: Episode, finding: Finding) -> Episode:
    """The episode with what a finding says: its tier while a repeat is awaited; later the tier only worsens."""
    tier = finding.tier or episode.tier
    if episode.state is not State.CONFIRMING:
        tier = min(tier, episode.tier) if finding.verdict is Verdict.CONFIRMED else episode.tier
    began_at = min(episode.began_at, finding.began_at)
    return replace(episode, tier=tier, began_at=began_at, finding=finding.explained())


def _came_back_from(episode: Episode, event: Event) -> str | None:
    return episode.state.value if event is Event.RETURNS else None


def _reason(episode: Episode, finding: Finding | None, event: Event, *, moved: bool, news: bool) -> Why:
    if event is Event.RETURNS:
        return Why.SHELF_OVER if episode.state is State.SHELVED else Why.RETURNED
    if not moved:
        return Why.NEW_READING if news else Why.WAIT_OVER
    if finding is None:
        return Why.STALE
    return Why.WORSENED if event is Event.WORSENED else finding.why


def _act(
    episode: Episode,
    event: Event,
    why: Why,
    staff_id: int,
    now: datetime,
    note: str | None,
    *,
    returns_at: datetime | None = None,
    **changes: Any,
) -> Transition:
    """A doctor's change; a repeat that is awaited meanwhile goes on being awaited."""
    state = following(episode.state, event) or episode.state
    awaited = None if state is State.CLOSED or episode.due_at == episode.returns_at else episode.due_at
    after = replace(
        episode,
        state=state,
        revision=episode.revision + 1,
        changed_at=now,
        due_at=_earlier(returns_at, awaited),
        returns_at=returns_at,
        returned_from=None,
        **changes,
    )
    return Transition(before=episode, after=after, actor=f"staff:{staff_id}", why=why, note=note or None)


def _is_news(episode: Episode, finding: Finding) -> bool:
    """True with a reading not shown yet, or worse than shown. That shown readings have grown old is no news."""
    seen = {reading["id"] for reading in episode.finding["readings"]}
    worse = finding.verdict is Verdict.CONFIRMED and finding.tier is not None and finding.tier < episode.tier
    return worse or any(reading.reading_id not in seen for reading in finding.readings)


def _ending(episode: Episode, event: Event) -> str:
    if event is Event.SILENCE:
        return Outcome.STALE.value
    return (Outcome.NOT_CONFIRMED if episode.state is State.CONFIRMING else Outcome.RESOLVED).value


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((moment for moment in (one, other) if moment is not None), default=None)
