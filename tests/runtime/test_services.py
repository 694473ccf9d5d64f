"""What every other test stands on: a database of its own and a broker, both real."""

from __future__ import annotations

import psycopg

from maixun.runtime.mosquitto import Mosquitto


def test_a_database_is_migrated_and_empty_whatever_another_test_wrote(database: str) -> None:
    with psycopg.connect(database) as connection:
        assert connection.execute("select count(*) from telemetry.reading").fetchone() == (0,)
        assert connection.execute("select count(*) from pg_extension where extname = 'timescaledb'").fetchone() == (1,)


def test_the_broker_answers(mosquitto: Mosquitto, broker: str) -> None:
    assert broker == mosquitto.url
    assert mosquitto.answers()
