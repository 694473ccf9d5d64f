"""The engine: claims people, puts the rules to their readings, and writes what becomes of their episodes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg
from psycopg import errors

from ingest.alerting import store
from ingest.alerting.claim import Claim, claim, put_back
from ingest.alerting.episode import Transition, absorb
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
)
ROLE = "maixun_alerting"


@dataclass(frozen=True, slots=True)
class Round:
    """What one round did."""

    people: int
    changes: int


def run_once(connection: Connection, rules: Rules, *, people: int, now: datetime) -> Round:
    """Evaluate up to `people` people in one transaction. A crash anywhere leaves everything to be done again.

    A person whose episode a doctor changed meanwhile is put back and evaluated again.
    """
    with connection.transaction():
        claimed = claim(connection, rules, people=people, now=now)
        if not claimed.people:
            return Round(0, 0)
        transitions = list(_transitions(connection, claimed, rules, now))
        written = store.write(connection, transitions)
        overtaken = {(t.after.resident_id, t.after.cause) for t in transitions} - written
        if overtaken:
            put_back(connection, {resident_id for resident_id, _ in overtaken})
    return Round(len(claimed.people), len(written))


def run(dsn: str, rules: Rules, settings: AlertingSettings, stop: threading.Event) -> None:
    """Work until told to stop; waits for the database and says so once."""
    waiting = False
    while not stop.is_set():
        try:
            with connect(dsn, ROLE) as connection:
                _look(connection, rules, settings)  # shows that the schema is there too
                log.info("at work")
                waiting = False
                while not stop.is_set():
                    if not _look(connection, rules, settings):
                        stop.wait(settings.poll_seconds)
        except NOT_READY as error:
            if not waiting:
                log.warning("waiting for the database: %s", str(error).strip().partition("\n")[0])
            waiting = True
            stop.wait(settings.retry_seconds)


def _look(connection: Connection, rules: Rules, settings: AlertingSettings) -> bool:
    """One round. True if there may be more to do at once."""
    done = run_once(connection, rules, people=settings.people_at_once, now=datetime.now(UTC))
    if done.changes:
        log.info("%d people evaluated, %d episodes changed", done.people, done.changes)
    return done.people == settings.people_at_once


def _transitions(connection: Connection, claimed: Claim, rules: Rules, now: datetime) -> Iterator[Transition]:
    episodes = store.not_closed(connection, [person.resident_id for person in claimed.people])
    for person in claimed.people:
        findings = {f.cause: f for f in evaluate(person, claimed.readings.get(person.resident_id, ()), rules, now)}
        for cause in rules.causes:
            transition = absorb(episodes.get((person.resident_id, cause)), findings.get(cause), now)
            if transition is not None:
                yield transition
