"""What holds for every visit, whatever packets came."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.gatt import DECODERS
from devices.gatt.date_time import Clock
from devices.gatt.quirks import KNOWN
from devices.gatt.racp import report_all
from devices.interpret import Packet, Visit, interpret
from devices.reading import ClockQuality, Flag, Reading, Unusable
from tests.devices.policy import METRICS, POLICY, SHANGHAI
from tests.devices.vectors import VECTORS
from tests.devices.visits import (
    METER,
    NOW,
    TIME,
    cuff,
    glucose,
    visit,
)


def test_conversation_with_the_meter_is_no_reading() -> None:
    assert visit(("2A52", report_all()), ("2A08", Clock(TIME).encode()), ("2A2B", b""), ("2A36", b"")) == []


def test_undecodable_and_unknown_packets_are_kept_and_spoil_nothing() -> None:
    items = visit(("2A35", b""), ("2A99", b"\x01"), ("2A35", cuff()))
    assert [item.reason for item in items if isinstance(item, Unusable)] == ["undecodable", "undecodable"]
    assert [item.values for item in items if isinstance(item, Reading)] == [{"systolic": 128, "diastolic": 82}]


@pytest.mark.parametrize("person", [None, UUID(int=7)])
def test_whoever_identified_at_the_meter_is_on_every_reading(person: UUID | None) -> None:
    packets = (Packet("2A35", cuff(), NOW), Packet("2A18", glucose(), NOW))
    items = interpret(Visit(METER, packets, person, None, frozenset(), SHANGHAI), POLICY)
    assert [item.person for item in items if isinstance(item, Reading)] == [person, person]


packets = st.sampled_from([(each.uuid, each.packet) for each in VECTORS]) | st.tuples(
    st.sampled_from(sorted(DECODERS)), st.binary(max_size=24)
)


@given(st.lists(packets, max_size=12), st.sets(st.sampled_from(sorted(KNOWN))), st.datetimes() | st.none())
def test_whatever_comes_gives_readings_that_say_what_they_are(
    sent: list[tuple[str, bytes]], quirks: set[str], clock: datetime | None
) -> None:
    items = visit(*sent, clock=clock, quirks=frozenset(quirks))
    assert len({item.reading_id for item in items}) == len(items)
    for item in items:
        assert item.raw
        if isinstance(item, Reading):
            assert set(item.values) <= set(METRICS)
            assert (item.measured_at is None) == (item.clock is ClockQuality.UNUSABLE)
            assert item.values or item.flags & (Flag.ABOVE_RANGE | Flag.BELOW_RANGE)
    assert {item.reading_id for item in visit(*sent, clock=clock, quirks=frozenset(quirks))} == {
        item.reading_id for item in items
    }
