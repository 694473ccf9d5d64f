"""The visit form: what a meter fills in, what is computed, nothing lost when something is wrong; versions, rights."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest

from ingest.followups import dispatcher
from ingest.registry import note_condition
from tests.api.conftest import SignIn
from tests.api.world import World
from tests.ingest.followups.made import RULEBOOK

WHOLE: dict[str, Any] = {
    "programme": "hypertension",
    "visited_at": "2026-11-21T15:30",
    "mode": "clinic",
    "symptoms": ["1"],
    "systolic": "136",
    "diastolic": "82",
    "pulse": "72",
    "weight": "61.5",
    "height": "158",
    "smoking": "0",
    "drinking": "0",
    "exercise_times": "5",
    "exercise_minutes": "30",
    "salt": "2",
    "psychology": "1",
    "compliance": "1",
    "adherence": "1",
    "adverse": "1",
    "medication_name_0": "氨氯地平",
    "medication_times_0": "1",
    "medication_dose_0": "5 mg",
}


@pytest.fixture
def wang(world: World) -> int:
    """王秀英, 75 years old, in the programme; her id."""
    resident = world.residents["王秀英"]
    note_condition(world.connection, resident, "hypertension", managed_from=date(2024, 1, 1))
    return resident


def latest(world: World) -> dict[str, Any]:
    names = ("version", "systolic", "classification", "complete", "next_due_on", "form", "amended_why", "lost_why")
    columns = ", ".join(names)
    row = world.connection.execute(f"select {columns} from care.visit order by visit_id desc, version desc").fetchone()  # noqa: S608
    assert row is not None
    return dict(zip(names, row, strict=True))


def test_a_visit_is_stored_classified_shown_and_ends_its_task(world: World, wang: int, as_: SignIn) -> None:
    doctor = as_("dr.wang")
    dispatcher.look(world.connection, RULEBOOK, world.clock())
    assert "每季度面访" in doctor.get("/followups?when=later").text
    answer = doctor.post(f"/residents/{wang}/visits", data=WHOLE)
    assert answer.status_code == 200, answer.text
    assert "控制满意" in answer.text
    assert "氨氯地平" in answer.text
    stored = latest(world)
    assert (stored["classification"], stored["complete"], stored["next_due_on"]) == (
        "controlled",
        True,
        date(2027, 2, 21),
    )
    dispatcher.look(world.connection, RULEBOOK, world.clock())
    assert world.one("select state from care.follow_up where reason = 'quarterly'") == "done"


@pytest.mark.parametrize(
    ("born", "pressure", "result"),
    [
        (date(1976, 5, 1), ("139", "89"), "controlled"),
        (date(1976, 5, 1), ("140", "89"), "uncontrolled"),
        (date(1976, 5, 1), ("139", "90"), "uncontrolled"),
        (date(1961, 11, 21), ("149", "89"), "controlled"),
        (date(1961, 11, 22), ("149", "89"), "uncontrolled"),
    ],
)
def test_classified_by_the_age_on_the_day(
    world: World, as_: SignIn, born: date, pressure: tuple[str, str], result: str
) -> None:
    resident = world.resident("赵某", "dr.wang", "青河卫生站", birth_date=born)
    form = WHOLE | {"systolic": pressure[0], "diastolic": pressure[1]}
    assert as_("dr.wang").post(f"/residents/{resident}/visits", data=form).status_code == 200
    assert latest(world)["classification"] == result
    assert latest(world)["next_due_on"] == (date(2027, 2, 21) if result == "controlled" else date(2026, 12, 5))


def test_a_meters_value_is_filled_in_with_its_mark_and_a_typed_one_says_so(
    world: World, wang: int, as_: SignIn
) -> None:
    reading = world.measured(
        "王秀英", world.clock() - timedelta(hours=1), systolic=144, diastolic=86, setting="station"
    )
    doctor = as_("dr.wang")
    page = doctor.get(f"/residents/{wang}/visits/new?programme=hypertension").text
    assert re.search(r'name="systolic"[^>]*value="144"', page)
    assert f'name="from_systolic" value="{reading}"' in page
    assert world.one("select count(*) from care.visit") == 0, "a reading is no visit"
    form = WHOLE | {"systolic": "144", "diastolic": "84", "from_systolic": str(reading), "from_diastolic": str(reading)}
    doctor.post(f"/residents/{wang}/visits", data=form)
    sources = latest(world)["form"]["sources"]
    assert sources["systolic"]["reading_id"] == str(reading)
    assert (sources["systolic"]["edited"], sources["diastolic"]["edited"]) == (False, True)
    assert sources["diastolic"]["value"] == 86


def test_a_value_from_home_is_offered_and_only_the_doctor_takes_it(world: World, wang: int, as_: SignIn) -> None:
    """Home readings are never mixed into the rates of visits unasked; one from the station goes before."""
    home = world.measured("王秀英", world.clock() - timedelta(hours=1), systolic=128, diastolic=76)
    doctor = as_("dr.wang")
    page = doctor.get(f"/residents/{wang}/visits/new").text
    assert re.search(r'name="systolic"[^>]*value=""', page)
    assert re.search(rf'name="from_systolic" value="{home}" disabled', page)
    doctor.post(f"/residents/{wang}/visits", data=WHOLE | {"systolic": "128"})
    assert "sources" not in latest(world)["form"], "typed by hand, whatever the meter at home said"
    doctor.post(f"/residents/{wang}/visits", data=WHOLE | {"systolic": "128", "from_systolic": str(home)})
    source = latest(world)["form"]["sources"]["systolic"]
    assert (source["setting"], source["edited"]) == ("home", False)
    visit = world.one("select max(visit_id) from care.visit")
    amended = doctor.get(f"/visits/{visit}/amend").text
    assert re.search(rf'name="from_systolic" value="{home}" >', amended), "a correction keeps where it came from"
    world.measured("王秀英", world.clock() - timedelta(hours=3), systolic=144, diastolic=86, setting="station")
    assert re.search(r'name="systolic"[^>]*value="144"', doctor.get(f"/residents/{wang}/visits/new").text)


def test_the_mass_index_is_counted_and_never_typed(world: World, wang: int, as_: SignIn) -> None:
    doctor = as_("dr.wang")
    form = WHOLE | {"weight_target": "58", "bmi": "99"}
    judged = doctor.post(f"/residents/{wang}/visits/judge", data=form).text
    assert re.search(r'<output id="bmi"[^>]*>24.6 ', judged)
    assert re.search(r'<output id="bmi_target"[^>]*>23.2 ', judged)
    answer = doctor.post(f"/residents/{wang}/visits", data=form)
    assert "24.6 kg/m²" in answer.text
    assert "bmi" not in latest(world)["form"]


def test_the_forms_have_the_rows_and_codes_of_the_national_ones(as_: SignIn) -> None:
    """As far as they are known second-hand; what the forms have beyond them is marked."""
    forms = as_("dr.wang").get("/api/v1/visit-forms").json()
    rows = {name: {f["key"]: f for s in form["sections"] for f in s["fields"]} for name, form in forms.items()}
    both = {"symptoms", "systolic", "diastolic", "weight", "weight_target", "bmi", "bmi_target", "pulse", "signs_other"}
    both |= {"smoking", "smoking_target", "drinking", "drinking_target", "exercise_times", "exercise_minutes"}
    both |= {"exercise_times_target", "exercise_minutes_target", "psychology", "compliance", "laboratory"}
    both |= {"adherence", "adverse", "adverse_text", "medications", "referral_reasons", "referral_to"}
    assert rows["hypertension"].keys() >= both | {"salt", "salt_target"}
    more = {"foot_pulse", "staple_food", "staple_food_target", "fasting_glucose", "hba1c", "hba1c_on"}
    assert rows["diabetes"].keys() >= both | more | {"hypoglycaemia", "insulin"}
    for name in ("hypertension", "diabetes"):
        assert list(rows[name]["symptoms"]["options"]) == list("123456789")
        assert list(rows[name]["referral_reasons"]["options"]) == list("1234")
        assert list(rows[name]["adherence"]["options"]) == list("123")
        extra = {key for key, field in rows[name].items() if field["extra"]}
        assert extra == {"danger", "package_items", "note"}
    assert {code[0] for code in rows["diabetes"]["foot_pulse"]["options"]} == set("123")


def test_nothing_typed_is_lost_when_something_is_wrong(world: World, wang: int, as_: SignIn) -> None:
    form = WHOLE | {"systolic": "14o", "note": "明天电话", "symptoms": ["1", "2"], "mode": ""}
    answer = as_("dr.wang").post(f"/residents/{wang}/visits", data=form)
    assert answer.status_code == 422
    for kept in ('value="14o"', 'value="明天电话"', 'value="氨氯地平"', 'value="61.5"'):
        assert kept in answer.text
    for said in ("请填写数字", "选“无症状”时不能再选其他症状", "请选择随访方式"):
        assert said in answer.text
    assert world.one("select count(*) from care.visit") == 0


def test_an_incomplete_form_is_stored_only_as_such(world: World, wang: int, as_: SignIn) -> None:
    doctor, form = as_("dr.wang"), WHOLE | {"smoking": ""}
    assert doctor.post(f"/residents/{wang}/visits", data=form).status_code == 422
    assert doctor.post(f"/residents/{wang}/visits", data=form | {"incomplete": "yes"}).status_code == 200
    assert latest(world)["complete"] is False


def test_another_classification_needs_a_reason(world: World, wang: int, as_: SignIn) -> None:
    doctor, form = as_("dr.wang"), WHOLE | {"classification": "uncontrolled"}
    assert "与系统计算不同时请写明理由" in doctor.post(f"/residents/{wang}/visits", data=form).text
    answer = doctor.post(f"/residents/{wang}/visits", data=form | {"classification_why": "家庭血压均高"})
    assert "家庭血压均高" in answer.text
    stored = latest(world)
    assert (stored["classification"], stored["form"]["computed"]) == ("uncontrolled", "controlled")


def test_the_most_severe_wins(world: World, wang: int, as_: SignIn) -> None:
    doctor = as_("dr.wang")
    doctor.post(f"/residents/{wang}/visits", data=WHOLE | {"systolic": "170", "adverse": "2"})
    assert latest(world)["classification"] == "adverse_reaction"
    doctor.post(f"/residents/{wang}/visits", data=WHOLE | {"adverse": "2", "referral_reasons": ["3"]})
    assert latest(world)["classification"] == "complication"


def test_lost_needs_no_values_and_a_death_ends_everything(world: World, wang: int, as_: SignIn) -> None:
    doctor = as_("dr.wang")
    lost = {"programme": "hypertension", "visited_at": "2026-11-20T09:00", "mode": "phone", "lost_why": "外出"}
    assert doctor.post(f"/residents/{wang}/visits", data=lost).status_code == 200
    assert (latest(world)["lost_why"], latest(world)["classification"]) == ("外出", None)
    death = lost | {"died_on": "2026-11-19"}
    assert "请填写死亡原因" in doctor.post(f"/residents/{wang}/visits", data=death).text
    doctor.post(f"/residents/{wang}/visits", data=death | {"death_cause": "脑卒中"})
    assert world.one("select left_why from care.resident where resident_id = %s", wang) == "died"
    dispatcher.look(world.connection, RULEBOOK, world.clock())
    assert world.one("select count(*) from care.follow_up where state = 'open' and resident_id = %s", wang) == 0


def test_a_correction_is_the_next_version_and_a_mistake_is_taken_back(world: World, wang: int, as_: SignIn) -> None:
    doctor = as_("dr.wang")
    doctor.post(f"/residents/{wang}/visits", data=WHOLE)
    visit = world.one("select max(visit_id) from care.visit")
    assert 'value="136"' in doctor.get(f"/visits/{visit}/amend").text
    changed = WHOLE | {"systolic": "156", "version": "1"}
    assert doctor.post(f"/visits/{visit}/amend", data=changed).status_code == 422
    assert doctor.post(f"/visits/{visit}/amend", data=changed | {"amended_why": "抄错"}).status_code == 200
    assert (latest(world)["version"], latest(world)["systolic"], latest(world)["amended_why"]) == (2, 156, "抄错")
    late = doctor.post(f"/visits/{visit}/amend", data=changed | {"amended_why": "又一次"})
    assert late.status_code == 409
    assert "136" in doctor.get(f"/visits/{visit}?version=1").text
    assert doctor.get(f"/visits/{visit}/print").status_code == 200
    assert "重复登记" in doctor.post(f"/visits/{visit}/take-back", data={"why": "重复登记"}).text
    assert world.one("select count(*) from care.visit_now") == 0
    assert world.one("select count(*) from care.visit") == 3
    actions = {row[0] for row in world.connection.execute("select action from care.audit").fetchall()}
    assert actions >= {"visit.record", "visit.amend", "visit.take_back", "visit.print", "visit.view"}


def test_somebody_elses_visit_does_not_exist(world: World, wang: int, as_: SignIn) -> None:
    as_("dr.wang").post(f"/residents/{wang}/visits", data=WHOLE)
    visit = world.one("select max(visit_id) from care.visit")
    other = as_("dr.li")
    for path in (f"/visits/{visit}", f"/visits/{visit}/print", f"/visits/{visit}/amend", f"/api/v1/visits/{visit}"):
        assert other.get(path).status_code == 404, path
    assert other.post(f"/visits/{visit}/take-back", data={"why": "x"}).status_code == 404
    assert other.post(f"/visits/{visit}/amend", data=WHOLE | {"amended_why": "x"}).status_code == 404
    assert as_("lead.qinghe").get(f"/visits/{visit}").status_code == 200
    assert as_("cdc").get(f"/visits/{visit}").status_code == 403


def test_the_same_as_json(world: World, wang: int, as_: SignIn) -> None:
    doctor = as_("dr.wang")
    fields = {key: value for key, value in WHOLE.items() if key not in ("programme", "visited_at", "mode")}
    body = {"programme": "hypertension", "visited_at": "2026-11-21T07:30:00Z", "mode": "home", "fields": fields}
    answer = doctor.post(f"/api/v1/residents/{wang}/visits", json=body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["classification"] == "controlled"
    assert len(doctor.get(f"/api/v1/residents/{wang}/visits").json()) == 1
    wrong = doctor.post(f"/api/v1/residents/{wang}/visits", json=body | {"mode": "smoke"})
    assert (wrong.status_code, wrong.json()["error"]) == (422, "invalid")
    dispatcher.look(world.connection, RULEBOOK, world.clock())
    rates = doctor.get("/api/v1/followups/rates").json()
    assert [(rate["expected"], rate["dispatched"]) for rate in rates] == [(2, 2)], "hypertension, and the exam from 65"
    tasks = doctor.get("/api/v1/followups").json()
    assert {task["reason"] for task in tasks} == {"yearly"}
    assert doctor.get("/api/v1/visit-forms").json()["diabetes"]["title"]["zh"] == "2型糖尿病患者随访服务记录表"


def test_packages_show_what_was_promised_and_done(world: World, wang: int, as_: SignIn) -> None:
    world.connection.execute(
        "insert into care.contract (resident_id, package, doctor_id, signed_on, ends_on)"
        " values (%s, 'chronic', %s, '2026-11-01', '2027-11-01')",
        [wang, world.staff["dr.wang"]],
    )
    world.measured("王秀英", systolic=130, diastolic=80)
    doctor = as_("dr.wang")
    doctor.post(f"/residents/{wang}/visits", data=WHOLE | {"package_items": ["medication_guidance"]})
    items = {each["item"]: each["is_done"] for each in doctor.get("/api/v1/followups/packages").json()}
    assert items == {"remote_measurement": True, "medication_guidance": True, "complication_screening": False}
    assert "并发症筛查" in doctor.get("/followups/packages").text
