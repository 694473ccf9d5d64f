"""Fixtures of the tests of the pages: a county in a fresh database, the application over it, people signed in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import ApiSettings
from maixun.configuration import settings
from tests.api.world import Clock, World, settle, sign_in

SignIn = Callable[[str], TestClient]


@pytest.fixture
def clock() -> Clock:
    """The present of the application and of the county."""
    return Clock()


@pytest.fixture
def world(database: str, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The county, its names sealed with a key of this test's own."""
    monkeypatch.setenv("MAIXUN_RUNTIME", str(tmp_path))
    with psycopg.connect(database, autocommit=True) as connection:
        yield settle(connection, clock)


@pytest.fixture
def app(world: World, database: str) -> FastAPI:
    """The application, its clock the world's."""
    return create_app(settings(ApiSettings, "api"), database, world.clock)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """A browser of our own site that nobody has signed in with yet."""
    with TestClient(app, headers={"origin": "http://testserver"}) as opened:
        yield opened


@pytest.fixture
def as_(client: TestClient, app: FastAPI) -> SignIn:  # noqa: ARG001 - the application must be running
    """A browser in which somebody is signed in: `as_("dr.wang")`."""

    def signed_in(login: str) -> TestClient:
        other = TestClient(app, headers={"origin": "http://testserver"})
        assert sign_in(other, login).status_code == 303
        return other

    return signed_in
