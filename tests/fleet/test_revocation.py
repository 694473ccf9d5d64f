"""A gateway is revoked on the page: asked twice, recorded, and what is left to do is said as long as it is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ingest.enrolment import invite, revoked
from tests.api.conftest import SignIn
from tests.api.world import World
from tests.fleet.test_page import codes, enrolled, say

NAME = "gw-1"


@pytest.fixture
def gateway(world: World) -> str:
    """Enrolled, with a certificate and a code that nobody has used yet, and well."""
    enrolled(world, NAME)
    invite(world.connection, NAME, world.stations["青河卫生站"], now=world.clock(), valid=timedelta(hours=24))
    world.connection.execute(
        "insert into fleet.certificate values ('a1', %s, '', %s, %s)",
        (NAME, world.clock(), world.clock() + timedelta(days=300)),
    )
    say(world, NAME)
    return NAME


def test_an_administrator_revokes_and_is_told_what_is_left_to_do(world: World, as_: SignIn, gateway: str) -> None:
    admin = as_("admin")
    assert f"/fleet/revoke?gateway={gateway}" in admin.get("/fleet").text
    assert f'name="gateway" value="{gateway}"' in admin.get("/fleet/revoke", params={"gateway": gateway}).text
    answer = admin.post("/fleet/revoke", data={"gateway": gateway, "confirmation": f" {gateway} "})
    assert answer.url.path == "/fleet/revoked"
    for words in ("maixun admin broker revocations", "重启代理", f"--station 青河卫生站 --name {gateway}"):
        assert words in answer.text
    assert [serial for serial, _ in revoked(world.connection, world.clock())] == ["a1"]
    assert world.one("select count(*) from fleet.enrolment where expires_at > %s", world.clock()) == 0
    assert world.one("select detail ->> 'gateway' from care.audit where action = 'fleet.revoke'") == gateway
    page = admin.get("/fleet").text
    assert f"/fleet/revoke?gateway={gateway}" not in page
    assert f"/fleet/revoked?gateway={gateway}" in page
    assert admin.get("/fleet/revoke", params={"gateway": gateway}).url.path == "/fleet/revoked"


def test_as_long_as_the_broker_lets_it_in_the_page_says_so(world: World, as_: SignIn, gateway: str) -> None:
    admin = as_("admin")
    admin.post("/fleet/revoke", data={"gateway": gateway, "confirmation": gateway})

    def wrong() -> list[str]:
        return codes(admin.get("/api/v1/fleet").json()["gateways"], "gateway")[gateway]

    assert wrong() == []
    world.connection.execute("update telemetry.gateway_status set seen_at = %s", [world.clock() + timedelta(seconds=9)])
    assert wrong() == ["revoked_heard"]
    assert "代理还让它连接" in admin.get("/fleet").text
    world.connection.execute("update telemetry.gateway_status set online = false")
    assert wrong() == []


def test_another_name_revokes_nothing(world: World, as_: SignIn, gateway: str) -> None:
    admin = as_("admin")
    assert admin.post("/fleet/revoke", data={"gateway": gateway, "confirmation": "gw-2"}).status_code == 422
    assert admin.post("/fleet/revoke", data={"gateway": "gw-9", "confirmation": "gw-9"}).status_code == 404
    assert admin.get("/fleet/revoked", params={"gateway": gateway}).status_code == 404
    assert world.one("select count(*) from fleet.gateway where revoked_at is not null") == 0
    assert world.one("select count(*) from care.audit where action = 'fleet.revoke'") == 0


def test_only_an_administrator_may(world: World, as_: SignIn, gateway: str) -> None:
    for login in ("tech", "dr.wang", "cdc"):
        somebody = as_(login)
        for path in ("/fleet/revoke", "/fleet/revoked"):
            assert somebody.get(path, params={"gateway": gateway}).status_code == 403
        form = {"gateway": gateway, "confirmation": gateway}
        assert somebody.post("/fleet/revoke", data=form).status_code == 403
    assert "/fleet/revoke" not in as_("tech").get("/fleet").text
    assert world.one("select count(*) from fleet.gateway where revoked_at is not null") == 0
