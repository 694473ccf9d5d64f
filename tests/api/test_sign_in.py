"""Signing in: the session, its end, the limits on guessing, and writes that come from another site."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.sign_in import local_path
from tests.api.conftest import SignIn
from tests.api.world import PASSWORD, World, sign_in


def test_signing_in_leads_to_the_alerts_and_out_again(world: World, client: TestClient) -> None:  # noqa: ARG001
    assert client.get("/", follow_redirects=False).headers["location"] == "/sign-in"
    answer = sign_in(client, "Dr.Wang")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie
    page = client.get("/")
    assert page.url.path == "/work"
    assert "王医生" in page.text
    client.post("/sign-out")
    assert client.get("/alerts", follow_redirects=False).status_code == 303


def test_the_cookie_is_secure_over_https(world: World, app: FastAPI) -> None:  # noqa: ARG001
    with TestClient(app, base_url="https://testserver", headers={"origin": "https://testserver"}) as client:
        assert "Secure" in sign_in(client, "dr.wang").headers["set-cookie"]


def test_the_database_keeps_no_token(world: World, as_: SignIn) -> None:
    token = as_("dr.wang").cookies["maixun_session"]
    assert token.encode() not in bytes(world.one("select token_hash from care.session"))


def test_a_session_ends_after_its_hours(world: World, as_: SignIn) -> None:
    doctor = as_("dr.wang")
    world.clock.move(timedelta(hours=11, minutes=59))
    assert doctor.get("/api/v1/session").json()["login"] == "dr.wang"
    world.clock.move(timedelta(minutes=2))
    assert doctor.get("/api/v1/session").status_code == 401


def test_wrong_passwords_and_unknown_logins_are_answered_alike(world: World, client: TestClient) -> None:  # noqa: ARG001
    wrong = sign_in(client, "dr.wang", "not the password")
    unknown = sign_in(client, "dr.nobody", "not the password")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.text.replace("dr.wang", "dr.nobody") == unknown.text


def test_guessing_is_stopped_even_with_the_right_password(world: World, client: TestClient) -> None:
    for _ in range(8):
        assert sign_in(client, "dr.wang", "guess number x").status_code == 401
    refused = sign_in(client, "dr.wang")
    assert refused.status_code == 429
    assert "尝试次数过多" in refused.text
    assert sign_in(client, "dr.li").status_code == 303
    world.clock.move(timedelta(minutes=16))
    assert sign_in(client, "dr.wang").status_code == 303


def test_many_guesses_at_once_do_not_slip_through(world: World, client: TestClient) -> None:  # noqa: ARG001
    with ThreadPoolExecutor(12) as pool:
        statuses = list(pool.map(lambda _: sign_in(client, "dr.wang", "guess number x").status_code, range(12)))
    assert sorted(statuses) == [401] * 8 + [429] * 4


def test_one_address_cannot_try_many_logins(world: World, client: TestClient) -> None:
    world.connection.execute(
        "insert into care.sign_in_failure select 'login' || n, 'testclient', %s from generate_series(1, 40) n",
        (world.clock(),),
    )
    assert sign_in(client, "dr.wang").status_code == 429


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://testserver", "sec-fetch-site": "cross-site"},
        {"origin": "http://testserver", "sec-fetch-site": "same-site"},
        {"origin": ""},
    ],
)
def test_a_write_from_another_site_is_refused(headers: dict[str, str], world: World, as_: SignIn) -> None:
    episode = world.alert("王秀英")
    doctor = as_("dr.wang")
    for path in (f"/alerts/{episode}/acknowledge", f"/api/v1/alerts/{episode}/acknowledge", "/sign-out"):
        assert doctor.post(path, data={"revision": 1}, headers=headers).status_code == 403
    assert doctor.get("/api/v1/session").status_code == 200
    assert world.one("select state from care.episode") == "open"


def test_a_program_signs_in_with_json(world: World, client: TestClient) -> None:  # noqa: ARG001
    credentials = {"login": "dr.wang", "password": PASSWORD}
    assert client.post("/api/v1/session", json=credentials).status_code == 204
    assert client.get("/api/v1/session").json()["role"] == "doctor"
    assert client.delete("/api/v1/session").status_code == 204
    assert client.get("/api/v1/session").status_code == 401


@pytest.mark.parametrize("path", ["//evil.example", "https://evil.example", "/\\evil.example", "/a\nb", "javascript:x"])
def test_nobody_is_led_to_another_site(path: str) -> None:
    assert local_path(path) == "/"
    assert local_path("/residents/5") == "/residents/5"


def test_every_answer_carries_the_policy(world: World, client: TestClient) -> None:  # noqa: ARG001
    for path in ("/sign-in", "/static/maixun.css", "/nothing-here", "/api/v1/alerts", "/docs"):
        policy = client.get(path).headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
    assert client.get("/sign-in").headers["cache-control"] == "no-store"
