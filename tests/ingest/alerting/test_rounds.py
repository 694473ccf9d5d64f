"""A round goes on after a fault of its own and after the database was away, and ends when told to."""

from __future__ import annotations

import threading
from datetime import datetime

import psycopg
import pytest

from ingest.alerting.rounds import Round, start
from ingest.alerting.store import Connection


def test_a_round_that_fails_is_tried_again_and_delays_no_other(database: str, caplog: pytest.LogCaptureFixture) -> None:
    looks = 0
    stop, enough, undisturbed = threading.Event(), threading.Event(), threading.Event()

    def bad(connection: Connection, _now: datetime) -> int:
        nonlocal looks
        looks += 1
        if looks == 1:
            raise ValueError("a fault of our own")
        if looks == 2:
            raise psycopg.OperationalError("the server is gone")
        connection.execute("select 1")
        enough.set()
        return 1

    def good(connection: Connection, _now: datetime) -> int:
        connection.execute("select count(*) from care.incident")
        undisturbed.set()
        return 0

    rounds = [Round(name="bad", every_seconds=0.01, look=bad), Round(name="good", every_seconds=0.01, look=good)]
    threads = start(database, rounds, stop)
    assert undisturbed.wait(20)
    assert enough.wait(20)
    stop.set()
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive()
    assert "a fault of our own" in caplog.text
