"""Incidents: one a subject and cause under any concurrency, opened and ended by what is wrong, never about a person."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.alerting import incident as machine
from ingest.alerting import incidents
from ingest.alerting.incident import Incident, Stage, Subject, Trouble
from ingest.alerting.states import NotAllowed
from tests.ingest.alerting.people import MINUTE, NOON

CAUSE = "gateway_silent"
DAY = timedelta(days=1)


def silent(gateway: str = "gw-0001", tier: int = 4) -> Trouble:
    says = {"zh": "网关没有消息。", "en": "No word from the gateway."}
    return Trouble(
        subject=Subject("gateway", gateway, CAUSE), audience="technician", tier=tier, says=says, facts={"minutes": 16}
    )


def opened() -> Incident:
    change = machine.absorb(None, silent(), NOON)
    assert change
    return change.after


# Decisions


def test_the_same_trouble_again_changes_nothing() -> None:
    assert opened().state is Stage.OPEN
    assert machine.absorb(opened(), silent(), NOON + DAY) is None


def test_when_it_is_gone_the_incident_ends() -> None:
    change = machine.absorb(opened(), None, NOON + MINUTE)
    assert change
    assert (change.after.state, change.after.outcome, change.actor) == (Stage.CLOSED, "resolved", "engine")


def test_an_acknowledged_incident_comes_back_when_its_time_is_over_and_it_is_still_wrong() -> None:
    held = machine.acknowledge(opened(), staff_id=7, until=NOON + DAY, now=NOON).after
    assert machine.absorb(held, silent(), NOON + DAY - MINUTE) is None
    back = machine.absorb(held, silent(), NOON + DAY)
    assert back
    assert (back.after.state, back.after.staff_id, back.after.returns_at) == (Stage.OPEN, None, None)


def test_a_graver_trouble_brings_an_acknowledged_incident_back() -> None:
    held = machine.acknowledge(opened(), staff_id=7, until=NOON + DAY, now=NOON).after
    worse = machine.absorb(held, silent(tier=3), NOON + MINUTE)
    assert worse
    assert (worse.after.state, worse.after.tier) == (Stage.OPEN, 3)


def test_what_is_not_open_cannot_be_acknowledged_and_what_is_closed_not_closed() -> None:
    held = machine.acknowledge(opened(), staff_id=7, until=NOON + DAY, now=NOON).after
    with pytest.raises(NotAllowed):
        machine.acknowledge(held, staff_id=7, until=NOON + DAY, now=NOON)
    with pytest.raises(NotAllowed):
        machine.acknowledge(opened(), staff_id=7, until=NOON, now=NOON)
    ended = machine.close(held, staff_id=7, outcome="repaired", now=NOON).after
    with pytest.raises(NotAllowed):
        machine.close(ended, staff_id=7, outcome="repaired", now=NOON)


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 4), st.integers(0, 600)), max_size=20))
def test_open_exactly_while_something_is_wrong_and_the_revision_counts_the_changes(
    looks: list[tuple[bool, int, int]],
) -> None:
    incident: Incident | None = None
    now = NOON
    for wrong, tier, minutes in looks:
        now += timedelta(minutes=minutes)
        change = machine.absorb(incident, silent(tier=tier) if wrong else None, now)
        if change is not None:
            assert change.after.revision == (incident.revision + 1 if incident else 1)
            incident = change.after if change.after.state is not Stage.CLOSED else None
        assert (incident is not None) is wrong


# On a database


@pytest.fixture
def connection(database: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection with the engine's rights."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "insert into care.staff (login, display_name, role, password_hash)"
            " values ('tech', 'Tech', 'technician', '!')"
        )
        connection.execute("set role maixun_alerting")
        yield connection


def test_incidents_follow_what_is_wrong(connection: psycopg.Connection[Any]) -> None:
    def settle(*troubles: Trouble, minutes: int) -> int:
        return incidents.settle(connection, troubles, causes=[CAUSE], now=NOON + minutes * MINUTE)

    assert settle(silent("gw-1"), silent("gw-2"), minutes=0) == 2
    assert settle(silent("gw-1"), silent("gw-2"), minutes=1) == 0
    assert settle(silent("gw-2"), minutes=2) == 1
    (left,) = incidents.not_closed(connection, [CAUSE])
    assert left.subject.name == "gw-2"
    assert settle(silent("gw-1"), silent("gw-2"), minutes=3) == 1
    rows = connection.execute("select from_state, to_state, actor from care.incident_event order by 1, 2").fetchall()
    assert sorted(map(str, rows)) == sorted([*["(None, 'open', 'engine')"] * 3, "('open', 'closed', 'engine')"])


def test_other_causes_are_left_alone(connection: psycopg.Connection[Any]) -> None:
    incidents.settle(connection, [silent()], causes=[CAUSE], now=NOON)
    assert incidents.settle(connection, [], causes=["battery_low"], now=NOON) == 0
    assert len(incidents.not_closed(connection, [CAUSE])) == 1


def test_many_lookers_open_one_incident(connection: psycopg.Connection[Any], database: str) -> None:
    def look(_: int) -> int:
        with psycopg.connect(database, autocommit=True) as own:
            return incidents.settle(own, [silent(f"gw-{n}") for n in range(20)], causes=[CAUSE], now=NOON)

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(look, range(8))) == 20
    assert len(incidents.not_closed(connection, [CAUSE])) == 20


def test_of_two_technicians_one_wins_and_the_other_sees_how_it_is(
    connection: psycopg.Connection[Any], database: str
) -> None:
    incidents.settle(connection, [silent()], causes=[CAUSE], now=NOON)
    (seen,) = incidents.not_closed(connection, [CAUSE])
    assert seen.incident_id
    with psycopg.connect(database, autocommit=True) as pages:
        pages.execute("set role maixun_api")
        held = incidents.acknowledge(
            pages, seen.incident_id, seen.revision, staff_id=1, until=NOON + DAY, now=NOON, note="on my way"
        )
        assert incidents.find(pages, seen.incident_id) == held
        with pytest.raises(incidents.Overtaken) as told:
            incidents.close(pages, seen.incident_id, seen.revision, staff_id=1, outcome="repaired", now=NOON)
        assert told.value.current == held
        incidents.close(pages, seen.incident_id, held.revision, staff_id=1, outcome="repaired", now=NOON)
        with pytest.raises(incidents.NoSuchIncident):
            incidents.find(pages, seen.incident_id + 1)
    assert incidents.not_closed(connection, [CAUSE]) == []
