"""What doctors do with alerts: see their own, take one over, close it, and learn who was faster."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

from tests.api.conftest import SignIn
from tests.api.world import World


def test_a_doctor_sees_own_alerts_with_their_reason(world: World, as_: SignIn) -> None:
    world.alert("王秀英", glucose=2.6)
    world.alert("李建国", glucose=2.4)
    page = as_("dr.wang").get("/alerts").text
    assert "王秀英" in page
    assert "2.6" in page
    assert "危急" in page
    assert "李建国" not in page
    assert "李建国" in as_("dr.li").get("/alerts").text


def test_a_station_lead_sees_the_station(world: World, as_: SignIn) -> None:
    world.alert("王秀英")
    world.alert("李建国")
    alerts = as_("lead.qinghe").get("/api/v1/alerts").json()["alerts"]
    assert [alert["resident_name"] for alert in alerts] == ["王秀英"]


def test_what_is_still_being_confirmed_is_nobodys_work(world: World, as_: SignIn) -> None:
    world.measured("王秀英", systolic=190, diastolic=112)
    world.evaluate()
    doctor = as_("dr.wang")
    assert doctor.get("/api/v1/alerts").json()["alerts"] == []
    assert doctor.get(f"/api/v1/alerts/{world.episode_of('王秀英')}").status_code == 404
    world.clock.move(timedelta(minutes=11))
    world.evaluate()
    (alert,) = doctor.get("/api/v1/alerts").json()["alerts"]
    assert alert["state"] == "open"
    assert alert["finding"]["readings"][-1]["values"]["systolic"] == 190


def test_from_open_to_closed(world: World, as_: SignIn) -> None:
    episode = world.alert("王秀英")
    doctor = as_("dr.wang")
    dialog = doctor.post(f"/alerts/{episode}/acknowledge", data={"revision": 1})
    assert dialog.status_code == 200
    assert "已由您接手" in dialog.text
    assert doctor.get("/api/v1/alerts", params={"view": "open"}).json()["alerts"] == []
    closing = {"revision": 2, "outcome": "advised", "note": "电话指导，已进食，复测 5.1"}
    assert "已关闭" in doctor.post(f"/alerts/{episode}/close", data=closing).text
    (closed,) = doctor.get("/api/v1/alerts", params={"view": "recent"}).json()["alerts"]
    assert (closed["state"], closed["outcome"], closed["acknowledged_by"]) == ("closed", "advised", "王医生")
    history = doctor.get(f"/api/v1/alerts/{episode}").json()["events"]
    assert [event["to_state"] for event in history] == ["open", "acknowledged", "closed"]
    assert history[-1]["note"] == closing["note"]
    assert history[-1]["by"] == "王医生"
    assert "电话指导" in doctor.get(f"/alerts/{episode}").text


def test_two_doctors_click_at_once_one_wins_and_the_other_is_told(world: World, as_: SignIn) -> None:
    episode = world.alert("王秀英")
    desks = [as_("dr.wang"), as_("lead.qinghe")]
    together = Barrier(2)

    def click(desk: int) -> tuple[int, str]:
        together.wait(10)
        answer = desks[desk].post(f"/alerts/{episode}/acknowledge", data={"revision": 1})
        return answer.status_code, answer.text

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(click, range(2)))
    assert sorted(status for status, _ in answers) == [200, 409]
    winner = ["王医生", "陈站长"][[status for status, _ in answers].index(200)]
    told = next(text for status, text in answers if status == 409)
    assert f"{winner} 已先一步处理了这条预警" in told
    assert world.one("select count(*) from care.episode_event where to_state = 'acknowledged'") == 1
    assert world.one("select count(*) from care.audit where action = 'episode.acknowledge'") == 1


def test_a_late_close_keeps_what_was_typed(world: World, as_: SignIn) -> None:
    episode = world.alert("王秀英")
    first, second = as_("dr.wang"), as_("lead.qinghe")
    first.post(f"/alerts/{episode}/acknowledge", data={"revision": 1})
    late = second.post(f"/alerts/{episode}/close", data={"revision": 1, "outcome": "visited", "note": "已上门查看"})
    assert late.status_code == 409
    assert "王医生 已先一步处理了这条预警" in late.text
    assert "已上门查看</textarea>" in late.text
    json = second.post(f"/api/v1/alerts/{episode}/close", json={"revision": 1, "outcome": "visited", "note": "x"})
    assert json.status_code == 409
    assert json.json()["error"] == "overtaken"
    assert "王医生" in json.json()["says"]["en"]


def test_closing_needs_an_outcome_of_a_doctor_and_a_note(world: World, as_: SignIn) -> None:
    episode = world.alert("王秀英")
    doctor = as_("dr.wang")
    for bad in ({"outcome": "resolved", "note": "x"}, {"outcome": "advised", "note": ""}, {"note": "x"}):
        assert doctor.post(f"/api/v1/alerts/{episode}/close", json={"revision": 1, **bad}).status_code == 422
    assert world.one("select state from care.episode") == "open"


def test_the_list_is_most_severe_first_then_longest_waiting(world: World, as_: SignIn) -> None:
    world.resident("张伟", "dr.wang", "青河卫生站")
    world.resident("刘芳", "dr.wang", "青河卫生站")
    urgent = world.alert("王秀英", glucose=3.5)
    world.clock.move(timedelta(minutes=11))
    world.evaluate()
    older = world.alert("张伟", glucose=2.5)
    world.clock.move(timedelta(minutes=1))
    newer = world.alert("刘芳", glucose=2.0)
    listed = as_("dr.wang").get("/api/v1/alerts").json()
    assert [alert["episode_id"] for alert in listed["alerts"]] == [older, newer, urgent]
    assert listed["counts"] == {"open": 3, "acknowledged": 0, "shelved": 0}
