"""A damaged outbox: said so, set aside, and everything that can be read out of it goes on."""

from __future__ import annotations

import logging
import shutil
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from gateway.collector import Collector
from gateway.outbox import Outbox, OutboxDamaged
from gateway.salvage import opened
from tests.gateway.made import CUFF, POLICY, T0, ZONE, blood_pressure, outbox, reading

PAGE = 4096
READINGS = 500
PACKETS = 60


def everything(box: Outbox) -> set[UUID]:
    return {row.reading_id for row in box.waiting(10_000, now=0)}


@pytest.fixture
def full(tmp_path: Path) -> Path:
    """The file of an outbox with 500 readings, and a visit of 60 packets cut short before its readings were stored."""
    box = outbox(tmp_path)
    box.put([reading(number) for number in range(READINGS)])
    visit = Collector(box, policy=POLICY, zone=ZONE).open(CUFF)
    for number in range(PACKETS):
        visit.packet("2A35", blood_pressure(1000 + number), T0 + timedelta(seconds=number))
    box.close()
    return box.disk.path


def overwrite(path: Path, offset: int, garbage: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(garbage)


def pages_holding(path: Path, text: bytes) -> list[int]:
    content = path.read_bytes()
    return [at for at in range(PAGE, len(content), PAGE) if text in content[at : at + PAGE]]


def test_one_page_lost_costs_its_rows_alone(full: Path, caplog: pytest.LogCaptureFixture) -> None:
    before = full.read_bytes()
    leaf = pages_holding(full, b'"systolic"')
    overwrite(full, leaf[3], b"\xa5" * PAGE)
    damaged = full.read_bytes()

    with pytest.raises(OutboxDamaged, match="is damaged"):
        Outbox(full)
    with caplog.at_level(logging.WARNING):
        box = opened(full)

    aside = full.with_name(full.name + ".damaged-1")
    assert aside.read_bytes() == damaged != before
    kept = everything(box)
    assert READINGS - 20 < len(kept) < READINGS
    assert kept < {reading(number).reading_id for number in range(READINGS)}
    assert f"{len(kept)} readings, and {PACKETS} raw packets of 1 visits" in caplog.text
    assert str(aside) in caplog.text
    assert Collector(box, policy=POLICY, zone=ZONE).interpret_leftovers() == PACKETS
    assert box.newest() == READINGS + PACKETS


@pytest.mark.parametrize("length", [16, 100, PAGE])
def test_a_lost_first_page_costs_nothing(full: Path, length: int) -> None:
    overwrite(full, 0, b"\xa5" * length)
    box = opened(full)
    assert len(everything(box)) == READINGS
    assert Collector(box, policy=POLICY, zone=ZONE).interpret_leftovers() == PACKETS


def test_a_changed_value_is_noticed_although_sqlite_does_not(full: Path) -> None:
    content = full.read_bytes()
    overwrite(full, content.index(b'"systolic":128'), b'"systolic":182')
    with pytest.raises(OutboxDamaged, match="checksum"):
        Outbox(full)
    assert len(everything(opened(full))) == READINGS - 1


def test_a_value_changed_while_the_gateway_runs_is_never_sent(full: Path) -> None:
    box = Outbox(full)
    box.disk.connection.execute("update reading set item = replace(item, '128.0', '182.0') where sequence = 7")
    with pytest.raises(OutboxDamaged, match="checksum"):
        box.waiting(10, now=0)


def test_the_journal_gives_back_what_the_outbox_lost(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    collector = Collector(box, policy=POLICY, zone=ZONE)
    visit = collector.open(CUFF)
    for number in range(PACKETS):
        visit.packet("2A35", blood_pressure(number), T0)
    entries = visit.close()
    path = box.disk.path
    box.close()
    for page in pages_holding(path, b'"systolic"'):
        overwrite(path, page, b"\xa5" * PAGE)

    box = opened(path)
    assert everything(box) == set()
    assert Collector(box, policy=POLICY, zone=ZONE).interpret_leftovers() == PACKETS
    assert everything(box) == {entry.reading_id for entry in entries}


@pytest.mark.parametrize("keep", [0.9, 0.3])
def test_a_file_cut_short_gives_what_is_left(full: Path, keep: float) -> None:
    with full.open("r+b") as file:
        file.truncate(int(full.stat().st_size * keep) // PAGE * PAGE)
    box = opened(full)
    assert len(everything(box)) > READINGS * keep / 3
    assert box.put([reading(9999)]) == 1


def test_not_a_database_at_all(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite3"
    path.write_bytes(b"hello" * 5000)
    box = opened(path)
    assert everything(box) == set()
    assert path.with_name("outbox.sqlite3.damaged-1").read_bytes() == b"hello" * 5000


def test_damaged_twice_keeps_both(full: Path) -> None:
    for _ in range(2):
        overwrite(full, 0, b"\xa5" * 16)
        opened(full).close()
    assert sorted(path.suffix for path in full.parent.glob("*.damaged-?")) == [".damaged-1", ".damaged-2"]


def test_a_crash_between_setting_aside_and_the_new_file_is_made_good(full: Path) -> None:
    recovered = full.with_name(full.name + ".recovered")
    shutil.copyfile(full, recovered)
    full.rename(full.with_name(full.name + ".damaged-1"))
    assert len(everything(opened(full))) == READINGS
    assert not recovered.exists()
