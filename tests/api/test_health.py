"""Alive, ready, and in numbers."""

from __future__ import annotations

import psycopg
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import ApiSettings
from maixun.configuration import settings
from tests.api.world import World


def test_ready_when_database_schema_and_listener_are(world: World, app: FastAPI, client: TestClient) -> None:
    assert client.get("/health/live").json() == {"alive": True}
    assert app.state.services.feed.listening.wait(10)
    assert client.get("/health/ready").json() == {
        "ready": True,
        "database": True,
        "migrations": True,
        "listener": True,
    }
    world.connection.execute(
        "delete from public.schema_migration where version = (select max(version) from public.schema_migration)"
    )
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["migrations"] is False


def test_without_a_database_it_is_alive_says_so(world: World, database: str) -> None:
    away = psycopg.conninfo.make_conninfo(database, port=1)
    impatient = settings(ApiSettings, "api").model_copy(update={"database_wait_seconds": 0.2})
    app = create_app(impatient, away, world.clock)
    with TestClient(app) as client:
        assert client.get("/health/live").status_code == 200
        assert client.get("/health/ready").status_code == 503
        client.cookies.set("maixun_session", "x")
        assert client.get("/api/v1/alerts").json()["error"] == "database_away"
        assert "暂时连不上数据库" in client.get("/alerts").text


def test_metrics_count_and_name_nobody(world: World, client: TestClient) -> None:
    world.alert("王秀英")
    world.held(device="FF:00:00:00:00:01", reason="unknown_device")
    text = client.get("/metrics").text
    assert 'maixun_held_readings{outcome="quarantined",reason="unknown_device"} 1.0' in text
    assert 'maixun_episodes{state="open",tier="1"} 1.0' in text
    assert "maixun_oldest_open_alert_seconds" in text
    assert "maixun_ledger_readings" in text
    assert "王秀英" not in text
    assert "FF:00" not in text
