"""The page of the fleet: what is wrong in words and what to do; nobody's name; an assignment that releases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from psycopg.types.json import Jsonb

from tests.api.conftest import SignIn
from tests.api.world import World

CUFF = "A4:C1:38:00:00:77"


def say(world: World, gateway: str, *, online: bool = True, ago: float = 10, **status: Any) -> None:
    """What ingest has noted of a gateway."""
    world.connection.execute(
        "insert into telemetry.gateway_status values (%s, %s, %s, %s)",
        (gateway, online, world.clock() - timedelta(seconds=ago), Jsonb(status)),
    )


def enrolled(world: World, gateway: str) -> None:
    """A gateway of the first station."""
    station = world.stations["青河卫生站"]
    world.connection.execute("insert into fleet.gateway values (%s, %s, %s, null)", (gateway, station, world.clock()))


def meter(world: World, **known: Any) -> dict[str, Any]:
    """A meter as a heartbeat has it."""
    return {"device": CUFF, "model": "ua-651", "last_visit": world.clock().isoformat()} | known


def codes(reports: list[dict[str, Any]], key: str) -> dict[str, list[str]]:
    """What is wrong with each."""
    return {each[key]: [wrong["code"] for wrong in each["wrong"]] for each in reports}


def test_what_is_wrong_with_a_gateway_is_said_with_what_to_do(world: World, as_: SignIn) -> None:
    for name in ("gw-new", "gw-late"):
        enrolled(world, name)
    say(world, "gw-good", queued=3, refused=0, clock_offset=0.2, adapter="well", version="0.1.0", settings=0)
    say(world, "gw-gone", online=False, ago=3600)
    say(world, "gw-mute", ago=600)
    say(world, "gw-bad", queued=5000, refused=7, clock_offset=-95.0, adapter="silent")
    say(world, "gw-late", settings=0)
    world.connection.execute(
        "insert into fleet.certificate values ('a1', 'gw-late', '', %s, %s)",
        (world.clock(), world.clock() + timedelta(days=5)),
    )
    world.connection.execute(
        "insert into fleet.settings values ('gw-late', 4, '{}', %s, %s, null, %s, 'not_heard')",
        (world.clock(), world.staff["admin"], world.clock()),
    )
    technician = as_("tech")
    seen = technician.get("/api/v1/fleet").json()
    assert codes(seen["gateways"], "gateway") == {
        "gw-good": [],
        "gw-gone": ["offline"],
        "gw-mute": ["silent"],
        "gw-bad": ["adapter_silent", "queued", "refused", "clock"],
        "gw-late": ["certificate", "settings"],
        "gw-new": ["never_seen"],
    }
    page = technician.get("/fleet").text
    for words in (
        "离线，最后一次联系在 60 分钟前。",
        "timedatectl set-ntp true",
        "已自动恢复原设置",
        "5000",
        "时钟比服务器慢 95 秒",
    ):
        assert words in page
    technician.get("/language/en")
    assert "Offline; last contact 60 minutes ago." in technician.get("/fleet").text


def test_what_is_wrong_with_a_meter_is_said_and_comes_first(world: World, as_: SignIn) -> None:
    old = meter(world, device="OLD", last_visit=(world.clock() - timedelta(days=20)).isoformat())
    well = meter(world, device="WELL", battery=80, clock_error=400.0, clock_left=0.5)
    failing = [{"device": CUFF, "failures": 3, "reason": "no answer"}, {"device": "MUTE", "failures": 5, "reason": "-"}]
    say(world, "gw-1", meters=[well, old, meter(world, battery=15, clock_error=-7200.0)], failing=failing)
    say(
        world, "gw-2", meters=[meter(world, device="WELL", last_visit=(world.clock() - timedelta(days=30)).isoformat())]
    )
    seen = as_("admin").get("/api/v1/fleet").json()
    found = codes(seen["meters"], "address")
    expected = {CUFF: ["failing", "battery", "clock"], "OLD": ["silent"], "WELL": [], "MUTE": ["failing"]}
    assert {address: found[address] for address in expected} == expected
    assert [each["address"] for each in seen["meters"]][:2] == [CUFF, "OLD"]
    assert next(each["gateway"] for each in seen["meters"] if each["address"] == "WELL") == "gw-1"
    assert seen["meters_in_all"] == 6  # those of two residents are registered, and were never heard


def test_the_page_shows_nobody(world: World, as_: SignIn) -> None:
    for name, resident in world.residents.items():
        world.held(device=CUFF, reason="unassigned")
        say(world, f"gw-{resident}", meters=[meter(world, device=f"A4:C1:38:00:{resident:02X}:01")])
        for login in ("tech", "admin"):
            text = as_(login).get("/fleet").text + as_(login).get("/api/v1/fleet").text
            assert name not in text
            assert "320" not in text, "a measured value"
    for login in ("dr.wang", "lead.qinghe", "cdc"):
        assert as_(login).get("/fleet").status_code == 403
        assert "/fleet" not in as_(login).get("/no-page").text


def waiting(world: World, **item: Any) -> UUID:
    """A plausible reading held for want of a holder."""
    held = world.held(device=CUFF, reason=item.pop("reason", "unknown_device"))
    item |= {"values": {"systolic": 130, "diastolic": 80}}
    world.connection.execute("update telemetry.held set item = item || %s where reading_id = %s", (Jsonb(item), held))
    return held


def test_an_administrator_registers_the_holder_and_the_readings_come_free(world: World, as_: SignIn) -> None:
    first = waiting(world, measured_at="2026-11-01T07:30:00+08:00")
    before = waiting(world, measured_at="2026-10-01T07:30:00+08:00")
    admin = as_("admin")
    page = admin.get("/fleet").text
    assert f"/fleet/assign?device={CUFF.replace(':', '%3A')}" in page
    form = admin.get("/fleet/assign", params={"device": CUFF}).text
    assert 'value="2026-10-01T07:30"' in form
    given = {
        "device": CUFF,
        "model": "UA-651BLE",
        "resident": str(world.residents["王秀英"]),
        "setting": "home",
        "station": str(world.stations["青河卫生站"]),
        "since": "2026-10-15T00:00",
        "slot": "",
    }
    answer = admin.post("/fleet/assign", data=given, follow_redirects=False)
    assert answer.headers["location"] == "/fleet?released=1&stay=1"
    assert "放行了 1 条" in admin.get(answer.headers["location"]).text
    assert world.one("select reading_id from telemetry.reading") == first
    assert world.one("select reading_id from telemetry.held") == before
    assert world.one("select resident_id from care.audit where action = 'device.assign'") == world.residents["王秀英"]
    assert world.one("select count(*) from telemetry.work") == 1


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"resident": "999999"}, 422),
        ({"resident": "x"}, 422),
        ({"model": ""}, 422),
        ({"setting": "moon"}, 422),
        ({"station": "999"}, 404),
        ({"since": "soon"}, 422),
        ({"slot": "-1"}, 422),
    ],
)
def test_what_is_wrong_in_the_form_changes_nothing(
    wrong: dict[str, str], status: int, world: World, as_: SignIn
) -> None:
    waiting(world)
    given = {
        "device": CUFF,
        "model": "x",
        "resident": "",
        "setting": "home",
        "station": str(world.stations["青河卫生站"]),
        "since": "2026-10-15T00:00",
    } | wrong
    assert as_("admin").post("/fleet/assign", data=given).status_code == status
    assert world.one("select count(*) from care.device where address = %s", CUFF) == 0
    assert world.one("select count(*) from telemetry.held") == 1


def test_only_an_administrator_changes_anything(world: World, as_: SignIn) -> None:
    enrolled(world, "gw-1")
    waiting(world)
    technician = as_("tech")
    assert "/fleet/assign" not in technician.get("/fleet").text
    for path in ("/fleet/assign", "/fleet/settings"):
        assert technician.get(path, params={"gateway": "gw-1"}).status_code == 403
        assert technician.post(path, data={"gateway": "gw-1"}).status_code == 403
    assert world.one("select count(*) from fleet.settings") == 0


def test_settings_are_pushed_with_a_version_each(world: World, as_: SignIn) -> None:
    enrolled(world, "gw-1")
    admin = as_("admin")
    form = {"gateway": "gw-1", "heartbeat_seconds": "60", "broker": " ", "keepalive_seconds": ""}
    assert admin.post("/fleet/settings", data=form, follow_redirects=False).status_code == 303
    assert 'value="60.0"' in admin.get("/fleet/settings", params={"gateway": "gw-1"}).text
    admin.post("/fleet/settings", data={"gateway": "gw-1", "keepalive_seconds": "30"})
    rows = world.connection.execute("select version, settings from fleet.settings order by version").fetchall()
    assert rows == [(1, {"heartbeat_seconds": 60.0}), (2, {"keepalive_seconds": 30})]
    assert world.one("select count(*) from care.audit where action = 'fleet.settings'") == 2
    assert admin.post("/fleet/settings", data={"gateway": "gw-1", "keepalive_seconds": "soon"}).status_code == 422
    assert admin.post("/fleet/settings", data={"gateway": "gw-1", "broker": "http://x"}).status_code == 422
    assert admin.post("/fleet/settings", data={"gateway": "gw-9"}).status_code == 404
    assert "等待网关采用" in admin.get("/fleet").text
