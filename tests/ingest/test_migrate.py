"""The schema on every edition: twice changes nothing, a changed file is refused, roles have least privilege."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from ingest import edition, migrate
from ingest.database import connect
from ingest.edition import Timescale, TimescaleMissing
from ingest.migrate import Migration, MigrationRefused
from ingest.store import METRICS
from maixun.runtime.postgres import Postgres
from tests.ingest.county import CATALOGUE, NOW, Ingest, message, pressure, settle


@pytest.fixture
def empty(postgres: Postgres) -> Iterator[str]:
    """A database nobody has migrated."""
    yield postgres.create("migrate_me")
    postgres.drop("migrate_me")


def hypertables(dsn: str) -> int:
    """How many there are; 0 without the extension."""
    with psycopg.connect(dsn) as connection:
        if not _number(connection, "select count(*) from pg_extension where extname = 'timescaledb'"):
            return 0
        return _number(connection, "select count(*) from timescaledb_information.hypertables")


def _number(connection: psycopg.Connection[Any], query: str) -> int:
    row = connection.execute(query.encode()).fetchone()
    return int(row[0]) if row else 0


def test_twice_changes_nothing(empty: str) -> None:
    assert migrate.migrate(empty) == [migration.name for migration in migrate.shipped()]
    assert migrate.migrate(empty) == []


@pytest.mark.parametrize(("timescale", "expected"), [(Timescale.REQUIRE, 1), (Timescale.AUTO, 1), (Timescale.NEVER, 0)])
def test_the_same_reading_is_stored_with_and_without_hypertable(
    empty: str, timescale: Timescale, expected: int
) -> None:
    for _ in range(2):
        migrate.migrate(empty, timescale=timescale)
    assert hypertables(empty) == expected
    with psycopg.connect(empty, autocommit=True) as connection:
        county = settle(connection)
        connection.execute("set role maixun_ingest")
        ingest = Ingest(connection)
        batch = message([pressure(county.cuff, number) for number in range(20)])
        ingest(batch)
        ingest(batch)
        assert ingest.tally() == {"ledger": 20, "reading": 20, "held": 0}


def test_a_plain_table_with_readings_becomes_a_hypertable_only_when_told_so(empty: str) -> None:
    migrate.migrate(empty, timescale=Timescale.NEVER)
    with psycopg.connect(empty, autocommit=True) as connection:
        county = settle(connection)
        Ingest(connection)(message([pressure(county.cuff, 1)]))
    migrate.migrate(empty, timescale=Timescale.AUTO)
    assert hypertables(empty) == 0
    migrate.migrate(empty, timescale=Timescale.REQUIRE)
    assert hypertables(empty) == 1
    with psycopg.connect(empty) as connection:
        assert connection.execute("select measured_at from telemetry.reading").fetchall() == [(NOW,)]


def test_a_file_changed_after_it_was_applied_is_refused(empty: str) -> None:
    first, *others = migrate.shipped()
    migrate.migrate(empty)
    changed = dataclasses.replace(first, sql=first.sql + b"-- a change\n")
    with pytest.raises(MigrationRefused, match=first.name):
        migrate.migrate(empty, migrations=[changed, *others])
    with pytest.raises(MigrationRefused, match="newer"):
        migrate.migrate(empty, migrations=[first])


def test_a_file_that_fails_leaves_nothing_behind(empty: str) -> None:
    files = [*migrate.shipped(), Migration(9999, "9999_fails.sql", b"create table care.half (a int); select 1/0")]
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate.migrate(empty, migrations=files)
    with psycopg.connect(empty) as connection:
        assert connection.execute("select to_regclass('care.half')").fetchone() == (None,)
    assert migrate.migrate(empty) == []


def test_require_says_what_is_missing(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edition, "_available", lambda _: False)
    with pytest.raises(TimescaleMissing, match="not installed"):
        migrate.migrate(empty, timescale=Timescale.REQUIRE)


@pytest.mark.parametrize(
    ("role", "forbidden"),
    [
        ("maixun_ingest", "select * from identity.person"),
        ("maixun_ingest", "select birth_date from care.resident"),
        ("maixun_ingest", "update telemetry.reading set systolic = 1"),
        ("maixun_alerting", "select * from identity.person"),
        ("maixun_alerting", "select password_hash from care.staff"),
        ("maixun_api", "update telemetry.reading set systolic = 1"),
        ("maixun_api", "create table care.mine (a int)"),
    ],
)
def test_a_process_may_do_no_more_than_it_must(database: str, role: str, forbidden: str) -> None:
    with connect(database, role) as connection:
        assert connection.execute("select current_user").fetchone() == (role,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(forbidden.encode())


def test_the_columns_are_the_metrics_of_the_catalogue(connection: psycopg.Connection[Any]) -> None:
    rows = connection.execute(
        "select column_name from information_schema.columns where table_schema = 'telemetry'"
        " and table_name = 'reading' and data_type = 'real'"
    ).fetchall()
    assert {name for (name,) in rows} == set(METRICS) == set(CATALOGUE)
