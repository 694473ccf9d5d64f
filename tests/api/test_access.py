"""Who may see what: every endpoint asks, and a resident of somebody else does not exist."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import Match

from api.app import ROUTERS
from tests.access import matrix
from tests.api.conftest import SignIn
from tests.api.world import World

OPENAPI = ("GET", "/openapi.json")  # made by the framework


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
    assert len(found) > 140
    public = {place(line.method, line.address) for line in matrix.public()} - {OPENAPI}
    assert {each for each, asks in found.items() if not asks} == public


def test_every_endpoint_stands_in_the_matrix_of_rights() -> None:
    """A new endpoint needs a line in `tests/access/matrix.py`; one that writes needs a body in `bodies.py` too."""
    known = {place(line.method, line.address) for line in (*matrix.lines(), *matrix.public())}
    every = {(method, path) for method, path, _ in routes()} | {OPENAPI}
    assert every - known == set(), "endpoints without a line in the matrix of rights"
    assert known - every == set(), "lines of the matrix without an endpoint"


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


def place(method: str, address: str) -> tuple[str, str]:
    """The method and path of the endpoint that answers at an address of the matrix."""
    path = re.sub(r"\{[^}]*\}", "1", address.partition("?")[0])
    scope = {"type": "http", "method": method, "path": path, "root_path": ""}
    found = (each for _, each, route in routes() if route.matches(scope)[0] is Match.FULL)
    return method, next(found, path)
