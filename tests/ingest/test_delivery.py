"""From broker to database and back: receipts, redelivery, outages; nothing lost, nothing doubled."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from prometheus_client import REGISTRY

from ingest.inbox import Inbox
from ingest.metrics import SETTLED
from ingest.migrate import migrate
from ingest.service import run
from ingest.settings import IngestSettings
from maixun.runtime.binaries import Binaries
from maixun.runtime.mosquitto import Mosquitto
from maixun.runtime.postgres import Postgres
from tests.ingest.county import County, digest, message, pressure, settle
from tests.ingest.line import Gateway, WorkerProcess, count, eventually, ready, worker


@pytest.fixture
def own_broker(binaries: Binaries, tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker of the test's own: to be killed, and without the sessions that other tests' workers left."""
    server = Mosquitto(binaries.mosquitto, tmp_path / "broker")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def own_postgres(binaries: Binaries, tmp_path: Path) -> Iterator[Postgres]:
    """A durable server of the test's own, to be killed."""
    server = Postgres(binaries.postgresql, tmp_path / "postgres")
    server.start()
    yield server
    server.stop()


PRESENT = datetime.now(UTC) - timedelta(minutes=1)  # a worker reads the real clock


def fresh(county: County, numbers: Iterable[int]) -> list[dict[str, Any]]:
    """Readings of these numbers, measured a moment ago."""
    return [pressure(county.cuff, number, at=PRESENT) for number in numbers]


def send(gateway: Gateway, items: Sequence[dict[str, Any]], size: int = 50) -> list[str]:
    """Publish the items, so many a message; returns their ids."""
    for start in range(0, len(items), size):
        gateway.publish(message(items[start : start + size], gateway=gateway.name).payload)
    return [item["id"] for item in items]


def test_every_reading_is_answered_after_it_is_stored(database: str, county: County, own_broker: Mosquitto) -> None:
    bad = b"not an envelope"
    before = _counted()
    with worker(database, own_broker.url), Gateway(own_broker.url) as gateway:
        ready(database, gateway)
        ids = send(gateway, fresh(county, range(120)))
        assert set(gateway.wait(*ids).values()) == {"accepted"}
        assert count(database, "telemetry.reading") == 120
        gateway.publish(bad)
        assert gateway.wait(digest(bad)) == {digest(bad): "rejected"}
        gateway.forget()
        send(gateway, fresh(county, range(120)), size=1)
        assert set(gateway.wait(*ids).values()) == {"accepted"}
    assert count(database, "telemetry.ledger") == 121
    received, settled = (now - then for now, then in zip(_counted(), before, strict=True))
    assert received == settled == 120 + 1 + 120


def test_the_latest_status_of_a_gateway_is_kept_beside_what_it_said_before(
    database: str, own_broker: Mosquitto
) -> None:
    def state(connection: psycopg.Connection[Any]) -> Any:
        query = "select online, status ->> 'queued', status ->> 'secret' from telemetry.gateway_status"
        return connection.execute(query).fetchone()

    with Gateway(own_broker.url, "gw-7") as gateway, psycopg.connect(database, autocommit=True) as connection:
        body = {"v": 1, "online": True, "at": PRESENT.isoformat(), "queued": 3, "secret": "no"}
        gateway.publish(json.dumps(body).encode(), "status", retain=True)
        with worker(database, own_broker.url):
            eventually(lambda: state(connection) == (True, "3", None), "a retained status reaches a new worker")
            gateway.publish(b"\xff", "status")
            gateway.publish(b'{"v":1,"online":false}', "status")
            eventually(lambda: state(connection) == (False, "3", None), "the last will is noted")


def test_several_workers_share_the_load_and_store_each_reading_once(
    database: str, county: County, own_broker: Mosquitto
) -> None:
    url = own_broker.url
    with Gateway(url) as gateway, worker(database, url, "one"):
        ready(database, gateway)
        with worker(database, url, "two"):
            ready(database, gateway)
            items = fresh(county, range(2000))
            ids = send(gateway, items, size=10)
            send(gateway, items[::-1], size=7)
            assert set(gateway.wait(*ids).values()) == {"accepted"}
    assert count(database, "telemetry.reading") == 2000


def test_a_worker_killed_in_the_middle_of_a_batch_loses_and_doubles_nothing(
    database: str, county: County, own_broker: Mosquitto, tmp_path: Path
) -> None:
    process = WorkerProcess(database, own_broker.url, tmp_path / "log", {"worker": "w", "batch_readings": 200})
    process.start()
    with Gateway(own_broker.url) as gateway:
        ready(database, gateway)
        with psycopg.connect(database) as blocker:
            blocker.execute("lock table telemetry.reading in exclusive mode")
            ids = send(gateway, fresh(county, range(1000)))
            eventually(lambda: _blocked(database), "a batch is in the middle of its transaction")
            process.kill()
            blocker.rollback()
        eventually(lambda: not _blocked(database), "the server has noticed the death")
        assert count(database, "telemetry.ledger") == 0
        process.start()
        assert set(gateway.wait(*ids).values()) == {"accepted"}
    assert process.stop() == 0
    assert count(database, "telemetry.reading") == count(database, "telemetry.ledger") == 1000


def test_a_database_that_crashes_and_comes_back_has_everything(
    own_postgres: Postgres, own_broker: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    database = own_postgres.create("maixun")
    migrate(database)
    with psycopg.connect(database, autocommit=True) as connection:
        county = settle(connection)
    with worker(database, own_broker.url), Gateway(own_broker.url) as gateway:
        ready(database, gateway)
        ids = send(gateway, fresh(county, range(500)))
        own_postgres.kill()
        ids += send(gateway, fresh(county, range(500, 1000)))
        eventually(lambda: "waiting for it" in caplog.text, "the worker says that it waits")
        own_postgres.start()
        assert set(gateway.wait(*ids).values()) == {"accepted"}
        assert count(database, "telemetry.reading") == count(database, "telemetry.ledger") == 1000


def test_a_worker_that_waits_for_its_database_stops_at_once_and_acknowledges_nothing(
    database: str, county: County, own_broker: Mosquitto
) -> None:
    nowhere = "host=127.0.0.1 port=1 dbname=none"
    with Gateway(own_broker.url) as gateway:
        with worker(database, own_broker.url):
            ready(database, gateway)
        with worker(nowhere, own_broker.url):
            ids = send(gateway, fresh(county, range(100)))
        assert count(database, "telemetry.ledger") == 0
        with worker(database, own_broker.url):
            assert set(gateway.wait(*ids).values()) == {"accepted"}


def test_a_worker_started_before_its_broker_waits_and_one_whose_broker_restarts_comes_back(
    database: str, county: County, own_broker: Mosquitto
) -> None:
    own_broker.stop()
    with worker(database, own_broker.url):
        own_broker.start()
        with Gateway(own_broker.url) as gateway:
            ready(database, gateway)
            assert gateway.wait(*send(gateway, fresh(county, range(10))))
        own_broker.kill()
        own_broker.start()
        with Gateway(own_broker.url) as gateway:
            ready(database, gateway)
            assert gateway.wait(*send(gateway, fresh(county, range(10, 20))))
    assert count(database, "telemetry.reading") == 20


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_network_thread_that_dies_ends_the_process(
    database: str, own_broker: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    def out_of_memory(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Inbox, "put", out_of_memory)
    with Gateway(own_broker.url) as gateway:
        gateway.publish(b'{"v":1,"online":true}', "status", retain=True)
        assert run(IngestSettings(), database, own_broker.url, threading.Event()) == 1


def _counted() -> tuple[float, float]:
    """What this process has counted so far: received, and settled over all outcomes."""
    received = REGISTRY.get_sample_value("maixun_ingest_received_total") or 0.0
    samples = (sample for family in SETTLED.collect() for sample in family.samples)
    return received, sum(sample.value for sample in samples if sample.name.endswith("_total"))


def _blocked(database: str) -> bool:
    return count(database, "pg_locks where not granted and relation = 'telemetry.reading'::regclass") > 0
