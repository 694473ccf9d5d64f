"""From packets to the outbox, through crashes at any point of a visit."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from devices.gatt.quirks import UNSTABLE_SEQUENCE
from devices.reading import ClockQuality, Reading
from gateway.collector import Collector
from gateway.outbox import Outbox
from tests.gateway.made import CUFF, POLICY, T0, ZONE, blood_pressure, glucose, outbox

METER = "F0:F1:F2:F3:F4:02"
PERSON = UUID("00000000-0000-4000-8000-000000000001")


def collector(box: Outbox) -> Collector:
    """A collector on that outbox, as after a start of the gateway."""
    return Collector(box, policy=POLICY, zone=ZONE)


def test_a_visit_ends_with_its_readings_in_the_outbox(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    visit = collector(box).open(CUFF, person=PERSON)
    visit.clock(datetime(2026, 11, 21, 16, 0, 5), T0)
    visit.packet("2A35", blood_pressure(0), T0)
    visit.packet("00002a35-0000-1000-8000-00805f9b34fb", blood_pressure(1), T0 + timedelta(seconds=1))
    first, second = visit.close()
    assert isinstance(first, Reading)
    assert (first.device, first.person, first.clock) == (CUFF, PERSON, ClockQuality.EXACT)
    assert first.values["systolic"] == 128
    assert first.reading_id != second.reading_id
    assert box.counts().waiting == 2
    assert visit.close() == []


def test_a_crash_before_the_end_of_a_visit_loses_nothing(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    visit = collector(box).open(CUFF, person=PERSON)
    visit.packet("2A35", blood_pressure(0), T0)
    visit.clock(datetime(2026, 11, 21, 17, 0), T0)  # an hour fast
    visit.packet("2A35", blood_pressure(1), T0)
    box.close()

    box = outbox(tmp_path)
    restarted = collector(box)
    assert restarted.interpret_leftovers() == 2
    assert restarted.interpret_leftovers() == 0
    assert all('"clock":"corrected"' in row.item for row in box.waiting(10, now=0))
    assert all(str(PERSON) in row.item for row in box.waiting(10, now=0))


def test_a_visit_under_way_is_no_leftover(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    here = collector(box)
    visit = here.open(CUFF)
    visit.packet("2A35", blood_pressure(0), T0)
    assert here.interpret_leftovers() == 0
    assert len(visit.close()) == 1


def test_the_same_memory_read_twice_is_kept_once(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    here = collector(box)
    for days in range(3):
        visit = here.open(CUFF)
        for number in range(10):
            visit.packet("2A35", blood_pressure(number), T0 + timedelta(days=days))
        visit.close()
    assert box.counts().waiting == 10


def test_glucose_goes_on_after_the_last_record_also_after_a_reset_of_the_meter(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    here = collector(box)
    assert here.last_record(METER) is None
    for sequences in ([498, 499, 500], [3, 4]):
        visit = here.open(METER)
        for sequence in sequences:
            visit.packet("2A18", glucose(sequence), T0)
        visit.packet("2A52", bytes.fromhex("06000101"), T0)
        assert len(visit.close()) == len(sequences)
        assert here.last_record(METER) == sequences[-1]
    box.close()
    assert collector(outbox(tmp_path)).last_record(METER) == 4


def test_a_meter_whose_record_numbers_move_is_always_read_whole(tmp_path: Path) -> None:
    here = collector(outbox(tmp_path))
    visit = here.open(METER, quirks=frozenset({UNSTABLE_SEQUENCE}))
    visit.packet("2A18", glucose(7), T0)
    visit.close()
    assert here.last_record(METER) is None


def test_bytes_that_nobody_can_read_travel_too(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    visit = collector(box).open(CUFF)
    visit.packet("2A35", b"\x02\x00", T0)
    visit.close()
    (row,) = box.waiting(10, now=0)
    assert '"unusable":"undecodable"' in row.item
    assert '"raw":"2A35:0200"' in row.item


def test_a_visit_without_packets_leaves_no_trace(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    here = collector(box)
    visit = here.open(CUFF)
    visit.clock(datetime(2026, 11, 21, 16, 0), T0)
    assert visit.close() == []
    assert here.journal.uninterpreted() == []


@pytest.mark.parametrize(("days", "left"), [(0, 1), (2, 0)])
def test_the_journal_forgets_what_is_interpreted_and_old(tmp_path: Path, days: int, left: int) -> None:
    box = outbox(tmp_path)
    here = collector(box)
    visit = here.open(CUFF)
    visit.packet("2A35", blood_pressure(0), T0)
    visit.close()
    cut_short = here.open(CUFF)
    cut_short.packet("2A35", blood_pressure(1), T0)
    assert here.journal.prune(T0 + timedelta(days=days)) == 1 - left
    count = box.disk.connection.execute("select count(*) from packet").fetchone()
    assert count == (left + 1,)
