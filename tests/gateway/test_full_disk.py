"""A full disk: the gateway says so, takes nothing it cannot keep, loses nothing, and goes on when there is room."""

from __future__ import annotations

import itertools
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.collector import Collector, OpenVisit
from gateway.disk import Disk
from gateway.outbox import Outbox, OutboxFull
from gateway.salvage import opened
from tests.gateway.made import CUFF, POLICY, T0, ZONE, accepted, blood_pressure, outbox, reading


@contextmanager
def files_no_longer_than(size: int) -> Iterator[None]:
    """The kernel refuses every write beyond that length, as it does on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def fill(box: Outbox) -> None:
    """Ten readings a commit until it raises."""
    for lot in itertools.count():
        box.put([reading(lot * 10 + n) for n in range(10)])


def hear(visit: OpenVisit, kept: list[int]) -> None:
    """Packet after packet until it raises; `kept` are those that may be acknowledged."""
    for number in itertools.count(len(kept)):
        visit.packet("2A35", blood_pressure(number), T0)
        kept.append(number)


def test_a_refused_write_keeps_nothing_of_it_and_everything_before(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    with files_no_longer_than(300_000), pytest.raises(OutboxFull, match=r"cannot be written .* make room"):
        fill(box)
    kept = box.counts().waiting
    assert kept > 0
    assert kept % 10 == 0
    assert box.put([reading(100_000)]) == 1
    box.close()
    assert outbox(tmp_path).counts().waiting == kept + 1


def test_the_meter_gets_no_acknowledgement_and_hands_its_record_over_later(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    visit = Collector(box, policy=POLICY, zone=ZONE).open(CUFF)
    kept: list[int] = []
    box.disk.connection.execute("pragma max_page_count = 30")
    with pytest.raises(OutboxFull, match="keep their records"):
        hear(visit, kept)
    with pytest.raises(OutboxFull):
        visit.close()

    box.disk.connection.execute("pragma max_page_count = 1000000")
    again = Collector(box, policy=POLICY, zone=ZONE)
    assert again.interpret_leftovers() == len(kept)
    visit = again.open(CUFF)
    visit.packet("2A35", blood_pressure(len(kept)), T0)
    visit.close()
    assert box.counts().waiting == len(kept) + 1


def test_receipts_are_noted_and_rows_pruned_within_the_reserve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    box = outbox(tmp_path, reserve_bytes=16 << 20)
    box.put([reading(1)])
    monkeypatch.setattr(Disk, "_free", lambda _disk: 15 << 20)
    with pytest.raises(OutboxFull, match="less than 16 MB free; 15 MB are free"):
        box.put([reading(2)])
    assert box.settle(accepted(reading(1).reading_id), T0) == 1
    monkeypatch.setattr(Disk, "_free", lambda _disk: 17 << 20)
    assert box.put([reading(2)]) == 1


def test_what_was_pruned_makes_room_within_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    box = outbox(tmp_path, reserve_bytes=1 << 20)
    readings = [reading(number) for number in range(5000)]
    box.put(readings)
    monkeypatch.setattr(Disk, "_free", lambda _disk: 0)
    with pytest.raises(OutboxFull):
        box.put([reading(5000)])
    box.settle(accepted(*(one.reading_id for one in readings)), T0)
    assert box.prune(T0 + timedelta(days=1)) == 5000
    assert box.put([reading(5000)]) == 1


def test_a_damaged_file_on_a_full_disk_stays_where_it_is(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    box.put([reading(number) for number in range(500)])
    box.close()
    path = box.disk.path
    path.write_bytes(b"\xa5" * 16 + path.read_bytes()[16:])
    with files_no_longer_than(20_000), pytest.raises(OutboxFull, match="cannot be"):
        opened(path)
    assert len(opened(path).waiting(1000, now=0)) == 500
