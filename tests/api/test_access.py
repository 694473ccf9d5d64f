"""Who may see what: every endpoint asks, and a resident of somebody else does not exist."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from api.app import ROUTERS
from tests.api.conftest import SignIn
from tests.api.world import World

# Everything else asks who is there. Each of these says nothing about a person.
PUBLIC = {
    "/",
    "/sign-in",
    "/language/{chosen}",
    "/docs",
    "/fhir/metadata",
    "/health/live",
    "/health/ready",
    "/metrics",
    "/api/v1/fleet/claim",
    "/api/v1/fleet/renew",
}
SHELF = {"revision": 1, "until": "2026-11-24", "note": "x"}
OVERRIDE = {"rule": "blood_pressure_critical", "limits": {"systolic": 160}, "reason": "x", "ends_on": "2026-12-01"}
BODIES: dict[str, dict[str, Any]] = {
    "/api/v1/alerts/{episode_id}/acknowledge": {"json": {"revision": 1}},
    "/api/v1/alerts/{episode_id}/act": {"json": {"revision": 1, "note": "x"}},
    "/api/v1/alerts/{episode_id}/close": {"json": {"revision": 1, "outcome": "advised", "note": "x"}},
    "/api/v1/alerts/{episode_id}/shelve": {"json": SHELF},
    "/api/v1/alerts/{episode_id}/unshelve": {"json": {"revision": 1}},
    "/api/v1/held/{reading_id}/release": {"json": {}},
    "/alerts/{episode_id}/acknowledge": {"data": {"revision": 1}},
    "/alerts/{episode_id}/act": {"data": {"revision": 1, "note": "x"}},
    "/alerts/{episode_id}/shelve": {"data": SHELF},
    "/alerts/{episode_id}/unshelve": {"data": {"revision": 1}},
    "/alerts/{episode_id}/close": {"data": {"revision": 1, "outcome": "advised", "note": "x"}},
    "/api/v1/residents/{resident_id}/overrides": {"json": OVERRIDE},
    "/api/v1/residents/{resident_id}/overrides/{override_id}/end": {"json": {"why": "x"}},
    "/residents/{resident_id}/overrides": {"data": {"rule": "blood_pressure_critical", "until": "2026-12-01"}},
    "/residents/{resident_id}/overrides/{override_id}/end": {"data": {"why": "x"}},
    "/api/v1/residents/{resident_id}/visits": {
        "json": {"programme": "hypertension", "visited_at": "2026-11-21T08:00:00Z", "mode": "clinic"}
    },
    "/residents/search": {"data": {"name": "李"}},
    "/residents/{resident_id}/notes": {"data": {"text": "x"}},
    "/residents/{resident_id}/notes/{note_id}": {"data": {"text": "x", "version": 1}},
    "/api/v1/residents/{resident_id}/notes": {"json": {"text": "x"}},
    "/api/v1/residents/{resident_id}/notes/{note_id}": {"json": {"text": "x", "version": 1}},
    "/residents/{resident_id}/export": {"data": {"ground": "consent", "recipient": "x"}},
    "/work/search": {"data": {"name": "李"}},
}


def routes() -> Iterator[tuple[str, str, APIRoute]]:
    """Method, path and route of every endpoint."""
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute), "an endpoint of another kind would escape these tests"
            for method in route.methods or ():
                yield method, route.path, route


def asks_who(dependant: Dependant) -> bool:
    """Whether the access check is among an endpoint's dependencies."""
    call = dependant.call
    mine = getattr(call, "__qualname__", "").startswith("only.") and getattr(call, "__module__", "") == "api.access"
    return mine or any(asks_who(part) for part in dependant.dependencies)


def test_every_endpoint_asks_who_is_there() -> None:
    found = {(method, path): asks_who(route.dependant) for method, path, route in routes()}
    assert len(found) > 25
    without = {path for (method, path), asks in found.items() if not asks}
    assert without == PUBLIC | {"/api/v1/session"}
    assert found[("DELETE", "/api/v1/session")]
    assert found[("GET", "/api/v1/session")]


def test_nobody_gets_in_without_a_session(client: TestClient) -> None:
    for method, path, _route in routes():
        if path in PUBLIC or (method, path) == ("POST", "/api/v1/session"):
            continue
        answer = client.request(method, filled(path, 1), follow_redirects=False, **BODIES.get(path, {}))
        if path.startswith("/fhir/"):
            assert (answer.status_code, answer.json()["issue"][0]["code"]) == (401, "login"), path
        elif path.startswith("/api/"):
            assert answer.status_code == 401, path
            assert answer.json()["error"] == "not_signed_in"
        else:
            assert answer.status_code == 303, path
            assert answer.headers["location"].startswith("/sign-in"), path


def test_a_doctor_cannot_reach_anybody_elses_resident_through_any_endpoint(world: World, as_: SignIn) -> None:
    theirs = world.residents["李建国"]
    episode = world.alert("李建国", glucose=2.4)
    held = world.held(device=f"A4:C1:38:00:{theirs:02X}:01")
    token = world.one("select token from care.resident where resident_id = %s", theirs)
    doctor = as_("dr.wang")
    asked = 0
    for method, path, _route in routes():
        if path in PUBLIC or path in ("/api/v1/session", "/sign-out") or path.endswith("/stream"):
            continue
        answer = doctor.request(
            method,
            filled(path, theirs, episode, held, token),
            params={"kind": "glucose", "section": "now", "after": "0"},
            **BODIES.get(path, {}),
        )
        asked += 1
        if "{" in path:
            assert answer.status_code in (403, 404), (method, path, answer.text)  # 403: not for doctors at all
        for secret in ("李建国", "2.4"):
            assert secret not in answer.text, (method, path)
    assert asked > 18
    assert world.one("select state from care.episode where episode_id = %s", episode) == "open"
    assert world.one("select count(*) from telemetry.held") == 1


def test_theirs_and_nobodys_are_answered_alike(world: World, as_: SignIn) -> None:
    doctor = as_("dr.wang")
    theirs = doctor.get(f"/api/v1/residents/{world.residents['李建国']}")
    nobodys = doctor.get("/api/v1/residents/999999")
    assert (theirs.status_code, theirs.json()) == (nobodys.status_code, nobodys.json())


@pytest.mark.parametrize("login", ["tech", "admin", "cdc"])
def test_roles_without_residents_see_none(login: str, world: World, as_: SignIn) -> None:
    client = as_(login)
    for path in ("/alerts", "/residents", f"/residents/{world.residents['王秀英']}", "/api/v1/alerts"):
        assert client.get(path).status_code == 403, path


def test_an_account_that_is_closed_is_out_at_once(world: World, as_: SignIn) -> None:
    doctor = as_("dr.wang")
    assert doctor.get("/api/v1/alerts").status_code == 200
    world.connection.execute("update care.staff set active = false where login = 'dr.wang'")
    assert doctor.get("/api/v1/alerts").status_code == 401


def test_looks_and_decisions_are_recorded(world: World, as_: SignIn) -> None:
    episode = world.alert("王秀英")
    resident = world.residents["王秀英"]
    doctor = as_("dr.wang")
    doctor.get(f"/residents/{resident}")
    doctor.get(f"/alerts/{episode}")
    doctor.post(f"/api/v1/alerts/{episode}/acknowledge", json={"revision": 1})
    doctor.get(f"/api/v1/residents/{resident}/readings", params={"kind": "glucose"})
    rows = world.connection.execute("select action, staff_id, resident_id from care.audit order by audit_id").fetchall()
    wang = world.staff["dr.wang"]
    assert rows == [
        ("session.begin", wang, None),
        ("resident.view", wang, resident),
        ("alert.view", wang, resident),
        ("episode.acknowledge", wang, resident),
        ("readings.view", wang, resident),
    ]
    world.connection.execute("delete from care.audit")
    world.connection.execute("update care.audit set staff_id = 0")
    assert world.one("select count(*) from care.audit where staff_id = %s", wang) == 5


def filled(path: str, resident: int, episode: int = 1, held: UUID | None = None, token: UUID | None = None) -> str:
    """An address with its places filled."""
    return (
        path.replace("{resident_id}", str(resident))
        .replace("{episode_id}", str(episode))
        .replace("{reading_id}", str(held or UUID(int=1)))
        .replace("{report_id}", "1")
        .replace("file.{kind}", "file.csv")
        .replace("{override_id}", "1")
        .replace("{kind}", "glucose")
        .replace("{note_id}", "1")
        .replace("{chosen}", "en")
        .replace("{visit_id}", "1")
        .replace("{device_id}", str(resident))
        .replace("{replay_id}", "1")
        .replace("{token}", str(token or UUID(int=1)))
        .replace("{incident_id}", "1")
    )
