"""Settings from afar: the server judges whether a gateway came back with them, and whatever fails is taken back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from gateway.adapter import AdapterState
from gateway.collector import Collector
from gateway.edge import Edge
from gateway.meters import Meters, MeterState
from gateway.remote_settings import TRIAL_SECONDS, RemoteSettings
from gateway.turns import Failing
from ingest.accounts import NewStaff, Role, create_staff
from ingest.registry import register_station
from maixun.runtime.binaries import Binaries
from maixun.runtime.mosquitto import Mosquitto
from tests.gateway.made import POLICY, settings
from tests.gateway.test_uplink import until
from tests.ingest.line import worker


class Time:
    """Monotonic seconds, moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class OneMeter:
    """A radio that has visited one meter, and an adapter that is in trouble."""

    adapter = AdapterState(name="hci0", present=True, powered=True, trouble="nothing is heard on hci0:\npull it out")
    failing = (Failing("A4:C1:38:00:00:02", 3, "it does not let itself be paired – 配对", left_alone=True),)

    async def run(self, collector: Collector, stop: asyncio.Event) -> None:
        """Note the visit, then nothing."""
        visit = MeterState(device="A4:C1:38:00:00:01", model="ua-651", last_visit=datetime.now(UTC), battery=17)
        Meters(collector.outbox.disk).visited(visit)
        await stop.wait()


@pytest.fixture
def broker(binaries: Binaries, tmp_path: Path) -> Iterator[str]:
    """A broker of its own: on a shared one the sessions of other tests' workers would be dealt these readings."""
    server = Mosquitto(binaries.mosquitto, tmp_path / "mosquitto")
    server.start()
    yield server.url
    server.stop()


@pytest.fixture
def gateway(connection: psycopg.Connection[Any]) -> str:
    """A gateway the database knows."""
    create_staff(connection, NewStaff(login="admin", display_name="管理员", role=Role.ADMIN), password_hash="-")
    station = register_station(connection, name="青河卫生站", township="青河镇", region_code="330100000001")
    connection.execute("insert into fleet.gateway values ('gw-remote', %s, now(), null)", [station])
    return "gw-remote"


def want(connection: psycopg.Connection[Any], gateway: str, version: int, **values: object) -> None:
    """What the page does."""
    connection.execute(
        "insert into fleet.settings (gateway, version, settings, created_at, staff_id)"
        " select %s, %s, %s, now(), staff_id from care.staff",
        [gateway, version, Jsonb(values)],
    )


def became(connection: psycopg.Connection[Any], version: int) -> str | None:
    """What the database knows of a version."""
    row = connection.execute(
        "select case when kept_at is not null then 'kept' when refused_at is not null then refused_why end"
        " from fleet.settings where version = %s",
        [version],
    ).fetchone()
    assert row is not None
    return None if row[0] is None else str(row[0])


def status(connection: psycopg.Connection[Any], key: str) -> Any:
    """One thing the gateway last said."""
    row = connection.execute(
        "select status -> %s from telemetry.gateway_status where gateway = 'gw-remote'", [key]
    ).fetchone()
    return row[0] if row else None


@asynccontextmanager
async def serving(gateway: str, broker: str, folder: Path, time: Time) -> AsyncIterator[Edge]:
    """The gateway's process, inside this one."""
    own = settings(heartbeat_seconds=0.2, will_delay_seconds=0)
    edge = Edge(gateway, OneMeter(), broker, folder / "outbox.sqlite3", own, POLICY)
    edge._remote = RemoteSettings(folder / "outbox.settings.json", own, monotonic=time)
    stop = asyncio.Event()
    task = asyncio.create_task(edge.run(stop))
    try:
        yield edge
    finally:
        stop.set()
        await asyncio.wait_for(task, 10)


async def test_settings_reach_the_gateway_are_kept_and_outlive_a_restart(
    connection: psycopg.Connection[Any], database: str, broker: str, gateway: str, tmp_path: Path
) -> None:
    want(connection, gateway, 1, readings_a_message=7, heartbeat_seconds=5)
    with worker(database, broker, "remote-1"):
        async with serving(gateway, broker, tmp_path, Time()) as edge:
            await until(lambda: became(connection, 1) == "kept" and not edge._remote.on_trial)
            assert edge._settings.readings_a_message == 7
            assert status(connection, "settings") == 1
        async with serving(gateway, broker, tmp_path, Time()) as edge:
            assert edge._remote.in_force().settings.readings_a_message == 7


async def test_a_broker_that_leads_nowhere_is_left_again(
    connection: psycopg.Connection[Any], database: str, broker: str, gateway: str, tmp_path: Path
) -> None:
    """Nobody answers there: after the time of a trial the gateway is back where it was, and says what happened."""
    time = Time()
    with worker(database, broker, "remote-2"):
        async with serving(gateway, broker, tmp_path, time) as edge:
            await until(lambda: status(connection, "settings") == 0)
            want(connection, gateway, 1, broker="mqtt://127.0.0.1:1")
            await until(lambda: edge._remote.on_trial)
            await until(lambda: status(connection, "online") is False)
            time.now += TRIAL_SECONDS
            await until(lambda: became(connection, 1) == "not_heard")
            await until(lambda: status(connection, "online") is True)
            assert status(connection, "settings") == 0
            want(connection, gateway, 2, keepalive_seconds=30)
            await until(lambda: became(connection, 2) == "kept")


async def test_impossible_settings_are_refused_at_once_and_once(
    connection: psycopg.Connection[Any], database: str, broker: str, gateway: str, tmp_path: Path
) -> None:
    want(connection, gateway, 1, unheard_of=True)
    with worker(database, broker, "remote-3"):
        async with serving(gateway, broker, tmp_path, Time()):
            await until(lambda: became(connection, 1) == "invalid")


async def test_the_heartbeat_tells_adapter_meters_clock_and_what_waits(
    connection: psycopg.Connection[Any], database: str, broker: str, gateway: str, tmp_path: Path
) -> None:
    with worker(database, broker, "remote-4"):
        async with serving(gateway, broker, tmp_path, Time()):
            await until(lambda: bool(status(connection, "meters")))
            await until(lambda: status(connection, "clock_offset") is not None)
    (meter,) = status(connection, "meters")
    assert (meter["device"], meter["battery"]) == ("A4:C1:38:00:00:01", 17)
    assert abs(status(connection, "clock_offset")) < 60
    assert status(connection, "adapter") == "silent"
    assert status(connection, "adapter_says") == "nothing is heard on hci0: pull it out"
    (failing,) = status(connection, "failing")
    assert (failing["device"], failing["failures"]) == ("A4:C1:38:00:00:02", 3)
    assert (status(connection, "queued"), status(connection, "refused")) == (0, 0)
    assert status(connection, "version")


def test_a_process_that_ends_during_the_trial_takes_the_settings_back(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    own = settings()
    remote = RemoteSettings(path, own)
    assert remote.hear(command(version=1, keepalive_seconds=33))
    assert remote.hear(b'{"v":1,"keep":1}')
    assert remote.hear(command(version=2, keepalive_seconds=44))
    again = RemoteSettings(path, own)
    assert again.in_force().settings.keepalive_seconds == 33
    assert again.report() == {
        "settings": 1,
        "trial": False,
        "refused_settings": {"version": 2, "why": "restarted"},
    }
    assert not again.hear(command(version=2, keepalive_seconds=44)), "what was refused is not tried twice"
    path.write_text("{damaged")
    assert RemoteSettings(path, own).in_force().settings == own


def command(version: int, **values: object) -> bytes:
    """As the server sends it."""
    return json.dumps({"v": 1, "settings": {"version": version, "settings": values}}).encode()


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("push"), st.integers(1, 4)),
        st.tuples(st.just("keep"), st.integers(1, 4)),
        st.tuples(st.just("wait"), st.sampled_from([1.0, TRIAL_SECONDS])),
        st.tuples(st.just("restart"), st.just(0)),
        st.tuples(st.just("nonsense"), st.just(0)),
    ),
    max_size=12,
)


@given(events=EVENTS)
@hypothesis_settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_only_what_the_server_confirmed_outlives_a_trial(events: list[tuple[str, float]], tmp_path: Path) -> None:
    """Whatever happens in whatever order: after the time of a trial the last confirmed settings are in force."""
    path, time, own = tmp_path / "settings.json", Time(), settings()
    path.unlink(missing_ok=True)
    remote, confirmed, trying = RemoteSettings(path, own, monotonic=time), 0, 0
    for what, number in events:
        if what == "push":
            remote.hear(command(version=int(number), keepalive_seconds=100 + int(number)))
        elif what == "keep":
            remote.hear(json.dumps({"keep": int(number)}).encode())
            confirmed = int(number) if trying == number else confirmed
        elif what == "wait":
            time.now += number
            remote.changed()
        elif what == "restart":
            remote = RemoteSettings(path, own, monotonic=time)
        else:
            remote.hear(b"\xff{")
        trying = int(str(remote.report()["settings"])) if remote.on_trial else 0
    time.now += TRIAL_SECONDS
    remote.changed()
    expected = 100 + confirmed if confirmed else own.keepalive_seconds
    assert remote.in_force().settings.keepalive_seconds == expected
