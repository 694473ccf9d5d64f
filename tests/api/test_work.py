"""The work list as clinicians get it: one row a resident, narrowed by filters, searched by pinyin, and who looks."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from httpx2 import Response

from api.names import indexed
from tests.api.conftest import SignIn
from tests.api.world import World

ROW = re.compile(r'<tr id="resident-(\d+)".*?data-section="(\w+)"', re.DOTALL)


def plain(page: str) -> str:
    """What is written on a page."""
    return re.sub(r"(<[^>]+>|\s)+", " ", page)


def rows(text: str) -> list[tuple[int, str]]:
    """Residents and sections, in order."""
    return [(int(resident), section) for resident, section in ROW.findall(text)]


def test_one_row_a_resident_with_every_cause_and_the_task(world: World, as_: SignIn) -> None:
    mine = world.residents["王秀英"]
    world.alert("王秀英", glucose=2.6)
    world.measured("王秀英", glucose=17.2)
    world.clock.move(timedelta(minutes=11))
    world.evaluate()
    follow_up(world, "王秀英", days=-12)
    world.alert("李建国")
    page = as_("dr.wang").get("/work").text
    assert rows(page) == [(mine, "now")]
    assert "低血糖" in page
    assert "高血糖" in page
    assert "逾期 12 天" in page
    assert "李建国" not in page
    assert "王秀英" in as_("lead.qinghe").get("/work").text


def test_an_alert_shows_the_reading_it_is_about_and_what_was_measured_since(world: World, as_: SignIn) -> None:
    for systolic, diastolic in ((215, 109), (217.52, 108.01)):  # a kilopascal meter: 29.0 kPa
        world.measured("王秀英", systolic=systolic, diastolic=diastolic)
        world.clock.move(timedelta(minutes=1))
    world.evaluate()
    doctor = as_("dr.wang")
    alert = world.episode_of("王秀英")
    row = plain(doctor.get("/work").text)
    assert "218/108 mmHg" in row
    assert "此后" not in row
    world.measured("王秀英", systolic=129, diastolic=87)
    world.evaluate()
    for page in ("/work", f"/residents/{world.residents['王秀英']}"):
        row = plain(doctor.get(page).text)
        assert "218/108 mmHg" in row, page
        assert "此后 129/87（11-21 16:02）" in row, page
    readings = doctor.get(f"/api/v1/alerts/{alert}").json()["finding"]["readings"]
    assert [each["beyond"] for each in readings] == [True, True, False]
    dialog = plain(doctor.get(f"/alerts/{alert}").text)
    assert dialog.count("未达提醒标准") == 1


def test_it_is_the_first_page_and_the_look_is_recorded(world: World, as_: SignIn) -> None:
    assert as_("dr.wang").get("/").url.path == "/work"
    assert world.one("select count(*) from care.audit where action = 'work.list'") == 1


def test_what_was_taken_over_and_forgotten_comes_back_before_its_like(world: World, as_: SignIn) -> None:
    other = world.resident("张伟", "dr.wang", "青河卫生站")
    episode = world.alert("王秀英")
    doctor = as_("dr.wang")
    doctor.post(f"/alerts/{episode}/acknowledge", data={"revision": 1})
    assert rows(doctor.get("/work").text) == [(world.residents["王秀英"], "today")]
    assert "王医生" in doctor.get("/work").text
    world.clock.move(timedelta(hours=5))
    world.alert("张伟")
    world.evaluate()
    world.connection.execute("update care.episode set opened_at = %s where resident_id = %s", (world.clock(), other))
    page = doctor.get("/work").text
    assert rows(page) == [(world.residents["王秀英"], "now"), (other, "now")]
    assert "接手后未完成" in page


def test_filters_narrow_the_list(world: World, as_: SignIn) -> None:
    other = world.resident("张伟", "dr.wang", "云岭卫生站", conditions=["diabetes"])
    world.alert("王秀英", glucose=2.6)
    world.measured("张伟", glucose=3.5)
    world.evaluate()
    world.clock.move(timedelta(minutes=11))
    world.evaluate()
    doctor = as_("dr.wang")
    for query, expected in {
        "tier=1": world.residents["王秀英"],
        "tier=2": other,
        "township=云岭镇": other,
        "programme=hypertension": world.residents["王秀英"],
    }.items():
        assert rows(doctor.get(f"/work?{query}").text) == [(expected, "now")], query
    assert rows(doctor.get("/work?cause=glucose_high").text) == []
    assert rows(doctor.get("/work?tier=x&cause=nonsense").text) == []


def test_a_section_is_read_a_page_at_a_time(world: World, as_: SignIn) -> None:
    for number in range(60):
        world.resident(f"居民{number}", "dr.wang", "青河卫生站")
        follow_up(world, f"居民{number}", days=-number)
    doctor = as_("dr.wang")
    text = doctor.get("/work").text
    seen = rows(text)
    assert len(seen) < 60
    while following := re.findall(r'hx-get="(/work/more[^"]+)"', text):
        text = doctor.get(following[0].replace("&amp;", "&")).text
        seen += rows(text)
    late = [world.residents[f"居民{number}"] for number in reversed(range(60))]
    assert seen == [(resident, "today") for resident in late], "the longest overdue first, nobody twice, nobody missing"


def test_a_name_is_found_by_the_initials_of_its_pinyin(world: World, as_: SignIn) -> None:
    world.resident("单玉兰", "dr.wang", "青河卫生站")
    doctor = as_("dr.wang")
    for text in ("wxy", "WXY", "秀英", "wangxiu", "王 秀英"):
        assert "王秀英" in doctor.post("/work/search", data={"name": text}).text, text
    for text in ("syl", "shanyu", "dyl"):
        assert "单玉兰" in doctor.post("/work/search", data={"name": text}).text, text
    assert "李建国" not in doctor.post("/work/search", data={"name": "ljg"}).text
    assert doctor.post("/work/search", data={"name": " "}).text.strip() == ""
    assert doctor.get("/work/search").status_code == 405
    recorded = world.one("select string_agg(detail::text, '') from care.audit")
    assert "wxy" not in recorded


def test_the_index_of_names_follows_the_residents_and_is_forgotten_at_sign_out(world: World, as_: SignIn) -> None:
    doctor = as_("dr.wang")
    assert "没有找到" in doctor.post("/work/search", data={"name": "zw"}).text
    world.resident("张伟", "dr.wang", "青河卫生站")
    assert "张伟" in doctor.post("/work/search", data={"name": "zw"}).text
    names = doctor.app.state.services.names  # type: ignore[attr-defined]
    assert names.held == 1
    doctor.post("/sign-out")
    assert names.held == 0


def test_initials_of_rare_readings() -> None:
    assert {"zyq", "cyq"} <= set(indexed(1, "曾玉清").initials)
    assert "qml" in indexed(1, "仇美兰").initials
    assert indexed(1, "阿卜杜拉·买买提").rank("abdl") is not None


def test_who_looks_at_a_resident_is_shown_to_the_others(world: World, as_: SignIn) -> None:
    resident = world.residents["王秀英"]
    world.alert("王秀英")
    doctor, lead = as_("dr.wang"), as_("lead.qinghe")
    assert doctor.post(f"/residents/{resident}/looking").status_code == 204
    assert "王医生" in looked_at(lead.get("/work").text)
    world.clock.move(timedelta(seconds=71))
    assert "王医生" not in looked_at(lead.get("/work").text), "a screen that fell silent is believed no longer"
    doctor.post(f"/residents/{resident}/looking")
    doctor.post(f"/residents/{resident}/left")
    assert "王医生" not in looked_at(lead.get("/work").text)
    assert as_("dr.li").post(f"/residents/{resident}/looking").status_code == 404


def test_the_list_asks_the_database_as_often_for_many_as_for_one(
    world: World, as_: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    doctor = as_("dr.wang")
    world.alert("王秀英")
    few = statements(monkeypatch, lambda: doctor.get("/work/rows"))
    for number in range(30):
        world.resident(f"居民{number}", "dr.wang", "青河卫生站")
        world.alert(f"居民{number}")
    assert statements(monkeypatch, lambda: doctor.get("/work/rows")) == few


def looked_at(page: str) -> str:
    """What the list says of who looks."""
    return "".join(re.findall(r'data-lookers="([^"]*)"', page)).encode().decode("unicode_escape")


def statements(monkeypatch: pytest.MonkeyPatch, act: Callable[[], Response]) -> int:
    """How many statements an action sends to the database."""
    sent = []
    execute = psycopg.Cursor.execute

    def counting(self: Any, query: Any, *args: Any, **options: Any) -> Any:
        if threading.current_thread().name != "feed":
            sent.append(query)
        return execute(self, query, *args, **options)

    with monkeypatch.context() as patched:
        patched.setattr(psycopg.Cursor, "execute", counting)
        assert act().status_code == 200
    return len(sent)


def follow_up(world: World, name: str, *, days: int, reason: str = "quarterly") -> int:
    """A task due in so many days."""
    return int(
        world.one(
            "insert into care.follow_up (resident_id, programme, reason, due_on, dispatched_at, station_id)"
            " select resident_id, 'hypertension', %s, %s, %s, station_id from care.resident where resident_id = %s"
            " returning follow_up_id",
            reason,
            (world.clock() + timedelta(hours=8, days=days)).date(),
            world.clock(),
            world.residents[name],
        )
    )
