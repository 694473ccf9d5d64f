"""Fixtures: the two counties, the application over them, everybody signed in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont

from api.app import create_app
from api.reporting import pdf
from api.settings import ApiSettings
from maixun.configuration import settings
from tests.access.counties import Counties
from tests.api.world import Clock, sign_in

OURS = {"origin": "http://testserver"}


@pytest.fixture
def counties(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counties]:
    """Two counties of one city."""
    monkeypatch.setenv("MAIXUN_RUNTIME", str(tmp_path))
    pdfmetrics.registerFont(UnicodeCIDFont(pdf.READERS_OWN))
    monkeypatch.setattr(pdf, "_font", lambda: pdf.READERS_OWN)  # a text in it can be found in the file again
    with psycopg.connect(database, autocommit=True) as connection:
        yield Counties.settle(connection, Clock())


@pytest.fixture
def app(counties: Counties, database: str) -> Iterator[FastAPI]:
    """The application, running."""
    made = create_app(settings(ApiSettings, "api"), database, counties.world.clock)
    with TestClient(made, headers=OURS):
        yield made


def desk(app: FastAPI, login: str | None) -> TestClient:
    """A browser of our own site; None: nobody has signed in."""
    client = TestClient(app, headers=OURS, follow_redirects=False)
    if login is not None:
        assert sign_in(client, login).status_code == 303
    return client
