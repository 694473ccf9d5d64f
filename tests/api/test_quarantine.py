"""The held list: what was held back and why, who sees it, and how it is released."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.api.conftest import SignIn
from tests.api.world import World


def cuff_of(world: World, name: str) -> str:
    """The address of the resident's own cuff."""
    return f"A4:C1:38:00:{world.residents[name]:02X}:01"


def test_held_items_are_listed_by_reason_with_their_bytes(world: World, as_: SignIn) -> None:
    world.held(device=cuff_of(world, "王秀英"))
    world.held(device="FF:00:00:00:00:01", reason="unknown_device")
    admin = as_("admin")
    page = admin.get("/held").text
    for text in ("数值不合理", "设备未登记", "2A35:1e40015200", "320/82"):
        assert text in page
    only = admin.get("/held", params={"reason": "unknown_device"}).text
    assert "FF:00:00:00:00:01" in only
    assert cuff_of(world, "王秀英") not in only
    counts = admin.get("/api/v1/held").json()["counts"]
    assert {(each["reason"], each["count"]) for each in counts} == {("implausible", 1), ("unknown_device", 1)}


def test_a_technician_sees_meters_and_no_values(world: World, as_: SignIn) -> None:
    item = world.held(device=cuff_of(world, "王秀英"))
    technician = as_("tech")
    for text in (technician.get("/held").text, technician.get(f"/held/{item}").text):
        assert cuff_of(world, "王秀英") in text
        assert "320" not in text
        assert "1e4001" not in text
    (listed,) = technician.get("/api/v1/held").json()["items"]
    assert (listed["values"], listed["raw"], listed["vouchable"]) == (None, None, False)


def test_a_doctor_sees_what_concerns_own_residents(world: World, as_: SignIn) -> None:
    mine = world.held(device=cuff_of(world, "王秀英"))
    world.held(device=cuff_of(world, "李建国"))
    token = world.one("select token from care.resident where resident_id = %s", world.residents["王秀英"])
    named = world.held(device="KIOSK", person=token)
    items = as_("dr.wang").get("/api/v1/held").json()["items"]
    assert {item["reading_id"] for item in items} == {str(mine), str(named)}


def test_vouching_makes_it_a_measurement(world: World, as_: SignIn) -> None:
    item = world.held(device=cuff_of(world, "王秀英"))
    doctor = as_("dr.wang")
    assert "仍不能放行" in doctor.post(f"/held/{item}/release", data={}).text
    assert "已放行" in doctor.post(f"/held/{item}/release", data={"vouch": "true"}).text
    assert world.one("select systolic from telemetry.reading where reading_id = %s", item) == 320
    assert world.one("select outcome from telemetry.ledger where reading_id = %s", item) == "accepted"
    assert world.one("select count(*) from telemetry.held") == 0
    assert world.one("select count(*) from telemetry.work") == 1
    assert (
        world.one("select staff_id from care.audit where action = 'held.release' order by audit_id desc limit 1")
        == world.staff["dr.wang"]
    )
    assert doctor.post(f"/held/{item}/release", data={"vouch": "true"}).status_code == 404


def test_a_time_that_is_missing_is_given_in_the_zone_of_the_pages(world: World, as_: SignIn) -> None:
    item = world.held(device=cuff_of(world, "王秀英"), reason="clock_unusable")
    world.connection.execute(
        'update telemetry.held set item = item || \'{"clock": "unusable", "measured_at": null,'
        ' "values": {"systolic": 150, "diastolic": 90}}\''
    )
    doctor = as_("dr.wang")
    assert "datetime-local" in doctor.get(f"/held/{item}").text
    assert doctor.post(f"/held/{item}/release", data={"vouch": "true"}).status_code == 422
    late = {"vouch": "true", "measured_at": "2026-11-30T07:30"}
    assert doctor.post(f"/held/{item}/release", data=late).status_code == 422
    doctor.post(f"/held/{item}/release", data={"vouch": "true", "measured_at": "2026-11-21T07:30"})
    measured = world.one("select measured_at from telemetry.reading where reading_id = %s", item)
    assert measured == world.clock() - timedelta(hours=8, minutes=30)


@pytest.mark.parametrize("login", ["admin", "tech"])
def test_vouching_for_a_value_is_a_clinical_decision(login: str, world: World, as_: SignIn) -> None:
    item = world.held(device=cuff_of(world, "王秀英"))
    answer = as_(login).post(f"/api/v1/held/{item}/release", json={"vouch": True})
    assert answer.status_code == 409
    assert answer.json()["error"] == "cannot_vouch"
    assert world.one("select count(*) from telemetry.held") == 1


def test_a_device_that_was_registered_since_releases_its_readings(world: World, as_: SignIn) -> None:
    item = world.held(device="NEW", reason="unknown_device")
    world.connection.execute(
        "update telemetry.held set item = jsonb_set(item, '{values}', '{\"systolic\": 130, \"diastolic\": 80}')"
    )
    technician = as_("tech")
    assert technician.post(f"/api/v1/held/{item}/release", json={}).json() == {
        "released": False,
        "reason": "unknown_device",
    }
    world.meter("NEW", world.residents["王秀英"], "青河卫生站")
    assert technician.post(f"/api/v1/held/{item}/release", json={}).json() == {"released": True, "reason": None}
