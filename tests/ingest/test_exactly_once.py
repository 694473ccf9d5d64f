"""The same reading many ways: twice in a message, through two gateways, months later, by four writers at once."""

from __future__ import annotations

import random
import threading
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from ingest.pipeline import Message
from ingest.reason import Outcome, Reason, Settled
from ingest.registry import NewResident, register_resident
from tests.ingest.county import NOW, TOKEN, County, Ingest, hand_over, message, pressure

ACCEPTED = Settled(Outcome.ACCEPTED, None)
DUPLICATE = Settled(Outcome.DUPLICATE, None)
REFUSED = Settled(Outcome.QUARANTINED, Reason.REFUSED)
MALFORMED = Settled(Outcome.REJECTED, Reason.MALFORMED)


def test_the_same_memory_through_two_gateways_is_one_set_of_readings(ingest: Ingest, county: County) -> None:
    memory = [pressure(county.cuff, number) for number in range(10)]
    processed = ingest(message(memory, gateway="gw-1"), message(memory + memory[:3], gateway="gw-2"))
    assert processed.counts == {ACCEPTED: 10, DUPLICATE: 13}
    for gateway in ("gw-1", "gw-2"):
        assert dict(processed.answers[gateway].readings) == {item["id"]: ACCEPTED for item in memory}
    again = ingest(message(memory, gateway="gw-3"))
    assert again.counts == {DUPLICATE: 10}
    assert dict(again.answers["gw-3"].readings) == {item["id"]: ACCEPTED for item in memory}
    assert ingest.tally() == {"ledger": 10, "reading": 10, "held": 0}


def test_a_duplicate_is_answered_with_what_the_ledger_says_not_with_what_it_looks_like_now(
    ingest: Ingest, county: County
) -> None:
    first = pressure(county.cuff, 1, values={"systolic": 1})
    ingest(message([first]))
    processed = ingest(message([first | {"values": {"systolic": 128}}]))
    assert processed.counts == {DUPLICATE: 1}
    assert processed.answers["gw-1"].readings == [
        (first["id"], Settled(Outcome.QUARANTINED, Reason.IMPLAUSIBLE)),
    ]


def test_a_reading_replayed_after_the_meter_changed_hands_belongs_to_who_held_it_then(
    ingest: Ingest, county: County
) -> None:
    device = ingest.connection.execute("select device_id from care.device where address = %s", [county.cuff]).fetchone()
    assert device is not None
    before, change, after = NOW - timedelta(days=3), NOW - timedelta(days=2), NOW - timedelta(days=1)
    ingest(message([pressure(county.cuff, 1, at=after)]))
    hand_over(ingest.connection, device[0], change, county.second, county.station)
    ingest(
        message([pressure(county.cuff, 2, at=before), pressure(county.cuff, 3, at=after)]),
        message([pressure(county.cuff, 4, at=change), pressure(county.cuff, 5, at=change - timedelta(microseconds=1))]),
    )
    rows = ingest.connection.execute("select raw, resident_id from telemetry.reading").fetchall()
    owners = {int(raw.removeprefix("2A35:"), 16): resident for raw, resident in rows}
    assert owners == {
        **{1: county.resident, 2: county.resident, 5: county.resident},
        **{3: county.second, 4: county.second},
    }


def test_whose_a_reading_is_depends_on_slot_and_token(ingest: Ingest, county: County) -> None:
    stranger = register_resident(ingest.connection, NewResident(birth_date=NOW.date(), sex="male", station_id=1))
    token = ingest.connection.execute("select token::text from care.resident where resident_id = %s", [stranger])
    other = next(token)[0]
    cases: list[tuple[dict[str, Any], int | Reason]] = [
        (pressure(county.cuff, 1), county.resident),
        (pressure(county.cuff, 2, user=1), county.resident),
        (pressure(county.cuff, 3, user=2), county.second),
        (pressure(county.cuff, 4, person=str(TOKEN)), county.resident),
        (pressure(county.cuff, 5, person=other), Reason.OTHER_PERSON),
        (pressure(county.kiosk, 6, person=str(TOKEN)), county.resident),
        (pressure(county.kiosk, 7, person=other), stranger),
        (pressure(county.kiosk, 8), Reason.UNKNOWN_PERSON),
    ]
    processed = ingest(message([item for item, _ in cases]))
    settled = dict(processed.answers["gw-1"].readings)
    for item, expected in cases:
        if isinstance(expected, Reason):
            assert settled[item["id"]].reason is expected
        else:
            assert ingest.count(f"telemetry.reading where raw = '{item['raw']}' and resident_id = {expected}") == 1


def test_a_meter_nobody_holds_any_more_measures_for_nobody(ingest: Ingest, county: County) -> None:
    device = ingest.connection.execute("select device_id from care.device where address = %s", [county.cuff]).fetchone()
    assert device is not None
    hand_over(ingest.connection, device[0], NOW, None, county.station)
    processed = ingest(message([pressure(county.cuff, 1, at=NOW - timedelta(seconds=1)), pressure(county.cuff, 2)]))
    assert processed.counts == {ACCEPTED: 1, Settled(Outcome.QUARANTINED, Reason.UNKNOWN_PERSON): 1}


POISON = {
    "no_json": Message("gw-1", b'{"v":1,'),
    "no_text": Message("gw-1", bytes(range(256))),
    "nul": Message("gw-1", b'{"v":1,"gateway":"gw-1\\u0000"}'),
    "huge": Message("gw-1", b'{"v":1,"gateway":"gw-1","sent_at":"2026-11-21T08:00:00Z","readings":[1e999]}'),
}


@pytest.mark.parametrize("poison", POISON)
@pytest.mark.parametrize("position", range(7))
def test_a_poisoned_message_in_any_position_never_touches_its_neighbours(
    ingest: Ingest, county: County, poison: str, position: int
) -> None:
    batch = [message([pressure(county.cuff, number)]) for number in range(6)]
    batch.insert(position, POISON[poison])
    assert ingest(*batch).counts == {ACCEPTED: 6, MALFORMED: 1}
    assert ingest.tally() == {"ledger": 7, "reading": 6, "held": 1}


@pytest.mark.parametrize("position", range(7))
def test_a_row_that_the_database_refuses_is_held_and_the_others_are_stored(
    ingest: Ingest, county: County, position: int
) -> None:
    ingest.connection.execute("alter table telemetry.reading add constraint no_77 check (diastolic <> 77)")
    items = [pressure(county.cuff, number) for number in range(6)]
    bad = pressure(county.cuff, 100, values={"systolic": 128, "diastolic": 77})
    items.insert(position, bad)
    processed = ingest(message(items))
    assert processed.counts == {ACCEPTED: 6, REFUSED: 1}
    assert dict(processed.answers["gw-1"].readings)[bad["id"]] == REFUSED
    assert ingest.tally() == {"ledger": 7, "reading": 6, "held": 1}
    [(payload,)] = ingest.connection.execute("select payload from telemetry.held").fetchall()
    assert b'"diastolic":77' in payload
    assert ingest(message(items)).counts == {DUPLICATE: 7}


def test_four_connections_with_the_same_rows_in_different_orders_neither_deadlock_nor_double(
    database: str, ingest: Ingest, county: County
) -> None:
    items = [pressure(county.cuff, number) for number in range(2000)]
    accepted: list[int] = []
    start = threading.Barrier(4)

    def deliver(seed: int) -> None:
        mine = random.Random(seed).sample(items, len(items))
        with psycopg.connect(database, autocommit=True) as connection:
            own = Ingest(connection)
            start.wait()
            for first in range(0, len(mine), 250):
                accepted.append(own(message(mine[first : first + 250], gateway=f"gw-{seed}")).counts[ACCEPTED])

    threads = [threading.Thread(target=deliver, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sum(accepted) == 2000
    assert len(accepted) == 4 * 8, "a connection failed"
    assert ingest.tally() == {"ledger": 2000, "reading": 2000, "held": 0}


def test_the_roster_is_exact_in_the_very_next_batch(ingest: Ingest, county: County) -> None:
    unknown = pressure("A4:C1:38:00:00:77", 1)
    assert ingest(message([unknown])).counts == {Settled(Outcome.QUARANTINED, Reason.UNKNOWN_DEVICE): 1}
    ingest.connection.execute(
        "with d as (insert into care.device (address, model, registered_at) values (%s, 'm', %s) returning device_id)"
        " insert into care.assignment select device_id, null, %s, %s, 'home', %s from d",
        [unknown["device"], NOW, NOW - timedelta(days=1), county.resident, county.station],
    )
    assert ingest(message([pressure("A4:C1:38:00:00:77", 2)])).counts == {ACCEPTED: 1}


def test_one_mark_of_work_a_resident_and_batch(ingest: Ingest, county: County) -> None:
    ingest(message([pressure(county.cuff, number, user=1 + number % 2) for number in range(10)]))
    rows = ingest.connection.execute("select resident_id from telemetry.work order by 1").fetchall()
    assert rows == [(county.resident,), (county.second,)]
