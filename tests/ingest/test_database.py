"""How processes connect: with their own role's rights, and not at all before there is a schema."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import sql

from ingest.database import connect, take_role
from ingest.edition import ROLES
from maixun.runtime.postgres import Postgres

NOBODY = "maixun_role_nobody_made"


@pytest.fixture
def empty(postgres: Postgres) -> str:
    """A database nobody has migrated."""
    return postgres.create("not_migrated")


@pytest.mark.parametrize("role", ROLES)
def test_a_process_works_with_its_role_alone(database: str, role: str) -> None:
    with connect(database, role) as connection:
        assert connection.execute("select current_user::text").fetchone() == (role,)


def test_before_the_first_migration_nobody_gets_in_with_too_many_rights(empty: str) -> None:
    with (
        psycopg.connect(empty, autocommit=True) as connection,
        pytest.raises(psycopg.OperationalError, match="maixun migrate"),
    ):
        take_role(connection, NOBODY)


def test_where_roles_could_not_be_made_the_process_says_whose_rights_it_has(
    database: str, caplog: pytest.LogCaptureFixture
) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        take_role(connection, NOBODY)
        assert connection.execute("select current_user::text").fetchone() == ("postgres",)
    assert NOBODY in caplog.text


def test_the_alerting_role_does_what_the_engine_asks(database: str) -> None:
    with connect(database, "maixun_alerting") as connection:
        connection.execute("select * from telemetry.reading limit 1")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(sql.SQL("select * from identity.person"))
