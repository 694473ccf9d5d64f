"""The outbox keeps what it was given until a receipt names it, and gives it out again when none comes."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway import wire
from gateway.disk import OutboxInUse
from gateway.outbox import Counts, OutboxFull
from gateway.receipts import MessageReceipt, Outcome, Receipt, Receipts
from tests.gateway.made import T0, accepted, outbox, reading


def test_a_reading_survives_a_restart_and_leaves_only_by_receipt(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    assert box.put([reading(1), reading(2)]) == 2
    box.close()

    box = outbox(tmp_path)
    assert [row.reading_id for row in box.waiting(10, now=0)] == [reading(1).reading_id, reading(2).reading_id]
    assert box.settle(accepted(reading(1).reading_id), T0) == 1
    assert box.counts() == Counts(waiting=1, sent=0, stored=1, refused=0)
    box.close()

    box = outbox(tmp_path)
    assert [row.reading_id for row in box.waiting(10, now=0)] == [reading(2).reading_id]
    assert box.outcomes() == {reading(1).reading_id: ("accepted", None)}


def test_the_first_placing_of_a_reading_wins(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    later = replace(reading(1), measured_at=T0 + timedelta(hours=5))
    assert box.put([reading(1)]) == 1
    assert box.put([later, reading(2), reading(2)]) == 1
    assert box.waiting(10, now=0)[0].item == wire.item(reading(1))


def test_the_sequence_goes_on_after_everything_was_stored_and_forgotten(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    box.put([reading(1), reading(2)])
    box.settle(accepted(reading(1).reading_id, reading(2).reading_id), T0)
    assert box.prune(T0) == 0
    assert box.prune(T0 + timedelta(seconds=1)) == 2
    box.close()

    box = outbox(tmp_path)
    box.put([reading(3)])
    assert box.newest() == 3


def test_without_a_receipt_it_goes_out_again_each_time_later_and_before_what_is_new(tmp_path: Path) -> None:
    box = outbox(tmp_path, retry_seconds=10, longest_retry_seconds=25)
    box.put([reading(1)])
    one = reading(1).reading_id
    times: list[float] = []
    now = 0.0
    while len(times) < 5:
        if any(row.reading_id == one for row in box.waiting(10, now)):
            box.sent([one], now)
            times.append(now)
        now += 1
    assert times == [0, 10, 30, 55, 80]
    box.put([reading(2)])
    assert [row.reading_id for row in box.waiting(10, now=105)] == [one, reading(2).reading_id]


def test_what_the_broker_never_took_waits_again_at_once(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    box.put([reading(1), reading(2)])
    box.sent([reading(1).reading_id, reading(2).reading_id], now=0)
    assert box.waiting(10, now=1) == []
    box.unsent([reading(2).reading_id])
    assert [row.reading_id for row in box.waiting(10, now=1)] == [reading(2).reading_id]


def test_after_an_outage_no_more_than_the_window_is_sent_without_receipts(tmp_path: Path) -> None:
    box = outbox(tmp_path, under_way=30)
    box.put([reading(n) for n in range(100)])
    for _ in range(5):
        box.sent([row.reading_id for row in box.waiting(20, now=0)], now=0)
    assert box.counts() == Counts(waiting=70, sent=30, stored=0, refused=0)


def test_at_its_limit_the_oldest_are_kept_and_new_ones_refused(tmp_path: Path) -> None:
    box = outbox(tmp_path, readings=3)
    box.put([reading(n) for n in range(3)])
    with pytest.raises(OutboxFull, match="3 readings without receipt of at most 3"):
        box.put([reading(3)])
    assert box.counts().waiting == 3
    box.settle(accepted(reading(0).reading_id), T0)
    assert box.put([reading(3)]) == 1


def test_a_message_the_server_cannot_open_is_refused_and_kept_and_waits_for_a_person(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    box.put([reading(1), reading(2)])
    box.sent([reading(1).reading_id], now=0, digest="aa")
    box.sent([reading(2).reading_id], now=0, digest="bb")
    malformed = MessageReceipt(digest="aa", outcome=Outcome.REJECTED, reason="malformed")
    assert box.settle(Receipts(messages=(malformed,)), T0) == 1
    assert box.counts() == Counts(waiting=0, sent=1, stored=0, refused=1)
    assert [row.reading_id for row in box.waiting(10, now=1e9)] == [reading(2).reading_id]
    assert box.prune(T0 + timedelta(days=999)) == 0
    assert box.retry_refused() == 1
    assert len(box.waiting(10, now=1e9)) == 2


def test_held_by_the_server_is_stored_too_with_its_reason(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    box.put([reading(1)])
    held = Receipt(id=reading(1).reading_id, outcome=Outcome.QUARANTINED, reason="unknown_device")
    box.settle(Receipts(receipts=(held, held)), T0)
    assert box.outcomes() == {reading(1).reading_id: ("quarantined", "unknown_device")}
    assert box.waiting(10, now=1e9) == []


def test_two_gateways_cannot_share_a_file(tmp_path: Path) -> None:
    first = outbox(tmp_path)
    with pytest.raises(OutboxInUse, match="another gateway"):
        outbox(tmp_path)
    first.close()
    outbox(tmp_path).close()


def test_whoever_is_waiting_is_told_of_new_readings(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    told: list[int] = []
    box.on_new = lambda: told.append(1)
    box.put([reading(1)])
    box.put([reading(1)])
    assert told == [1]


def test_every_put_is_on_disk_when_it_returns(tmp_path: Path) -> None:
    """kill -9 right after the put: a child puts, says so, and dies without closing anything."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        outbox(tmp_path).put([reading(1)])
        os.write(write, b".")
        os.kill(os.getpid(), 9)
    assert os.read(read, 1) == b"."
    os.waitpid(child, 0)
    os.close(read)
    os.close(write)
    assert outbox(tmp_path).counts().waiting == 1
