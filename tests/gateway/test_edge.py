"""The whole gateway: killed, stopped, damaged, failing, doubled; what it acknowledged to a meter always arrives."""

from __future__ import annotations

import asyncio
import logging
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from gateway.collector import Collector
from gateway.disk import Disk
from gateway.edge import Edge
from gateway.outbox import OutboxFull
from gateway.salvage import opened
from maixun.runtime.service import free_port
from tests.gateway.edge_process import ScriptedRadio
from tests.gateway.made import CUFF, POLICY, T0, ZONE, accepted, blood_pressure, outbox, reading, settings
from tests.gateway.server import Server
from tests.gateway.test_uplink import until


@contextmanager
def process(broker: str, folder: Path, name: str, first: int, count: int) -> Iterator[subprocess.Popen[str]]:
    """A gateway in a process of its own, killed at the end if it still runs."""
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "tests.gateway.edge_process", broker, str(folder), name, str(first), str(count)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        try:
            yield running
        finally:
            running.kill()


def acknowledged(running: subprocess.Popen[str]) -> set[UUID]:
    """What the radio may have acknowledged to the meter: all it says until its script is over."""
    assert running.stdout
    return {UUID(line.strip()) for line in iter(running.stdout.readline, "heard\n")}


def test_killed_between_put_and_receipt_nothing_is_lost(tmp_path: Path, broker: str) -> None:
    with Server(broker, "gw-killed") as server:
        server.silent = True
        with process(broker, tmp_path, "gw-killed", 0, 300) as running:
            told = acknowledged(running)
            assert server.wait(lambda: bool(server.came))
            running.kill()
            running.wait(10)
        assert len(told) == 300
        server.silent = False
        with process(broker, tmp_path, "gw-killed", 300, 1):
            assert server.wait(lambda: len(server.came) == 301)
            assert told <= set(server.came)


@pytest.mark.parametrize("reachable", [True, False])
def test_sigterm_ends_it_cleanly_and_in_time(tmp_path: Path, broker: str, reachable: bool) -> None:
    with Server(broker, f"gw-term-{reachable}") as server:
        address = broker if reachable else f"mqtt://127.0.0.1:{free_port()}"
        with process(address, tmp_path, f"gw-term-{reachable}", 0, 10) as running:
            acknowledged(running)
            assert not reachable or server.wait(lambda: len(server.came) == 10)
            running.send_signal(signal.SIGTERM)
            assert running.wait(5) == 0
        assert not reachable or server.wait(lambda: server.statuses[-1]["online"] is False)


def test_killed_in_the_middle_of_anything_the_last_will_speaks(tmp_path: Path, broker: str) -> None:
    with Server(broker, "gw-will") as server, process(broker, tmp_path, "gw-will", 0, 1) as running:
        assert server.wait(lambda: bool(server.statuses))
        running.kill()
        assert server.wait(lambda: server.statuses[-1] == {"v": 1, "online": False}, seconds=40)


def test_two_gateways_that_hear_the_same_memory_name_the_same_readings(tmp_path: Path, broker: str) -> None:
    with Server(broker, "gw-a") as one, Server(broker, "gw-b") as other:
        with (
            process(broker, tmp_path / "a", "gw-a", 0, 50),
            process(broker, tmp_path / "b", "gw-b", 0, 50),
        ):
            assert one.wait(lambda: len(one.came) == 50)
            assert other.wait(lambda: len(other.came) == 50)
        assert set(one.came) == set(other.came)


async def test_visits_cut_short_by_a_crash_are_interpreted_at_the_start(tmp_path: Path, broker: str) -> None:
    box = outbox(tmp_path)
    visit = Collector(box, policy=POLICY, zone=ZONE).open(CUFF)
    for number in range(5):
        visit.packet("2A35", blood_pressure(number), T0)
    box.close()
    with Server(broker, "gw-cut") as server:
        edge = Edge("gw-cut", ScriptedRadio(0, 0), broker, box.disk.path, settings(), POLICY)
        await _serve_until(edge, lambda: len(server.came) == 5)


async def test_a_file_damaged_while_it_runs_is_recovered_and_everything_goes_on(
    tmp_path: Path, broker: str, caplog: pytest.LogCaptureFixture
) -> None:
    class DamagingRadio(ScriptedRadio):
        async def run(self, collector: Collector, stop: asyncio.Event) -> None:
            await super().run(collector, stop)
            change = "update reading set item = replace(item, 'systolic', 'diastole') where sequence = 7"
            collector.outbox.disk.connection.execute(change)
            self.numbers = range(0)

    caplog.set_level(logging.WARNING)
    path = tmp_path / "outbox.sqlite3"
    aside = path.with_name("outbox.sqlite3.damaged-1")

    with Server(broker, "gw-damaged") as server:
        server.silent = True  # without receipts it has to send them again, and looks at each before
        edge = Edge("gw-damaged", DamagingRadio(0, 20), broker, path, settings(retry_seconds=0.5), POLICY)
        stop = asyncio.Event()
        task = asyncio.create_task(edge.run(stop))
        await until(aside.exists)
        server.silent = False
        stop.set()
        await asyncio.wait_for(task, 5)
    box = opened(path)
    assert box.counts().unsettled + box.counts().stored == 20
    assert "diastole" not in "".join(row.item for row in box.waiting(20, now=1e9))
    assert "is damaged" in caplog.text


async def test_a_full_disk_is_waited_out(tmp_path: Path, broker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class PatientRadio:
        """Tries until it is taken, as a meter that keeps its record."""

        refused = 0

        async def run(self, collector: Collector, stop: asyncio.Event) -> None:
            while not stop.is_set():
                visit = collector.open(CUFF)
                try:
                    visit.packet("2A35", blood_pressure(1), T0 + timedelta(seconds=1))
                    visit.close()
                    return
                except OutboxFull:
                    self.refused += 1
                await asyncio.sleep(0.05)

    radio = PatientRadio()
    monkeypatch.setattr(Disk, "_free", lambda _disk: 0)
    with Server(broker, "gw-full") as server:
        edge = Edge("gw-full", radio, broker, tmp_path / "outbox.sqlite3", settings(), POLICY)
        stop = asyncio.Event()
        task = asyncio.create_task(edge.run(stop))
        await until(lambda: radio.refused >= 3)
        monkeypatch.undo()
        await until(lambda: len(server.came) == 1)
        stop.set()
        await asyncio.wait_for(task, 5)


async def test_when_room_is_short_what_the_server_has_goes_at_once(
    tmp_path: Path, broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = outbox(tmp_path)
    box.put([reading(number) for number in range(100)])
    box.settle(accepted(*(reading(number).reading_id for number in range(99))), datetime.now(UTC))
    box.close()
    monkeypatch.setattr(Disk, "_free", lambda _disk: 0)
    with Server(broker, "gw-short") as server:
        edge = Edge("gw-short", ScriptedRadio(0, 0), broker, box.disk.path, settings(), POLICY)
        await _serve_until(edge, lambda: len(server.came) == 1)
    assert outbox(tmp_path).counts().stored <= 1


async def test_a_failing_radio_does_not_stop_the_readings(
    tmp_path: Path, broker: str, caplog: pytest.LogCaptureFixture
) -> None:
    class FailingRadio:
        async def run(self, collector: Collector, _stop: asyncio.Event) -> None:
            visit = collector.open(CUFF)
            visit.packet("2A35", blood_pressure(1), T0)
            visit.close()
            raise ValueError("a driver's bug")

    with Server(broker, "gw-failing") as server:
        edge = Edge("gw-failing", FailingRadio(), broker, tmp_path / "outbox.sqlite3", settings(), POLICY)
        await _serve_until(edge, lambda: len(server.came) == 1)
    assert "radio failed" in caplog.text
    assert "a driver's bug" in caplog.text


async def _serve_until(edge: Edge, condition: Callable[[], bool]) -> None:
    stop = asyncio.Event()
    task = asyncio.create_task(edge.run(stop))
    await until(condition)
    stop.set()
    await asyncio.wait_for(task, 5)
