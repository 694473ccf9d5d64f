"""The queue of meters: in the order they were heard, a rest after each visit, a longer one where nothing comes."""

from __future__ import annotations

import asyncio

from bleak.backends.device import BLEDevice

from gateway.patience import Patience
from gateway.turns import Failing, Turns


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def meter(address: str) -> BLEDevice:
    return BLEDevice(address, None, {})


def empty(turns: Turns) -> bool:
    """Whether nobody waits: the queue is asked, and does not answer at once."""
    waiting = turns.next()
    try:
        waiting.send(None)
    except StopIteration:
        return False
    waiting.close()
    return True


async def test_first_heard_first_visited_each_once() -> None:
    turns = Turns(Patience(), Clock())
    for address in ("A", "B", "A"):
        turns.heard(meter(address))
    assert [(await turns.next()).address, (await turns.next()).address] == ["A", "B"]
    assert empty(turns)


async def test_who_waits_is_woken_by_the_first_that_is_heard() -> None:
    turns = Turns(Patience(), Clock())
    waiting = asyncio.create_task(turns.next())
    await asyncio.sleep(0)
    turns.heard(meter("A"))
    assert (await asyncio.wait_for(waiting, 5)).address == "A"


async def test_after_a_visit_a_meter_rests_and_is_then_heard_again() -> None:
    clock = Clock()
    turns = Turns(Patience(revisit=3.0), clock)
    turns.visited("A", fruitful=True)
    turns.heard(meter("A"))
    assert empty(turns)
    clock.seconds += 3.0
    turns.heard(meter("A"))
    assert not empty(turns)


async def test_visits_that_bring_nothing_become_rarer_up_to_a_limit() -> None:
    clock = Clock()
    turns = Turns(Patience(revisit=3.0, fruitless=10.0), clock)
    rests = []
    for fruitful in (True, False, False, False, True):
        turns.visited("A", fruitful=fruitful)
        began = clock.seconds
        while empty(turns):
            clock.seconds += 1.0
            turns.heard(meter("A"))
        rests.append(clock.seconds - began)
    assert rests == [3.0, 6.0, 10.0, 10.0, 3.0]


async def test_a_meter_that_only_fails_is_left_alone_for_a_while_and_the_reason_is_kept() -> None:
    clock = Clock()
    turns = Turns(Patience(failures=3, left_alone=600.0, gone=60.0), clock)
    for _ in range(3):
        turns.visited("A", fruitful=False, failure="it hung up")
    assert turns.failing() == [Failing("A", 3, "it hung up", left_alone=True)]
    for _ in range(59):
        clock.seconds += 10.0
        turns.heard(meter("A"))
        assert empty(turns)
    clock.seconds += 10.0
    turns.heard(meter("A"))
    assert not empty(turns)
    turns.visited("A", fruitful=True)
    assert turns.failing() == []


async def test_a_meter_that_was_left_alone_and_comes_back_is_visited_at_once() -> None:
    clock = Clock()
    turns = Turns(Patience(failures=1, left_alone=600.0, gone=60.0), clock)
    turns.visited("A", fruitful=False, failure="it hung up")
    clock.seconds += 60.0
    turns.heard(meter("A"))
    assert not empty(turns)


def test_a_visit_that_brought_something_is_no_failure() -> None:
    turns = Turns(Patience(failures=1), Clock())
    turns.visited("A", fruitful=True, failure="it hung up in the middle")
    assert turns.failing() == []


async def test_nobody_waits_any_more_when_the_scan_was_begun_anew() -> None:
    turns = Turns(Patience(), Clock())
    turns.heard(meter("A"))
    turns.begin_anew()
    assert empty(turns)
