"""Memories that are sent again: the same record is the same item, whatever carried it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from devices.gatt.glucose import Concentration, Glucose
from devices.gatt.glucose_context import GlucoseContext
from devices.gatt.quirks import UNSTABLE_SEQUENCE
from devices.ieee11073 import DateTime, Quantity
from tests.devices.visits import (
    GLUCOSE,
    NOW,
    SHOWN,
    cuff,
    glucose,
    one,
    visit,
)


@pytest.mark.parametrize("hours", [0, 1, 5000])
def test_a_memory_that_is_sent_again_later_through_another_gateway_gives_the_same_ids(hours: int) -> None:
    memory = [("2A35", cuff(Quantity(systolic, 0))) for systolic in range(120, 140)]
    first = visit(*memory)
    again = visit(*reversed(memory), at=NOW + timedelta(hours=hours), clock=SHOWN + timedelta(days=3))
    assert {item.reading_id for item in first} == {item.reading_id for item in again}
    assert len({item.reading_id for item in first}) == 20


def test_a_record_that_comes_twice_in_one_visit_is_one_reading() -> None:
    assert len(visit(("2A35", cuff()), ("2a35", cuff()))) == 1


def test_two_live_measurements_of_a_meter_without_a_clock_are_two_readings() -> None:
    ids = {visit(("2A35", cuff(time=None)), at=NOW + timedelta(minutes=n))[0].reading_id for n in range(3)}
    assert len(ids) == 3


def test_a_glucose_record_is_the_same_with_and_without_its_context_and_after_the_user_moved_the_clock() -> None:
    context = ("2A34", GlucoseContext(sequence=7, meal=3).encode())
    forms = [
        one(("2A18", glucose())),
        one(("2A18", glucose(context_follows=True)), context),
        one(("2A18", glucose(offset=60))),
    ]
    assert len({reading.reading_id for reading in forms}) == 1
    assert one(("2A18", glucose(sequence=8))).reading_id != forms[0].reading_id


def test_a_meter_whose_sequence_numbers_move_is_known_by_time_and_value() -> None:
    quirks = frozenset({UNSTABLE_SEQUENCE})
    ids = {one(("2A18", glucose(sequence=sequence)), quirks=quirks).reading_id for sequence in range(5)}
    assert len(ids) == 1
    assert one(("2A18", glucose(Quantity(56, -4))), quirks=quirks).reading_id not in ids
    assert one(("2A18", glucose(offset=60, context_follows=True)), quirks=quirks).reading_id in ids


def test_a_stored_record_without_a_date_is_known_by_its_bytes() -> None:
    result = Concentration(unit="mol/L", value=GLUCOSE, sample=1, location=1)
    undated = Glucose(sequence=7, base_time=DateTime(0, 0, 0, 7, 30, 0), concentration=result).encode()
    other = Glucose(sequence=8, base_time=DateTime(0, 0, 0, 7, 30, 0), concentration=result).encode()
    ids = {visit(("2A18", undated), at=NOW + timedelta(days=n))[0].reading_id for n in range(3)}
    assert len(ids) == 1
    assert one(("2A18", other)).reading_id not in ids


def test_undecodable_bytes_that_come_again_are_the_same_item() -> None:
    ids = {visit(("2A35", b"\x02\x03"), at=NOW + timedelta(days=n))[0].reading_id for n in range(3)}
    assert len(ids) == 1
