"""Dispatches follow-up tasks: plans whoever changed at once, and everybody once a day."""

from __future__ import annotations

from datetime import datetime

from ingest.alerting.person import LOCAL
from ingest.followups import store
from ingest.followups.plan import plan
from ingest.followups.programmes import Rulebook
from ingest.followups.store import Connection

PEOPLE = 200  # in one transaction: short, because it holds their rows
EVERY_SECONDS = 2.0  # how long a doctor who saved a visit may see the old task


def look(connection: Connection, rulebook: Rulebook, now: datetime) -> int:
    """Plan everybody who is due; returns how many tasks changed. Any number of processes may look at once."""
    changed = 0
    while True:
        people, tasks = run_once(connection, rulebook, now=now)
        changed += tasks
        if people < PEOPLE:
            return changed


def run_once(connection: Connection, rulebook: Rulebook, *, now: datetime, people: int = PEOPLE) -> tuple[int, int]:
    """Plan up to so many residents in one transaction; returns how many, and how many tasks changed."""
    today = now.astimezone(LOCAL).date()
    with connection.transaction():
        claimed = store.claim(connection, people=people, today=today)
        if not claimed:
            return 0, 0
        changed = sum(
            store.write(connection, facts.resident.resident_id, plan(facts, rulebook, today), now)
            for facts in store.load(connection, claimed, rulebook, now)
        )
        store.planned(connection, claimed, today)
    return len(claimed), changed
