"""What a station lead sees: waiting times, what nobody opened, and who carries how much."""

from __future__ import annotations

from datetime import timedelta

from tests.api.conftest import SignIn
from tests.api.test_work import follow_up
from tests.api.world import World


def test_waiting_times_and_what_nobody_has_opened(world: World, as_: SignIn) -> None:
    lead, doctor = as_("lead.qinghe"), as_("dr.wang")
    world.resident("张伟", "dr.wang", "青河卫生站")
    first = world.alert("王秀英")
    world.clock.move(timedelta(minutes=20))
    doctor.post(f"/alerts/{first}/acknowledge", data={"revision": 1})
    second = world.alert("张伟")
    world.alert("李建国")
    state = lead.get("/api/v1/station").json()
    (critical,) = state["waiting"]
    assert (critical["tier"], critical["open"], critical["answered"], critical["unanswered"]) == (1, 1, 1, 1)
    assert critical["median_minutes"] == 20
    assert [(one["episode_id"], one["resident_name"]) for one in state["unread"]] == [(second, "张伟")]
    world.clock.move(timedelta(minutes=1))
    doctor.get(f"/alerts/{second}")
    assert lead.get("/api/v1/station").json()["unread_count"] == 0


def test_a_look_before_the_alert_does_not_count_as_having_read_it(world: World, as_: SignIn) -> None:
    as_("dr.wang").get(f"/residents/{world.residents['王秀英']}")
    world.clock.move(timedelta(minutes=1))
    world.alert("王秀英")
    lead = as_("lead.qinghe")
    assert lead.get("/api/v1/station").json()["unread_count"] == 1
    assert "王秀英" in lead.get("/station").text


def test_what_each_doctor_carries_and_completes(world: World, as_: SignIn) -> None:
    world.resident("张伟", "dr.wang", "青河卫生站")
    world.alert("王秀英")
    for name, days in (("王秀英", -10), ("张伟", 3)):
        follow_up(world, name, days=days)
    done = follow_up(world, "张伟", days=-20, reason="yearly")
    world.connection.execute("update care.follow_up set doctor_id = %s", (world.staff["dr.wang"],))
    world.connection.execute(
        "update care.follow_up set state = 'done', ended_at = %s where follow_up_id = %s", (world.clock(), done)
    )
    loads = as_("lead.qinghe").get("/api/v1/station").json()["loads"]
    (wang,) = [load for load in loads if load["doctor"] == "王医生"]
    assert {name: wang[name] for name in ("residents", "urgent", "due", "overdue", "fell_due", "completed")} == {
        "residents": 2,
        "urgent": 1,
        "due": 1,
        "overdue": 1,
        "fell_due": 2,
        "completed": 1,
    }
    assert "50 %" in as_("lead.qinghe").get("/station").text


def test_only_the_lead_sees_the_station(world: World, as_: SignIn) -> None:  # noqa: ARG001
    for login in ("dr.wang", "tech", "admin", "cdc"):
        assert as_(login).get("/station").status_code == 403, login


def test_the_rota_says_who_is_told_and_where_nobody_is(world: World, as_: SignIn) -> None:
    lead, wang = as_("lead.qinghe"), world.staff["dr.wang"]
    now = world.clock()  # a Saturday afternoon
    bare = lead.get("/api/v1/station").json()["rota"]
    assert (bare["working"], bare["on_duty"]) == (False, [])
    assert bare["holes"][0]["kind"] == "duty"
    assert "现在没有人值班" in lead.get("/station").text
    world.connection.execute(
        "insert into care.duty (station_id, staff_id, line, starts_at, ends_at, entered_by, entered_at)"
        " values (%s, %s, 1, %s, %s, %s, %s)",
        (world.stations["青河卫生站"], wang, now - timedelta(hours=8), now + timedelta(days=8), wang, now),
    )
    covered = lead.get("/api/v1/station").json()["rota"]
    assert (covered["on_duty"], covered["holes"]) == (["王医生"], [])
    world.connection.execute(
        "insert into care.leave (staff_id, deputy_id, starts_at, ends_at, entered_by, entered_at)"
        " values (%s, %s, %s, %s, %s, %s)",
        (wang, world.staff["lead.qinghe"], now - timedelta(hours=1), now + timedelta(days=1), wang, now),
    )
    away = lead.get("/api/v1/station").json()["rota"]
    assert away["on_duty"] == ["陈站长"], "whoever stands in for the one on duty"
    assert [(one["name"], one["deputy"]) for one in away["away"]] == [("王医生", "陈站长")]
