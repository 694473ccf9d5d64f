"""What staff do with episodes. Each change is a compare-and-set: of two at once, one wins and the other is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import class_row

from ingest.alerting import episode as machine
from ingest.alerting import store
from ingest.alerting.episode import Episode, Outcome, Transition
from ingest.alerting.states import NotAllowed
from ingest.alerting.store import Connection

__all__ = [
    "Entry",
    "Episode",
    "NoSuchEpisode",
    "NotAllowed",
    "Outcome",
    "Overtaken",
    "acknowledge",
    "act",
    "close",
    "find",
    "history",
    "shelve",
    "unshelve",
]


class NoSuchEpisode(LookupError):
    """There is no episode of that resident with that number."""


class Overtaken(Exception):
    """A colleague or the engine changed the episode first: show who did what, and ask again.

    `current` is the episode as it is now, `actor` is "engine" or "staff:<id>"; `at` is when.
    """

    def __init__(self, current: Episode, actor: str, at: datetime) -> None:
        super().__init__(
            f"episode {current.episode_id} is {current.state.value} at revision {current.revision} by {actor}"
        )
        self.current = current
        self.actor = actor
        self.at = at


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of an episode's history; `from_state` is None where it began, `finding` what the engine then knew.

    `returns_at` is until when it was then taken over or set aside.
    """

    revision: int
    at: datetime
    actor: str
    from_state: str | None
    to_state: str
    why: str
    note: str | None
    finding: dict[str, Any] | None
    returns_at: datetime | None


def acknowledge(
    connection: Connection,
    resident_id: int,
    episode_id: int,
    revision: int,
    *,
    staff_id: int,
    now: datetime,
    note: str | None = None,
) -> Episode:
    """Take an open episode in hand; it returns by itself after the time its rule gives.

    `revision` is the one the doctor saw. Returns the episode as stored.
    Raises `Overtaken`, `NotAllowed`, `NoSuchEpisode`. The change is one transaction, or part of the one under way.
    """
    seen = _seen(connection, resident_id, episode_id, revision)
    return _commit(connection, machine.acknowledge(seen, staff_id=staff_id, now=now, note=note))


def act(
    connection: Connection,
    resident_id: int,
    episode_id: int,
    revision: int,
    *,
    staff_id: int,
    now: datetime,
    note: str,
) -> Episode:
    """Record what was done about an episode that is not ended by it; errors as for `acknowledge`."""
    seen = _seen(connection, resident_id, episode_id, revision)
    return _commit(connection, machine.act(seen, staff_id=staff_id, now=now, note=note))


def shelve(
    connection: Connection,
    resident_id: int,
    episode_id: int,
    revision: int,
    *,
    staff_id: int,
    until: datetime,
    now: datetime,
    note: str,
) -> Episode:
    """Set an episode aside until a time; errors as for `acknowledge`. Other causes of the person are not touched."""
    seen = _seen(connection, resident_id, episode_id, revision)
    return _commit(connection, machine.shelve(seen, staff_id=staff_id, until=until, now=now, note=note))


def unshelve(
    connection: Connection,
    resident_id: int,
    episode_id: int,
    revision: int,
    *,
    staff_id: int,
    now: datetime,
    note: str | None = None,
) -> Episode:
    """Take an episode back before its time aside is over; errors as for `acknowledge`."""
    seen = _seen(connection, resident_id, episode_id, revision)
    return _commit(connection, machine.unshelve(seen, staff_id=staff_id, now=now, note=note))


def close(
    connection: Connection,
    resident_id: int,
    episode_id: int,
    revision: int,
    *,
    staff_id: int,
    outcome: Outcome,
    now: datetime,
    note: str | None = None,
) -> Episode:
    """End an episode with a doctor's outcome; errors as for `acknowledge`. Later readings may begin a new one."""
    seen = _seen(connection, resident_id, episode_id, revision)
    return _commit(connection, machine.close(seen, staff_id=staff_id, outcome=outcome, now=now, note=note))


def find(connection: Connection, resident_id: int, episode_id: int) -> Episode:
    """One episode as it is now. Raises `NoSuchEpisode`."""
    episode = store.find(connection, resident_id, episode_id)
    if episode is None:
        raise NoSuchEpisode(f"resident {resident_id} has no episode {episode_id}")
    return episode


def history(connection: Connection, resident_id: int, episode_id: int) -> list[Entry]:
    """Every change of an episode, oldest first."""
    query = (
        "select revision, at, actor, from_state, to_state, why, note, finding, returns_at from care.episode_event"
        " where resident_id = %s and episode_id = %s order by revision"
    )
    with connection.cursor(row_factory=class_row(Entry)) as cursor:
        return cursor.execute(query, [resident_id, episode_id]).fetchall()


def _seen(connection: Connection, resident_id: int, episode_id: int, revision: int) -> Episode:
    """The episode, still as the doctor saw it. Raises `Overtaken`, `NoSuchEpisode`."""
    episode = find(connection, resident_id, episode_id)
    if episode.revision != revision:
        raise _overtaken(connection, episode)
    return episode


def _commit(connection: Connection, transition: Transition) -> Episode:
    with connection.transaction():
        if store.write(connection, [transition]):
            return transition.after
    raise _overtaken(connection, find(connection, transition.after.resident_id, transition.after.episode_id or 0))


def _overtaken(connection: Connection, current: Episode) -> Overtaken:
    last = history(connection, current.resident_id, current.episode_id or 0)[-1]
    return Overtaken(current, last.actor, last.at)
