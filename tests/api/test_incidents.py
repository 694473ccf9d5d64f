"""Incidents on their page: who sees which, taking over, closing, and being second."""

from __future__ import annotations

import re

import pytest

from ingest.alerting import incidents
from ingest.alerting.incident import Subject, Trouble
from tests.api.conftest import SignIn
from tests.api.world import World


def happen(world: World) -> None:
    """A silent gateway for the technician, an empty rota for each station's lead, an outbreak for the CDC."""
    stations = world.stations

    def trouble(kind: str, name: str, cause: str, audience: str, station: str) -> Trouble:
        says = {"zh": f"{name} 出了问题", "en": f"{name} is in trouble"}
        return Trouble(
            subject=Subject(kind, name, cause),
            audience=audience,
            tier=2,
            says=says,
            station_id=stations[station],
            facts={},
        )

    channel = {"zh": "mail 出了问题", "en": "mail is in trouble"}
    troubles = [
        Trouble(subject=Subject("channel", "mail", "channel_failed"), audience="admin", tier=2, says=channel, facts={}),
        trouble("gateway", "gw-0007", "gateway_silent", "technician", "青河卫生站"),
        trouble("rota", "rota-1", "nobody_on_duty", "station_lead", "青河卫生站"),
        trouble("rota", "rota-2", "nobody_on_duty", "station_lead", "云岭卫生站"),
        trouble("station", "fever-1", "fever_cluster", "cdc", "青河卫生站"),
    ]
    causes = sorted({each.subject.cause for each in troubles})
    incidents.settle(world.connection, troubles, causes=causes, now=world.clock())


@pytest.mark.parametrize(
    ("login", "sees"),
    [
        ("tech", {"gw-0007"}),
        ("lead.qinghe", {"rota-1"}),
        ("admin", {"gw-0007", "rota-1", "rota-2", "mail"}),
    ],
)
def test_each_role_sees_what_it_must_act_on(login: str, sees: set[str], world: World, as_: SignIn) -> None:
    happen(world)
    desk = as_(login)
    assert {each["subject"] for each in desk.get("/api/v1/incidents").json()} == sees
    page = desk.get("/incidents").text
    for name in ("gw-0007", "rota-1", "rota-2", "fever-1", "mail"):
        assert (f"{name} 出了问题" in page) is (name in sees)


def test_incidents_of_a_place_stand_together_and_closed_ones_last(world: World, as_: SignIn) -> None:
    stations = list(world.stations)
    for number in range(4):
        station = stations[number % 2]
        trouble = Trouble(
            subject=Subject("device", f"meter-{number}", f"cause-{number}"),
            audience="technician",
            tier=4 if number < 3 else 2,
            says={"zh": f"{number} 号时钟不对", "en": f"clock {number}"},
            station_id=world.stations[station],
            facts={},
        )
        incidents.settle(world.connection, [trouble], causes=[trouble.subject.cause], now=world.clock())
    desk = as_("tech")
    number = world.one("select incident_id from care.incident where subject = 'meter-0'")
    desk.post(f"/incidents/{number}/close", data={"revision": 1, "outcome": "mended", "note": "ok"})
    heads = re.findall(r'<h[23] id="(?:place|incident)-\d+">(.*?)</h[23]>', desk.get("/incidents").text)
    said = [re.sub(r"<[^>]+>", "", each).strip() for each in heads]
    assert said == [
        f"{stations[1]} 2",
        "设备 meter-3",
        "设备 meter-1",
        f"{stations[0]} 1",
        "设备 meter-2",
        "最近关闭 1",
        "设备 meter-0",
    ]


@pytest.mark.parametrize("login", ["dr.wang", "cdc"])
def test_nobody_else_sees_any(login: str, as_: SignIn) -> None:
    assert as_(login).get("/incidents").status_code == 403


def test_taken_over_closed_and_recorded(world: World, as_: SignIn) -> None:
    happen(world)
    desk = as_("tech")
    (one,) = desk.get("/api/v1/incidents").json()
    address = f"/incidents/{one['incident_id']}"
    assert "处理中" in desk.post(f"{address}/acknowledge", data={"revision": 1}).text
    (held,) = desk.get("/api/v1/incidents").json()
    assert (held["state"], held["by"], held["returns_at"]) == ("acknowledged", "赵技术员", "2026-11-22T08:00:00Z")
    for bad in ({"outcome": "", "note": "x"}, {"outcome": "mended", "note": " "}, {"outcome": "resolved", "note": "x"}):
        assert desk.post(f"{address}/close", data={"revision": 2, **bad}).status_code == 422
    page = desk.post(f"{address}/close", data={"revision": 2, "outcome": "mended", "note": "换了电源"}).text
    assert "已修复" in page
    assert "换了电源" in page
    actions = world.one("select array_agg(action order by audit_id) from care.audit where action like 'incident.%%'")
    assert actions == ["incident.acknowledge", "incident.close"]


def test_the_second_is_told_and_anothers_is_not_there(world: World, as_: SignIn) -> None:
    happen(world)
    (one,) = as_("tech").get("/api/v1/incidents").json()
    address = f"/incidents/{one['incident_id']}"
    as_("admin").post(f"{address}/acknowledge", data={"revision": 1})
    late = as_("tech").post(f"{address}/acknowledge", data={"revision": 1})
    assert late.status_code == 409
    assert "刚刚有变化" in late.text
    assert "管理员" in late.text
    closing = {"revision": 2, "outcome": "mended", "note": "x"}
    assert as_("lead.qinghe").post(f"{address}/close", data=closing).status_code == 404


@pytest.mark.parametrize(
    ("login", "subject", "leads_to"),
    [
        ("tech", "gw-0007", "/incidents#incident-{}"),
        ("lead.qinghe", "rota-1", "/incidents#incident-{}"),
        ("admin", "mail", "/incidents#incident-{}"),
        ("cdc", "fever-1", "/sentinel"),
        ("admin", "fever-1", "/sentinel"),  # an outbreak that nobody at the CDC took up
    ],
)
def test_a_messages_link_leads_to_the_incident(
    login: str, subject: str, leads_to: str, world: World, as_: SignIn
) -> None:
    happen(world)
    number = world.one("select incident_id from care.incident where subject = %s", subject)
    address = f"/notices/incident/{number}"
    assert as_(login).get(address).status_code == 404  # not told of it
    world.connection.execute(
        "insert into care.notice (matter, number, round, level, staff_id, channel, not_before, created_at)"
        " values ('incident', %s, 1, 1, %s, 'page', now(), now())",
        [number, world.staff[login]],
    )
    answer = as_(login).get(address, follow_redirects=False)
    assert answer.headers["location"] == leads_to.format(number)
    assert as_(login).get(address).status_code == 200
