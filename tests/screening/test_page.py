"""The list on the page and as JSON: who is on it and whose, what a decision does, and what the CDC is told of it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from ingest.registry import note_condition
from tests.api.conftest import SignIn
from tests.api.world import World

SUSPECT, RISKY, HEALTHY = "何大山", "江小梅", "安平"


@pytest.fixture
def county(world: World) -> World:
    """Three of Dr Wang's without a diagnosis: elevated on three days, high-normal, well; one of Dr Li's elevated."""
    for name in (SUSPECT, RISKY, HEALTHY):
        world.resident(name, "dr.wang", "青河卫生站", birth_date=date(1970, 5, 1), conditions=[])
    world.resident("别家人", "dr.li", "云岭卫生站", birth_date=date(1970, 5, 1), conditions=[])
    for days in (3, 9, 15):
        measured(world, SUSPECT, days, "148/92")
    measured(world, RISKY, 4, "133/82")
    measured(world, HEALTHY, 4, "118/72")
    measured(world, "别家人", 4, "170/100")
    return world


def measured(world: World, name: str, days_ago: float, text: str, setting: str = "station") -> None:
    systolic, diastolic = map(int, text.split("/"))
    at = world.clock() - timedelta(days=days_ago)
    world.measured(name, at, systolic=systolic, diastolic=diastolic, setting=setting)


def listed(as_: SignIn, login: str = "dr.wang") -> list[tuple[str, str]]:
    return [(each["name"], each["step"]) for each in as_(login).get("/api/v1/screening").json()]


def decided(world: World, as_: SignIn, name: str, outcome: str, **more: Any) -> int:
    form = {"condition": "hypertension", "outcome": outcome, "note": "县医院门诊"} | more
    address = f"/residents/{world.residents[name]}/screening"
    return as_("dr.wang").post(address, data=form, follow_redirects=False).status_code


def test_who_is_listed_and_to_whom(county: World, as_: SignIn) -> None:
    assert listed(as_) == [(SUSPECT, "refer"), (RISKY, "advise")]
    assert listed(as_, "lead.qinghe") == listed(as_)
    assert listed(as_, "dr.li") == [("别家人", "recheck")]
    page = as_("dr.wang").get("/screening").text
    for text in (SUSPECT, "148/92 mmHg", "共 3 天达到标准", "转诊确诊", "最近一次血压为正常高值"):
        assert text in page
    assert HEALTHY not in page
    assert "王秀英" not in page, "who has the diagnosis is in the programme, not here"
    english = as_("dr.wang")
    english.get("/language/en")
    assert "Refer for a diagnosis" in english.get("/screening").text
    assert county.one("select count(*) from care.audit where action = 'screening.list'") >= 4


def test_too_young_left_or_measured_elsewhere_is_nobody(county: World, as_: SignIn) -> None:
    county.resident("年轻人", "dr.wang", "青河卫生站", birth_date=date(1992, 1, 1), conditions=[])
    measured(county, "年轻人", 2, "160/100")
    measured(county, HEALTHY, 1, "160/100", setting="home")
    county.connection.execute(
        "update care.resident set left_on = '2026-11-01', left_why = 'moved' where resident_id = %s",
        [county.residents[SUSPECT]],
    )
    assert listed(as_) == [(RISKY, "advise")]


def test_overweight_alone_is_a_risk_of_hypertension(county: World, as_: SignIn) -> None:
    at = county.clock() - timedelta(days=2)
    county.measured(HEALTHY, at, kind="body", weight=80, height=165, setting="kiosk")
    found = next(each for each in as_("dr.wang").get("/api/v1/screening").json() if each["name"] == HEALTHY)
    assert (found["level"], found["risks"]) == ("high_risk", ["overweight"])


def test_a_referral_waits_for_its_result_then_a_diagnosis_ends_it_and_begins_the_programme(
    county: World, as_: SignIn
) -> None:
    assert decided(county, as_, SUSPECT, "referred") == 303
    assert listed(as_)[0] == (SUSPECT, "result")
    assert "2026-12-05" in as_("dr.wang").get("/screening").text, "two weeks later"
    assert decided(county, as_, SUSPECT, "diagnosed", diagnosed_on="2026-11-20", manage="true") == 303
    assert SUSPECT not in dict(listed(as_))
    row = county.connection.execute(
        "select condition, diagnosed_on, managed_from from care.condition where resident_id = %s",
        [county.residents[SUSPECT]],
    ).fetchall()
    assert row == [("hypertension", date(2026, 11, 20), date(2026, 11, 21))]
    page = as_("lead.qinghe").get("/screening").text
    assert page.count("县医院门诊") == 2, "both decisions are on record"
    written = "select array_agg(outcome order by decided_at, decision_id) from care.screening_decision"
    county.connection.execute("update care.screening_decision set outcome = 'advised'")
    county.connection.execute("delete from care.screening_decision")
    assert county.one(written) == ["referred", "diagnosed"]
    assert (
        county.one("select count(*) from care.audit where action = 'screening.decide' and resident_id is not null") == 2
    )


def test_not_confirmed_is_off_the_list_until_the_next_elevated_reading(county: World, as_: SignIn) -> None:
    assert decided(county, as_, SUSPECT, "not_confirmed") == 303
    assert SUSPECT not in dict(listed(as_))
    county.clock.move(timedelta(days=3))
    measured(county, SUSPECT, 0.1, "151/88")
    assert dict(listed(as_))[SUSPECT] == "recheck"


def test_what_cannot_be_decided_is_said(county: World, as_: SignIn) -> None:
    assert decided(county, as_, SUSPECT, "referred", note=" ") == 422
    assert decided(county, as_, SUSPECT, "diagnosed", diagnosed_on="2026-12-01") == 422
    assert decided(county, as_, HEALTHY, "referred") == 409
    assert decided(county, as_, "别家人", "referred") == 404
    assert decided(county, as_, SUSPECT, "cured") == 422
    assert county.one("select count(*) from care.screening_decision") == 0


def test_a_known_condition_under_no_management_is_no_case_either(county: World, as_: SignIn) -> None:
    note_condition(county.connection, county.residents[SUSPECT], "hypertension", diagnosed_on=date(2020, 1, 1))
    assert listed(as_) == [(RISKY, "advise")]
