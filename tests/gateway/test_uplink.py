"""The uplink on a real broker: delivery until the receipt, whatever breaks on the way."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.reasoncodes import ReasonCode

from gateway.outbox import Counts, Outbox
from gateway.uplink import Uplink, UplinkBroken
from maixun.runtime.binaries import Binaries
from maixun.runtime.mosquitto import Mosquitto
from tests.gateway.made import outbox, reading, settings
from tests.gateway.server import Server


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A gateway name of this test's own, as the broker is shared."""
    return f"gw-{abs(hash(request.node.nodeid)) % 10**9}"


@asynccontextmanager
async def running(gateway: str, broker: str, box: Outbox, **changed: object) -> AsyncIterator[Uplink]:
    """An uplink that serves for the length of the block, and fails the test when it failed."""
    uplink = Uplink(gateway, broker, box, settings(**changed))
    stop = asyncio.Event()
    task = asyncio.create_task(uplink.run(stop))
    try:
        yield uplink
    finally:
        stop.set()
        await asyncio.wait_for(task, 5)


async def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Looks after every turn of the loop until the condition holds."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def test_readings_arrive_in_lots_and_are_settled_by_receipts(tmp_path: Path, broker: str, name: str) -> None:
    box = outbox(tmp_path)
    box.put([reading(number) for number in range(120)])
    with Server(broker, name) as server:
        async with running(name, broker, box):
            await until(lambda: box.counts().stored == 120)
            box.put([reading(1000)])
            await until(lambda: box.counts().stored == 121)
        assert server.lots == [50, 50, 20, 1]
        assert set(server.came.values()) == {1}
        assert server.content_types == {"application/json"}


async def test_a_lost_receipt_is_repaired_by_sending_again(tmp_path: Path, broker: str, name: str) -> None:
    box = outbox(tmp_path, retry_seconds=0.5)
    box.put([reading(1)])
    with Server(broker, name) as server:
        server.silent = True
        async with running(name, broker, box):
            await until(lambda: server.came[reading(1).reading_id] == 1)
            server.silent = False
            await until(lambda: box.counts().stored == 1)
        assert server.came[reading(1).reading_id] >= 2


async def test_outcomes_reach_the_outbox_with_their_reasons(tmp_path: Path, broker: str, name: str) -> None:
    box = outbox(tmp_path)
    box.put([reading(1)])
    with Server(broker, name, judge=lambda _: {"outcome": "quarantined", "reason": "unknown_device"}):
        async with running(name, broker, box):
            await until(lambda: box.counts().stored == 1)
    assert box.outcomes() == {reading(1).reading_id: ("quarantined", "unknown_device")}


async def test_a_message_nobody_can_open_is_kept_and_does_not_stop_the_next(
    tmp_path: Path, broker: str, name: str
) -> None:
    box = outbox(tmp_path)
    box.put([reading(1)])
    with Server(broker, name) as server:
        server.refuse = True
        async with running(name, broker, box):
            await until(lambda: box.counts().refused == 1)
            server.refuse = False
            box.put([reading(2)])
            await until(lambda: box.counts().stored == 1)
    assert box.counts() == Counts(waiting=0, sent=0, stored=1, refused=1)


async def test_nonsense_as_a_receipt_is_dropped(
    tmp_path: Path, broker: str, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    box = outbox(tmp_path)
    with Server(broker, name) as server:
        async with running(name, broker, box):
            await until(lambda: bool(server.statuses))
            for nonsense in (b"\xff", b"{}{", b'{"v":2,"receipts":[]}', b'{"receipts":[{"id":"x","outcome":"lost"}]}'):
                server._client.publish(f"maixun/1/{name}/receipts", nonsense)
            await until(lambda: len(caplog.records) >= 4)
            box.put([reading(1)])
            await until(lambda: box.counts().stored == 1)


async def test_a_gateway_says_what_waits_and_says_goodbye(tmp_path: Path, broker: str, name: str) -> None:
    box = outbox(tmp_path)
    with Server(broker, name) as server:
        server.silent = True
        box.put([reading(1)])
        async with running(name, broker, box, heartbeat_seconds=0.3):
            await until(lambda: len(server.statuses) >= 3)
        assert server.wait(lambda: not server.statuses[-1]["online"])
    assert {key: server.statuses[0][key] for key in ("v", "online", "queued", "refused")} == {
        "v": 1,
        "online": True,
        "queued": 1,
        "refused": 0,
    }


async def test_waiting_for_a_broker_is_said_once(
    tmp_path: Path, binaries: Binaries, caplog: pytest.LogCaptureFixture
) -> None:
    """Started before the broker, through a kill -9 of it that forgets what it acknowledged, to the last reading."""
    (tmp_path / "broker").mkdir()
    mosquitto = Mosquitto(binaries.mosquitto, tmp_path / "broker")
    box = outbox(tmp_path, retry_seconds=0.5)
    box.put([reading(number) for number in range(100)])
    caplog.set_level(logging.INFO, logger="gateway")
    try:
        async with running("gw-wait", mosquitto.url, box):
            await until(lambda: "waiting for the broker" in caplog.text)
            mosquitto.start()
            await until(lambda: box.counts().sent == 100)  # the broker has them, nobody listens
            mosquitto.kill()
            mosquitto.start()
            with Server(mosquitto.url, "gw-wait") as server:
                await until(lambda: box.counts().stored == 100)
            assert len(server.came) == 100
    finally:
        mosquitto.stop()
    assert caplog.text.count("waiting for the broker") == 2  # once an outage
    assert caplog.text.count("connected to the broker") == 2


async def test_a_broker_that_freezes_is_left_for_a_new_connection(tmp_path: Path, binaries: Binaries) -> None:
    """It answers nothing and does not hang up; MQTT never repeats a message on a living connection."""
    mosquitto = Mosquitto(binaries.mosquitto, tmp_path / "broker")
    mosquitto.start()
    box = outbox(tmp_path)
    now = [0.0]
    uplink = Uplink("gw-frozen", mosquitto.url, box, settings(), monotonic=lambda: now[0])
    task = asyncio.create_task(uplink.run(asyncio.Event()))
    process = mosquitto.process_id
    assert process
    try:
        box.put([reading(1)])
        await until(lambda: box.counts().sent == 1 and not uplink.in_flight)
        os.kill(process, signal.SIGSTOP)
        box.put([reading(2)])
        await until(lambda: uplink.in_flight == 1)
        now[0] += 31
        with pytest.raises(UplinkBroken, match="took nothing for 30 s"):
            await asyncio.wait_for(task, 10)
        os.kill(process, signal.SIGCONT)
        async with running("gw-frozen", mosquitto.url, box):
            await until(lambda: box.counts().sent == 2)
    finally:
        os.kill(process, signal.SIGCONT)
        mosquitto.stop()


class GuardedMosquitto(Mosquitto):
    """Takes nobody without an account, and has none."""

    def prepare(self) -> None:
        """The shipped configuration, without its open door."""
        super().prepare()
        self._configuration.write_text(self._configuration.read_text().replace("anonymous true", "anonymous false"))


async def test_a_broker_that_refuses_is_named_once(
    tmp_path: Path, binaries: Binaries, caplog: pytest.LogCaptureFixture
) -> None:
    mosquitto = GuardedMosquitto(binaries.mosquitto, tmp_path / "broker")
    mosquitto.start()
    attempts: list[int] = []
    try:
        async with running("gw-guarded", mosquitto.url, outbox(tmp_path)) as uplink:
            refused = uplink._connected

            def counted(reason: ReasonCode) -> None:
                attempts.append(1)
                refused(reason)

            uplink._connected = counted  # type: ignore[method-assign]
            await until(lambda: len(attempts) >= 2)
    finally:
        mosquitto.stop()
    assert [record.message for record in caplog.records if "gateway" in record.name] == [
        f"the broker at 127.0.0.1:{mosquitto.port} refuses this gateway: Not authorized"
    ]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_a_dead_network_thread_is_noticed(tmp_path: Path, broker: str, name: str) -> None:
    """paho goes on saying that it is connected."""
    uplink = Uplink(name, broker, outbox(tmp_path), settings())
    with Server(broker, name) as server:
        task = asyncio.create_task(uplink.run(asyncio.Event()))
        await until(lambda: bool(server.statuses))

        def break_down(*_: object) -> None:
            raise ValueError("a bug in a callback")

        uplink._client.on_message = break_down
        server._client.publish(f"maixun/1/{name}/receipts", b"{}")
        with pytest.raises(UplinkBroken, match="network thread"):
            await asyncio.wait_for(task, 10)


async def test_readings_taken_while_the_broker_is_away_arrive_in_order(tmp_path: Path, broker: str, name: str) -> None:
    box = outbox(tmp_path)
    order: list[str] = []

    def judge(item: dict[str, Any]) -> dict[str, str]:
        order.append(item["id"])
        return {"outcome": "accepted"}

    with Server(broker, name, judge=judge):
        box.put([reading(number) for number in (3, 1, 2)])
        async with running(name, broker, box):
            await until(lambda: box.counts().stored == 3)
    assert order == [str(reading(number).reading_id) for number in (3, 1, 2)]
