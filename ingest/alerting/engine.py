"""The engine: claims people, puts the rules to their readings, and writes what becomes of their episodes."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg
from psycopg import errors

from ingest.alerting import review, store
from ingest.alerting.claim import Claim, claim, put_back
from ingest.alerting.episode import Episode, Transition, absorb
from ingest.alerting.rules import Rules, evaluate
from ingest.alerting.settings import AlertingSettings
from ingest.alerting.store import Connection
from ingest.database import connect

log = logging.getLogger(__name__)

# During a migration the tables are there before the role's rights to them.
NOT_READY = (
    psycopg.OperationalError,
    errors.UndefinedTable,
    errors.InvalidSchemaName,
    errors.UndefinedColumn,
    errors.InsufficientPrivilege,
    errors.UniqueViolation,  # somebody opened the same episode in the same moment: look again
)
ROLE = "maixun_alerting"
REVIEW_AFTER = timedelta(minutes=5)  # without a setting: a sitting is over by then


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


def review_once(connection: Connection, rules: Rules, *, people: int, now: datetime) -> Round:
    """Put the other rules to up to `people` people whose review is due; what was overtaken is reviewed again."""
    residents = review.take(connection, people=people, now=now)
    if not residents:
        return Round(0, 0)
    with connection.transaction():
        persons, readings = review.load(connection, residents, rules.review, now)
        transitions = list(_transitions(connection, Claim(persons, readings), rules.review, now))
        written = store.write(connection, transitions)
        review.done(connection, persons, readings, rules.review, now)
        overtaken = {t.after.resident_id for t in transitions if (t.after.resident_id, t.after.cause) not in written}
        if overtaken:
            review.ask(connection, overtaken, now)
    return Round(len(persons), len(written))


def run(dsn: str, rules: Rules, settings: AlertingSettings, stop: threading.Event) -> None:
    """Work until told to stop; waits for the database and says so once."""
    waiting = False
    while not stop.is_set():
        try:
            with connect(dsn, ROLE) as connection:
                shift = _Shift(connection, rules, settings)
                shift.look()  # shows that the schema is there too
                log.info("at work")
                waiting = False
                while not stop.is_set():
                    if not shift.look():
                        stop.wait(settings.poll_seconds)
        except NOT_READY as error:
            if not waiting:
                log.warning("waiting for the database: %s", str(error).strip().partition("\n")[0])
            waiting = True
            stop.wait(settings.retry_seconds)


@dataclass(slots=True)
class _Shift:
    """One engine's work on one connection: readings first, reviews beside them, now and then a sweep."""

    connection: Connection
    rules: Rules
    settings: AlertingSettings
    reviewed: float = float("-inf")  # monotonic seconds
    swept: float = float("-inf")

    def look(self) -> bool:
        """One round of each that is due. True if there may be more to do at once."""
        after = timedelta(seconds=self.settings.review_after_seconds)
        done = run_once(
            self.connection, self.rules, people=self.settings.people_at_once, now=datetime.now(UTC), review_after=after
        )
        _tell(done, "evaluated")
        return self._review() or done.people == self.settings.people_at_once

    def _review(self) -> bool:
        """A round of reviews, at most one a second: alerts come first."""
        if time.monotonic() - self.reviewed < 1:
            return False
        if time.monotonic() - self.swept >= self.settings.sweep_seconds:
            self.swept = time.monotonic()
            sweep(self.connection, datetime.now(UTC))
        done = review_once(self.connection, self.rules, people=self.settings.reviews_at_once, now=datetime.now(UTC))
        _tell(done, "reviewed")
        if done.people < self.settings.reviews_at_once:
            self.reviewed = time.monotonic()
        return done.people > 0


def sweep(connection: Connection, now: datetime) -> None:
    """What no reading sets off: people who have agreed to measure and were never looked at."""
    review.find_missing(connection, now)


def _tell(done: Round, what: str) -> None:
    if done.changes:
        log.info("%d people %s, %d episodes changed", done.people, what, done.changes)


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
