"""The live stream: a changed alert arrives as a row in the reader's language, and only where it may."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI

from tests.api.world import PASSWORD, World

PATIENCE = 10


@pytest.fixture
def address(app: FastAPI) -> Iterator[str]:
    """The application behind a real server: a stream needs one."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, timeout_graceful_shutdown=3))
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_for(lambda: server.started)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    app.state.services.feed.close_streams()
    thread.join(PATIENCE)
    assert not thread.is_alive(), "the server did not stop while streams were open"


def wait_for(condition: Callable[[], bool]) -> None:
    """Look until it holds, for a bounded time."""
    pause = threading.Event()
    for _ in range(PATIENCE * 100):
        if condition():
            return
        pause.wait(0.01)
    raise AssertionError("waited in vain")


@contextmanager
def signed_in(address: str, login: str) -> Iterator[httpx2.Client]:
    """A program that is signed in."""
    with httpx2.Client(base_url=address, headers={"origin": address}, timeout=PATIENCE) as client:
        assert client.post("/api/v1/session", json={"login": login, "password": PASSWORD}).status_code == 204
        yield client


def events(lines: Iterator[str]) -> Iterator[dict[str, str]]:
    """Server-sent events; comments and the retry hint are left out."""
    event: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        if not line and event:
            yield event
            event = {}
        elif name in ("event", "id", "data"):
            event[name] = value.strip()


@contextmanager
def opened(
    client: httpx2.Client, app: FastAPI, *, kinds: tuple[str, ...] = ("alert",), **parameters: str
) -> Iterator[Iterator[dict[str, str]]]:
    """An open stream. Its events before the listener was ready are not waited for."""
    feed = app.state.services.feed
    wait_for(feed.listening.is_set)
    before = feed.subscribers
    with client.stream("GET", "/api/v1/alerts/stream", params=parameters) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        wait_for(lambda: feed.subscribers > before)
        yield (event for event in events(answer.iter_lines()) if event["event"] in kinds)


def test_a_changed_alert_arrives_as_a_row(world: World, app: FastAPI, address: str) -> None:
    with signed_in(address, "dr.wang") as client, opened(client, app, language="en") as stream:
        episode = world.alert("王秀英", glucose=2.6)
        first = next(stream)
        assert first["id"] == f"{episode}.1"
        data = json.loads(first["data"])
        assert (data["state"], data["tier"], data["revision"]) == ("open", 1, 1)
        assert "王秀英" in data["row"]
        assert "Critical" in data["row"]
        client.post(f"/api/v1/alerts/{episode}/acknowledge", json={"revision": 1})
        assert json.loads(next(stream)["data"])["state"] == "acknowledged"


def test_nobody_hears_of_anybody_elses_residents(world: World, app: FastAPI, address: str) -> None:
    with signed_in(address, "dr.wang") as client, opened(client, app) as stream:
        world.alert("李建国", glucose=2.4)
        mine = world.alert("王秀英", glucose=2.6)
        assert json.loads(next(stream)["data"])["episode_id"] == mine


def test_who_looks_after_nobody_hears_of_notices_alone(world: World, app: FastAPI, address: str) -> None:
    kinds = ("alert", "resident", "looking", "notice")
    with signed_in(address, "tech") as client, opened(client, app, kinds=kinds) as stream:
        alert = world.alert("王秀英", glucose=2.6)
        for number, login in enumerate(("dr.wang", "tech")):
            world.connection.execute(
                "insert into care.notice (matter, number, round, level, staff_id, resident_id, channel, not_before,"
                " created_at) values ('episode', %s, 1, %s, %s, %s, 'page', now(), now())",
                [alert, number, world.staff[login], world.residents["王秀英"]],
            )
            notice = world.one("select max(notice_id) from care.notice")
            world.connection.execute(
                "select pg_notify('notice', %s)", [f"{world.staff[login]} episode {alert} {notice}"]
            )
        heard = next(stream)
        assert heard["event"] == "notice"
        assert "王秀英" not in heard["data"]
        assert json.loads(heard["data"])["link"] == f"/notices/episode/{alert}"


def test_signing_out_ends_the_stream(world: World, app: FastAPI, address: str) -> None:  # noqa: ARG001
    with signed_in(address, "dr.wang") as client, opened(client, app) as stream:
        client.delete("/api/v1/session")
        assert list(stream) == []


def test_after_the_database_was_away_screens_are_told_to_read_afresh(world: World, app: FastAPI, address: str) -> None:
    feed = app.state.services.feed
    with signed_in(address, "dr.wang") as client, client.stream("GET", "/api/v1/alerts/stream") as answer:
        wait_for(lambda: feed.subscribers == 1 and feed.listening.is_set())
        killed = world.one(
            "select count(pg_terminate_backend(pid)) from pg_stat_activity where query = 'listen episode'"
        )
        assert killed == 1
        assert any(event["event"] == "refresh" for event in events(answer.iter_lines()))


async def test_a_stream_ends_in_time_and_keeps_the_line_open_until_then(world: World, app: FastAPI) -> None:  # noqa: ARG001
    feed = app.state.services.feed
    viewer: Any = None
    frames: AsyncIterator[bytes] = feed.stream(viewer, "zh", seconds=0.3, heartbeat=0.05)
    received = [frame async for frame in frames]
    assert received[0].startswith(b"retry:")
    assert received.count(b":\n\n") >= 3
    assert feed.subscribers == 0


async def test_a_screen_that_lags_is_cut_off_and_holds_no_memory(world: World, app: FastAPI) -> None:  # noqa: ARG001
    from api.stream import QUEUE, Subscriber

    subscriber = Subscriber(viewer=None, language=None)  # type: ignore[arg-type]
    for _ in range(QUEUE + 5):
        subscriber.give(b"event")
    left = [subscriber.queue.get_nowait() for _ in range(subscriber.queue.qsize())]
    assert len(left) == QUEUE
    assert left[-1] is None
    await asyncio.sleep(0)


def test_open_streams_hold_no_connection_of_the_pool(world: World, app: FastAPI, address: str) -> None:  # noqa: ARG001
    more_than_the_pool = app.state.services.settings.database_connections + 2
    with signed_in(address, "dr.wang") as client, ExitStack() as streams:
        for _ in range(more_than_the_pool):
            streams.enter_context(client.stream("GET", "/api/v1/alerts/stream"))
        assert client.get("/api/v1/session").status_code == 200


def test_the_listener_is_the_only_connection_whatever_the_number_of_screens(
    world: World, app: FastAPI, address: str
) -> None:
    feed = app.state.services.feed
    with signed_in(address, "dr.wang") as client, opened(client, app) as one, opened(client, app) as other:
        assert feed.subscribers == 2
        count = "select count(*) from pg_stat_activity where query = 'listen episode'"
        assert world.one(count) == 1
        episode = world.alert("王秀英")
        assert next(one)["id"] == next(other)["id"] == f"{episode}.1"
