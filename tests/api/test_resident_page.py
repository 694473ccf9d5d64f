"""A resident's page as a doctor reads it: the timeline in one order and in pages, notes that are never overwritten."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

from psycopg.types.json import Jsonb

from devices.reading import Flag
from tests.api.conftest import SignIn
from tests.api.world import World

MOMENT = re.compile(r'<li class="moment of-(\w+)".*?datetime="([^"]+)"', re.DOTALL)


def visit(world: World, name: str, *, days_ago: int) -> None:
    """A visit in the clinic, controlled."""
    world.connection.execute(
        "insert into care.visit (visit_id, version, resident_id, programme, visited_at, mode, staff_id, station_id,"
        " systolic, diastolic, classification, complete, form, recorded_by, recorded_at)"
        " select nextval('care.visit_number'), 1, resident_id, 'hypertension', %(at)s, 'clinic', doctor_id, station_id,"
        " 138, 86, 'controlled', true, %(form)s, doctor_id, %(at)s from care.resident where resident_id = %(id)s",
        {
            "at": world.clock() - timedelta(days=days_ago),
            "form": Jsonb({}),
            "id": world.residents[name],
        },
    )


def test_one_timeline_of_everything_latest_first(world: World, as_: SignIn) -> None:
    resident = world.residents["王秀英"]
    doctor = as_("dr.wang")
    visit(world, "王秀英", days_ago=3)
    world.measured("王秀英", at=world.clock() - timedelta(days=2), systolic=152, diastolic=91, pulse=70)
    world.alert("王秀英", glucose=2.6)
    world.clock.move(timedelta(minutes=5))
    assert doctor.post(f"/residents/{resident}/notes", data={"text": "女儿周末来"}).status_code == 200
    page = doctor.get(f"/residents/{resident}").text
    timeline = page[page.index('id="timeline"') :]
    assert [what for what, _ in MOMENT.findall(timeline)] == ["notes", "readings", "alerts", "readings", "visits"]
    for text in ("女儿周末来", "152/91", "低血糖", "控制满意", "138/86"):
        assert text in timeline, text
    only = doctor.get(f"/residents/{resident}/timeline?only=visits").text
    assert [what for what, _ in MOMENT.findall(only)] == ["visits"]


def test_the_timeline_comes_in_pages_without_gap_or_repeat(world: World, as_: SignIn) -> None:
    resident = world.residents["王秀英"]
    at = world.clock() - timedelta(days=1)
    for number in range(95):  # of one moment: only the key tells them apart
        world.measured("王秀英", at=at, systolic=100 + number, diastolic=60)
    doctor, seen, address = as_("dr.wang"), [], f"/residents/{resident}/timeline"
    while address:
        text = doctor.get(address).text
        seen += re.findall(r"<b>(\d+)/60", text)
        following = re.search(r'hx-get="(/residents/\d+/timeline[^"]+after=[^"]+)"', text)
        address = following.group(1).replace("&amp;", "&") if following else ""
    assert sorted(map(int, seen)) == list(range(100, 195))
    assert doctor.get(f"/residents/{resident}/timeline?after=nonsense").status_code == 422


def test_readings_of_one_sitting_stand_together(world: World, as_: SignIn) -> None:
    for minutes, systolic in ((0, 151), (1, 147), (2, 144)):
        at = world.clock() - timedelta(hours=2) + timedelta(minutes=minutes)
        world.measured("王秀英", at=at, systolic=systolic, diastolic=88)
    world.measured("王秀英", at=world.clock() - timedelta(hours=1), systolic=139, diastolic=84, setting="station")
    text = as_("dr.wang").get(f"/residents/{world.residents['王秀英']}/timeline").text
    assert len(MOMENT.findall(text)) == 2
    assert text.index("144/88") < text.index("147/88") < text.index("151/88")


def test_quality_of_meter_and_clock_is_told(world: World, as_: SignIn) -> None:
    world.measured("王秀英", systolic=151, diastolic=90, flags=int(Flag.CUFF_LOOSE), clock="assumed")
    text = as_("dr.wang").get(f"/residents/{world.residents['王秀英']}/timeline").text
    assert "袖带过松" in text
    assert "时间未核对" in text


def test_oxygen_weight_and_temperature_have_charts_where_they_are_measured(world: World, as_: SignIn) -> None:
    address = f"/residents/{world.residents['王秀英']}"
    doctor = as_("dr.wang")
    usual = re.findall(r'id="(\w+)-title">\w+ <span class="unit">', doctor.get(address).text)
    assert usual == ["blood_pressure", "glucose"]
    world.measured("王秀英", kind="oximetry", spo2=91, pulse=88)
    world.measured("王秀英", kind="body", weight=64.26, setting="kiosk")
    found = re.findall(r'id="(\w+)-title">\w+ <span class="unit">', doctor.get(address).text)
    assert found == ["blood_pressure", "glucose", "oximetry", "body"]
    oxygen = doctor.get(f"{address}/charts/oximetry").json()
    assert [(one["name"], one["points"][0]["value"]) for one in oxygen["series"]] == [("血氧饱和度 · 家庭", 91)]
    assert {(limit["value"], limit["tier"], limit["upwards"]) for limit in oxygen["limits"]} == {
        (92.0, 1, False),
        (94.0, 3, False),
    }
    weight = doctor.get(f"{address}/charts/body").json()
    assert [(one["name"], one["points"][0]["value"]) for one in weight["series"]] == [("体重 · 自测小屋", 64.3)]
    assert "<b>91</b>" in doctor.get(f"{address}/table/oximetry").text
    assert "餐次" not in doctor.get(f"{address}/table/body").text


def test_averages_rest_on_what_is_said_and_too_few_give_none(world: World, as_: SignIn) -> None:
    doctor, resident = as_("dr.wang"), world.residents["王秀英"]
    for day in range(6):
        for hour in (0, 11):  # 8 and 19 o'clock in Shanghai
            at = (world.clock() - timedelta(days=day + 1)).replace(hour=hour)
            world.measured("王秀英", at=at, systolic=141, diastolic=87)
        if day == 1:
            page = doctor.get(f"/residents/{resident}").text
            assert "2 天 4 次" in page
            assert "太少：需 4 天 12 次" in page
    world.measured("王秀英", systolic=190, diastolic=99, setting="kiosk")
    page = doctor.get(f"/residents/{resident}").text
    assert "6 天 12 次" in page
    assert "141/87" in page
    assert "早 6 晚 6" in page
    chart = doctor.get(f"/residents/{resident}/charts/blood_pressure?days=30").json()
    assert [(mean["panel"], mean["value"]) for mean in chart["means"]] == [("systolic", 141), ("diastolic", 87)]


def test_a_note_is_edited_as_a_next_version_and_nothing_is_lost(world: World, as_: SignIn) -> None:
    resident = world.residents["王秀英"]
    doctor, lead = as_("dr.wang"), as_("lead.qinghe")
    note = doctor.post(f"/api/v1/residents/{resident}/notes", json={"text": "第一稿"}).json()
    path = f"/residents/{resident}/notes/{note['note_id']}"
    assert "第二稿" in doctor.post(path, data={"version": 1, "text": "第二稿"}).text
    late = lead.post(path, data={"version": 1, "text": "我的修改"})
    assert late.status_code == 409
    assert "王医生 刚刚改过这条备注" in late.text
    assert "我的修改</textarea>" in late.text
    assert "第一稿" in lead.get(path).text
    (listed,) = lead.get(f"/api/v1/residents/{resident}/notes").json()
    assert (listed["version"], listed["text"], listed["by"]) == (2, "第二稿", "王医生")
    world.connection.execute("update care.note set text = 'x'")
    world.connection.execute("delete from care.note")
    assert world.one("select count(*) from care.note where text in ('第一稿', '第二稿')") == 2
    assert as_("dr.li").get(path).status_code == 404
    assert doctor.post(f"/residents/{resident}/notes", data={"text": "  "}).status_code == 422
    assert world.one("select count(*) from care.audit where action = 'note.write'") == 2


def test_of_two_edits_at_once_one_wins(world: World, as_: SignIn) -> None:
    resident = world.residents["王秀英"]
    desks = [as_("dr.wang"), as_("lead.qinghe")]
    note = desks[0].post(f"/api/v1/residents/{resident}/notes", json={"text": "第一稿"}).json()
    together = Barrier(2)

    def edit(desk: int) -> int:
        together.wait(10)
        path = f"/api/v1/residents/{resident}/notes/{note['note_id']}"
        return desks[desk].put(path, json={"version": 1, "text": f"稿 {desk}"}).status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(edit, range(2))) == [200, 409]
    assert world.one("select count(*) from care.note") == 2
