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


def test_setting_aside_needs_a_reason_and_a_day_that_the_level_allows(world: World, as_: SignIn) -> None:
    critical = world.alert("王秀英")
    doctor = as_("dr.wang")
    dialog = doctor.get(f"/alerts/{critical}").text
    assert "明天早上（2026-11-22）" in dialog
    assert "天后" not in dialog  # what is critical is looked at every day
    tomorrow = {"revision": 1, "until": "2026-11-22", "note": "今晚住院，明早查看"}
    for bad in ({"note": ""}, {"note": "  "}, {"until": "2026-11-21"}, {"until": "2026-11-23"}, {"until": "x"}):
        assert doctor.post(f"/api/v1/alerts/{critical}/shelve", json=tomorrow | bad).status_code == 422, bad
    late = doctor.post(f"/alerts/{critical}/shelve", data=tomorrow | {"until": "2026-12-24"})
    assert late.status_code == 422
    assert "最多搁置 1 天" in late.text
    assert "今晚住院，明早查看</textarea>" in late.text
    assert world.one("select state from care.episode") == "open"
    assert world.one("select count(*) from care.audit where action = 'episode.shelve'") == 0


def test_set_aside_listed_and_taken_back(world: World, as_: SignIn) -> None:
    episode = world.alert("王秀英")
    doctor = as_("dr.wang")
    dialog = doctor.post(
        f"/alerts/{episode}/shelve", data={"revision": 1, "until": "2026-11-22", "note": "今晚住院，明早查看"}
    ).text
    assert "已搁置，到期自动重新提醒" in dialog
    assert "2026-11-22 08:00 重新提醒" in dialog
    assert "今晚住院，明早查看</q>" in dialog
    assert "提前结束搁置" in dialog
    (listed,) = doctor.get("/api/v1/alerts", params={"view": "shelved"}).json()["alerts"]
    assert (listed["episode_id"], listed["acknowledged_by"]) == (episode, "王医生")
    assert listed["returns_at"] == "2026-11-22T00:00:00Z"
    assert "王秀英" in doctor.get("/alerts", params={"view": "shelved"}).text
    back = doctor.post(f"/alerts/{episode}/unshelve", data={"revision": 2})
    assert "搁置已结束" in back.text
    assert world.one("select state from care.episode") == "open"
    actions = world.one(
        "select array_agg(action || coalesce(' ' || (detail ->> 'until'), '') order by audit_id) from care.audit"
        " where action like 'episode.%%'"
    )
    assert actions == ["episode.shelve 2026-11-22", "episode.unshelve"]


def test_shelving_one_direction_leaves_the_other_alone(world: World, as_: SignIn) -> None:
    doctor = as_("dr.wang")
    world.measured("王秀英", glucose=18.0)
    world.evaluate()
    world.clock.move(timedelta(minutes=11))
    world.evaluate()
    high = world.episode_of("王秀英")
    asked = {"revision": 2, "until": "2026-11-22", "note": "已联系，明早复查"}
    assert doctor.post(f"/api/v1/alerts/{high}/shelve", json=asked).status_code == 200
    world.clock.move(timedelta(hours=1))
    low = world.alert("王秀英", glucose=2.7)
    states = {each["episode_id"]: each["state"] for each in doctor.get("/api/v1/alerts").json()["alerts"]}
    assert states == {high: "shelved", low: "open"}


def test_acting_without_closing_is_recorded_and_the_forgotten_comes_back_and_says_so(world: World, as_: SignIn) -> None:
    episode = world.alert("王秀英")
    doctor = as_("dr.wang")
    doctor.post(f"/alerts/{episode}/acknowledge", data={"revision": 1})
    world.clock.move(timedelta(hours=3))
    acted = doctor.post(f"/alerts/{episode}/act", data={"revision": 2, "note": "已电话，半小时后复测"}).text
    assert "措施已记录" in acted
    assert "2026-11-21 23:00 前未完成将重新提醒" in acted
    world.clock.move(timedelta(hours=3))
    world.evaluate()
    assert doctor.get(f"/api/v1/alerts/{episode}").json()["state"] == "acknowledged"
    world.clock.move(timedelta(hours=1))
    world.evaluate()
    back = doctor.get(f"/api/v1/alerts/{episode}").json()
    assert (back["state"], back["returned_from"]) == ("open", "acknowledged")
    dialog = doctor.get(f"/alerts/{episode}").text
    assert "接手后未在期限内完成" in dialog
    assert "接手后未完成" in doctor.get("/alerts").text
    assert world.one("select count(*) from care.audit where action = 'episode.act'") == 1


def test_the_dialog_explains_sentence_readings_rule_document_and_history(world: World, as_: SignIn) -> None:
    episode = world.alert("王秀英")
    dialog = as_("dr.wang").get(f"/alerts/{episode}").text
    for told in (
        "血糖 2.6 mmol/L，符合提醒标准 &lt; 3.0 mmol/L",
        "严重低血糖（2级）",
        "低血糖分级",
        "Clinical Diabetes 42(2):196",
        "无需复测，立即提醒。",
    ):
        assert told in dialog, told


def test_nobody_decides_about_anothers_resident(world: World, as_: SignIn) -> None:
    episode = world.alert("王秀英")
    stranger = as_("dr.li")
    for path, asked in (
        ("act", {"note": "x"}),
        ("shelve", {"until": "2026-11-22", "note": "x"}),
        ("unshelve", {}),
    ):
        assert stranger.post(f"/api/v1/alerts/{episode}/{path}", json={"revision": 1, **asked}).status_code == 404
    assert world.one("select count(*) from care.episode_event") == 1
