"""A resident's own limits through the pages and as JSON: whose they are, bounds, audit, end."""

from __future__ import annotations

from tests.api.conftest import SignIn
from tests.api.world import World

ASKED = {
    "rule": "blood_pressure_critical",
    "limits": {"systolic": 160},
    "reason": "心内科建议",
    "ends_on": "2026-12-21",
}


def test_a_doctor_sets_lists_and_ends_limits_and_all_of_it_is_recorded(as_: SignIn, world: World) -> None:
    doctor, resident = as_("dr.wang"), world.residents["王秀英"]
    url = f"/api/v1/residents/{resident}/overrides"
    answer = doctor.post(url, json=ASKED)
    assert answer.status_code == 200
    stored = answer.json()
    assert (stored["by"], stored["state"], stored["valid_from"]) == ("王医生", "in_force", "2026-11-21")
    assert [each["override_id"] for each in doctor.get(url).json()] == [stored["override_id"]]
    ended = doctor.post(f"{url}/{stored['override_id']}/end", json={"why": "血压已稳定"}).json()
    assert (ended[0]["state"], ended[0]["ended_by"], ended[0]["ended_why"]) == ("ended", "王医生", "血压已稳定")
    assert doctor.post(f"{url}/{stored['override_id']}/end", json={"why": "again"}).status_code == 404
    rows = world.connection.execute(
        "select action from care.audit where resident_id = %s and action like 'override.%%' order by at, action",
        [resident],
    ).fetchall()
    assert sorted({row[0] for row in rows}) == ["override.end", "override.set", "override.view"]


def test_what_is_out_of_bounds_is_refused_with_the_bounds(as_: SignIn, world: World) -> None:
    url = f"/api/v1/residents/{world.residents['王秀英']}/overrides"
    answer = as_("dr.wang").post(url, json=ASKED | {"limits": {"systolic": 260}})
    assert answer.status_code == 422
    assert answer.json()["error"] == "out_of_bounds"
    assert "between 140 and 200" in answer.json()["says"]["en"]
    assert world.one("select count(*) from care.threshold_override") == 0


def test_nobody_sets_limits_for_anothers_resident_and_only_clinicians_set_any(as_: SignIn, world: World) -> None:
    resident = world.residents["王秀英"]
    for path in (f"/api/v1/residents/{resident}/overrides", f"/residents/{resident}/overrides"):
        assert as_("dr.li").get(path).status_code == 404
        assert as_("tech").get(path).status_code == 403
        assert as_("cdc").get(path).status_code == 403
    assert as_("dr.li").post(f"/api/v1/residents/{resident}/overrides", json=ASKED).status_code == 404
    mine = as_("dr.wang").post(f"/api/v1/residents/{resident}/overrides", json=ASKED).json()["override_id"]
    other = world.residents["李建国"]
    assert as_("dr.li").post(f"/api/v1/residents/{other}/overrides/{mine}/end", json={"why": "x"}).status_code == 404


def test_the_page_sets_a_limit_and_the_alert_names_the_doctor(as_: SignIn, world: World) -> None:
    doctor, resident = as_("dr.wang"), world.residents["王秀英"]
    page = doctor.get(f"/residents/{resident}/overrides").text
    assert "危急血压" in page
    assert "≥ 180/110" in page
    assert "glucose_target" not in page
    form = doctor.get(f"/residents/{resident}/overrides/new?rule=blood_pressure_critical").text
    assert "可以设定 140 到 200" in form
    sent = {"rule": "blood_pressure_critical", "systolic": "160", "until": "2026-12-20", "reason": "心内科建议"}
    assert doctor.post(f"/residents/{resident}/overrides", data=sent, follow_redirects=False).status_code == 303
    assert "≥ 160/110" in doctor.get(f"/residents/{resident}/overrides").text
    for _ in range(2):
        world.measured("王秀英", systolic=165, diastolic=80)
        world.evaluate()
    alert = doctor.get(f"/alerts/{world.episode_of('王秀英')}").text
    assert "此界值由王医生为该居民专门设定，有效至2026-12-20。" in alert


def test_a_mistake_comes_back_with_what_was_typed(as_: SignIn, world: World) -> None:
    doctor, url = as_("dr.wang"), f"/residents/{world.residents['王秀英']}/overrides"
    sent = {"rule": "blood_pressure_critical", "systolic": "260", "until": "2026-12-20", "reason": "心内科建议"}
    answer = doctor.post(url, data=sent)
    assert answer.status_code == 422
    assert "界值只能在 140 到 200 之间" in answer.text
    assert 'value="260"' in answer.text
    assert doctor.post(url, data=sent | {"systolic": "high"}).status_code == 422
    assert doctor.post(url, data=sent | {"systolic": "160", "reason": ""}).status_code == 422
    assert doctor.get(f"{url}/new?rule=nothing").status_code == 404
