"""The engine: claims people, puts the rules to their readings, and writes what becomes of their episodes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ingest.alerting import review, store
from ingest.alerting.claim import Claim, claim, put_back
from ingest.alerting.episode import Episode, Transition, absorb
from ingest.alerting.rules import Rules, evaluate
from ingest.alerting.settings import AlertingSettings
from ingest.alerting.store import Connection
from ingest.database import keep_looking

log = logging.getLogger(__name__)

ROLE = "maixun_alerting"
REVIEW_AFTER = timedelta(minutes=5)  # without a setting: a sitting is over by then
AGAIN = timedelta(seconds=1)  # a moment after now, so that a look never meets what it has just put back


@dataclass(frozen=True, slots=True)
class Round:
    """What one round did."""

    people: int
    changes: int


def run_once(
    connection: Connection, rules: Rules, *, people: int, now: datetime, review_after: timedelta = REVIEW_AFTER
) -> Round:
    """Put the prompt rules to up to `people` people in one transaction, and ask for their review.

    A crash anywhere leaves everything to be done again. A person whose episode a doctor changed meanwhile is put back
    and evaluated again.
    """
    with connection.transaction():
        claimed = claim(connection, rules.prompt, people=people, now=now)
        if not claimed.people:
            return Round(0, 0)
        residents = [person.resident_id for person in claimed.people]
        transitions = list(_transitions(connection, claimed, rules.prompt, now))
        written = store.write(connection, transitions)
        overtaken = {(t.after.resident_id, t.after.cause) for t in transitions} - written
        if overtaken:
            put_back(connection, {resident_id for resident_id, _ in overtaken})
        review.ask(connection, residents, now + review_after)
    return Round(len(claimed.people), len(written))


def review_all(connection: Connection, now: datetime, *, rules: Rules, people: int) -> int:
    """Put the other rules to everybody whose review is due, so many at a time. Returns how many episodes changed."""
    changes = 0
    while residents := review.take(connection, people=people, now=now):
        changes += _review(connection, rules.review, residents, now)
    return changes


def _review(connection: Connection, rules: Rules, residents: Sequence[int], now: datetime) -> int:
    """What was overtaken by a doctor is reviewed again at the next look."""
    with connection.transaction():
        persons, readings = review.load(connection, residents, rules, now)
        transitions = list(_transitions(connection, Claim(persons, readings), rules, now))
        written = store.write(connection, transitions)
        review.done(connection, persons, readings, rules, now)
        overtaken = {t.after.resident_id for t in transitions if (t.after.resident_id, t.after.cause) not in written}
        if overtaken:
            review.ask(connection, overtaken, now + AGAIN)
    return len(written)


def run(dsn: str, rules: Rules, settings: AlertingSettings, stop: threading.Event) -> None:
    """Work until told to stop; waits for the database and says so once."""

    def look(connection: Connection) -> float:
        return 0.0 if _look(connection, rules, settings) else settings.poll_seconds

    keep_looking(dsn, ROLE, look, stop, retry_seconds=settings.retry_seconds)


def _look(connection: Connection, rules: Rules, settings: AlertingSettings) -> bool:
    """One round. True if there may be more to do at once."""
    after = timedelta(seconds=settings.review_after_seconds)
    done = run_once(connection, rules, people=settings.people_at_once, now=datetime.now(UTC), review_after=after)
    if done.changes:
        log.info("%d people evaluated, %d episodes changed", done.people, done.changes)
    return done.people == settings.people_at_once


def _transitions(connection: Connection, claimed: Claim, rules: Rules, now: datetime) -> Iterator[Transition]:
    """What becomes of these people's episodes of the rules' causes."""
    episodes = store.not_closed(connection, [person.resident_id for person in claimed.people])
    for person in claimed.people:
        findings = {f.cause: f for f in evaluate(person, claimed.readings.get(person.resident_id, ()), rules, now)}
        for cause in rules.causes:
            transition = absorb(episodes.pop((person.resident_id, cause), None), findings.get(cause), now)
            if transition is not None:
                yield transition
    if rules.is_prompt:
        yield from _returning(episodes.values(), now)


def _returning(episodes: Iterable[Episode], now: datetime) -> Iterator[Transition]:
    """Episodes of other causes whose acknowledgement or shelf has ended: that is known without their readings."""
    for episode in episodes:
        transition = absorb(episode, None, now) if episode.due_at is not None and episode.due_at <= now else None
        if transition is not None:
            yield transition
