"""Duty and leave on the page: rights follow leave and alerts, and end with them; gaps are told in words."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from ingest.accounts import Role
from ingest.alerting import escalating
from ingest.alerting.channels import settings as channels
from ingest.alerting.escalating import Means
from ingest.alerting.policy import EscalationSettings
from ingest.identity import load_key, unseal
from maixun.configuration import settings
from tests.api.conftest import SignIn
from tests.api.world import World

MEANS = Means(settings(EscalationSettings, "escalation"), channels.read().enabled())


@pytest.fixture
def deputy(world: World) -> int:
    """A second doctor of Wang's station."""
    return world.person("dr.zhao", "赵医生", Role.DOCTOR, "青河卫生站")


def local(moment: datetime) -> str:
    return (moment + timedelta(hours=8)).strftime("%Y-%m-%dT%H:%M")


def away(world: World, client: TestClient, deputy: int, days: float = 1) -> None:
    form = {
        "deputy": deputy,
        "since": local(world.clock() - timedelta(minutes=5)),
        "until": local(world.clock() + timedelta(days=days)),
    }
    answer = client.post("/rota/leave", data=form, follow_redirects=False)
    assert answer.status_code == 303, answer.text


def sees(client: TestClient, world: World) -> bool:
    status = client.get(f"/api/v1/residents/{world.residents['王秀英']}").status_code
    assert status in (200, 404)
    return status == 200


def test_during_leave_the_deputy_sees_the_residents_and_not_a_minute_longer(
    world: World, as_: SignIn, deputy: int
) -> None:
    world.alert("王秀英")
    colleague = as_("dr.zhao")
    assert not sees(colleague, world)
    away(world, as_("dr.wang"), deputy)
    assert sees(colleague, world)
    assert colleague.get("/api/v1/alerts").json()["counts"]["open"] == 1
    assert sees(as_("dr.wang"), world)
    world.clock.move(timedelta(days=1, minutes=1))
    assert not sees(as_("dr.zhao"), world)


def test_a_leave_taken_back_ends_the_rights_and_all_of_it_is_recorded(world: World, as_: SignIn, deputy: int) -> None:
    doctor, colleague = as_("dr.wang"), as_("dr.zhao")
    away(world, doctor, deputy)
    assert sees(colleague, world)
    leave = world.one("select leave_id from care.leave")
    assert colleague.post("/rota/leave/cancel", data={"leave": leave, "week": "2026-11-16"}).status_code == 404
    doctor.post("/rota/leave/cancel", data={"leave": leave, "week": "2026-11-16"})
    assert not sees(colleague, world)
    assert world.one("select count(*) from care.audit where action = 'rota.leave'") == 2
    assert world.one("select count(*) from care.audit where staff_id = %s and resident_id is not null", deputy) == 1


def test_whoever_the_escalation_reaches_may_open_the_alert_until_it_is_closed(
    world: World, as_: SignIn, deputy: int
) -> None:
    lead, night = as_("lead.qinghe"), as_("dr.zhao")
    duty = {  # the world's present is a Saturday afternoon
        "staff": deputy,
        "line": 1,
        "since": local(world.clock()),
        "until": local(world.clock() + timedelta(hours=12)),
    }
    assert lead.post("/rota/duty", data=duty, follow_redirects=False).status_code == 303
    assert not sees(night, world)
    episode = world.alert("王秀英")
    escalating.run_once(world.connection, MEANS, world.clock())
    assert sees(night, world)
    answer = night.get(f"/notices/episode/{episode}", follow_redirects=False)
    assert answer.headers["location"].endswith(f"#alert-{episode}")
    log = night.get(f"/alerts/{episode}").text
    assert "赵医生" in log
    assert "页面提醒" in log
    closing = {"revision": 1, "outcome": "advised", "note": "已电话指导"}
    assert night.post(f"/api/v1/alerts/{episode}/close", json=closing).status_code == 200
    assert not sees(night, world)


def test_the_log_says_who_read_what_was_sent(world: World, as_: SignIn, deputy: int) -> None:
    as_("lead.qinghe").post("/rota/fill", data={"staff": deputy, "week": "2026-11-21"})
    episode = world.alert("王秀英")
    escalating.run_once(world.connection, MEANS, world.clock())
    world.connection.execute("update care.notice set state = 'sent', sent_at = %s", [world.clock()])
    world.clock.move(timedelta(minutes=3))
    night = as_("dr.zhao")
    assert night.get(f"/api/v1/alerts/{episode}").json()["sends"][0]["read_at"] is None
    (send,) = night.get(f"/api/v1/alerts/{episode}").json()["sends"]
    assert (send["name"], send["way"], send["state"]) == ("赵医生", "in_page", "sent")
    assert send["read_at"] is not None


def test_gaps_are_told_in_words_and_filled_at_once(as_: SignIn, deputy: int) -> None:
    lead = as_("lead.qinghe")
    page = lead.get("/rota").text
    assert "现在无人值班" in page
    assert "2026-11-21 16:00 至 2026-11-23 00:00 无人值班" in page
    lead.post("/rota/fill", data={"staff": deputy, "week": "2026-11-21"})
    page = lead.get("/rota").text
    assert "本周没有空缺" in page
    assert "一线值班：赵医生" in page


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"deputy": "dr.wang"}, 409),  # oneself
        ({"deputy": "dr.li"}, 404),  # another station's
        ({"until": "2026-11-01T08:00"}, 409),
        ({"until": "tomorrow"}, 422),
    ],
)
def test_what_cannot_be_entered_is_refused(
    changes: dict[str, str], status: int, world: World, as_: SignIn, deputy: int
) -> None:
    form = {"deputy": deputy, "since": local(world.clock()), "until": local(world.clock() + timedelta(days=1))}
    given = {name: world.staff.get(value, value) for name, value in changes.items()}
    assert as_("dr.wang").post("/rota/leave", data=form | given, follow_redirects=False).status_code == status
    assert world.one("select count(*) from care.leave") == 0


def test_a_deputy_who_is_away_cannot_stand_in_and_nobody_is_away_twice(world: World, as_: SignIn, deputy: int) -> None:
    away(world, as_("dr.zhao"), world.staff["lead.qinghe"])
    form = {"deputy": deputy, "since": local(world.clock()), "until": local(world.clock() + timedelta(hours=1))}
    answer = as_("dr.wang").post("/rota/leave", data=form)
    assert answer.status_code == 409
    assert "也休假" in answer.text
    again = as_("dr.zhao").post("/rota/leave", data=form | {"deputy": world.staff["dr.wang"]})
    assert "已有安排" in again.text


def test_a_doctor_plans_no_duty_and_nobody_plans_for_another_station(world: World, as_: SignIn, deputy: int) -> None:
    duty = {
        "staff": deputy,
        "line": 1,
        "since": local(world.clock()),
        "until": local(world.clock() + timedelta(hours=1)),
    }
    assert as_("dr.wang").post("/rota/duty", data=duty).status_code == 403
    other = {"station": world.stations["云岭卫生站"], "staff": world.staff["dr.li"]}
    assert as_("lead.qinghe").post("/rota/duty", data=duty | other).status_code == 404
    assert as_("lead.qinghe").post("/rota/duty", data=duty | {"staff": world.staff["dr.li"]}).status_code == 404
    assert as_("admin").post("/rota/duty", data=duty | other).status_code == 200
    assert as_("tech").get("/rota").status_code == 403


def test_a_contact_is_sealed_and_shown_to_nobody(world: World, as_: SignIn) -> None:
    doctor = as_("dr.wang")
    doctor.post("/contacts", data={"card": "rota", "kind": "mobile", "address": "139 0000-0000"})
    assert "13900000000" not in doctor.get("/rota").text
    sealed = bytes(world.one("select address_sealed from identity.contact"))
    assert b"13900000000" not in sealed
    assert unseal(sealed, load_key()) == "13900000000"
    doctor.post("/contacts", data={"card": "rota", "kind": "mobile", "address": ""})
    assert world.one("select count(*) from identity.contact") == 0


def test_everybody_finds_what_was_sent_to_them(world: World, as_: SignIn) -> None:
    episode = world.alert("王秀英")
    escalating.run_once(world.connection, MEANS, world.clock())
    lead = as_("lead.qinghe").get("/notices").text  # nobody has duty, so the lead was told
    assert "危急预警待处理 · 青河卫生站" in lead
    assert f"/notices/episode/{episode}" in lead
    assert "王秀英" not in lead
    assert "没有。" in as_("tech").get("/notices").text
    assert as_("dr.li").get(f"/notices/episode/{episode}").status_code == 404


def test_the_lead_sees_who_cannot_be_reached_by_what(world: World, as_: SignIn) -> None:
    as_("dr.wang").post("/contacts", data={"card": "rota", "kind": "mobile", "address": "13900000000"})
    page = as_("lead.qinghe").get("/rota").text
    row = re.sub(r"<[^>]+>", "", page[page.index("<td>王医生</td>") :].split("</tr>")[0])
    assert "页面 · 手机 · 无邮箱 · 无企业微信账号" in row
    assert "13900000000" not in page
    assert world.one("select count(*) from identity.contact") == 1


@pytest.mark.parametrize("login", ["tech", "cdc", "admin"])
def test_whoever_is_told_of_incidents_can_say_where_they_are_reached(login: str, world: World, as_: SignIn) -> None:
    desk = as_(login)
    assert desk.get("/rota").status_code == (200 if login == "admin" else 403)
    page = desk.post("/contacts", data={"card": "notices", "kind": "mail", "address": "staff@example.org"})
    assert page.url.path == "/notices"
    assert page.text.count("已登记于") == 1
    assert "staff@example.org" not in page.text
    assert world.one("select staff_id from identity.contact") == world.staff[login]
    assert world.one("select count(*) from care.audit where action = 'staff.contact'") == 1


@pytest.mark.parametrize(
    ("kind", "address"),
    [("mobile", "office"), ("mobile", "139"), ("mail", "wang"), ("mail", "a b@example.org"), ("wecom", "wang li")],
)
def test_where_nobody_could_be_reached_is_not_kept(kind: str, address: str, world: World, as_: SignIn) -> None:
    answer = as_("dr.wang").post("/contacts", data={"card": "rota", "kind": kind, "address": address})
    assert answer.status_code == 422
    assert "没有保存" in answer.text
    assert world.one("select count(*) from identity.contact") == 0
