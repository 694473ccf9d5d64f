"""A resident's page: who it is, what was measured where, how good it is, and what the charts draw."""

from __future__ import annotations

from datetime import timedelta

from psycopg.types.json import Jsonb

from devices.reading import Flag
from tests.api.conftest import SignIn
from tests.api.world import World


def test_the_page_tells_places_clocks_meals_and_flags(world: World, as_: SignIn) -> None:
    world.measured("李建国", systolic=152, diastolic=88, pulse=71, setting="kiosk", clock="assumed")
    world.measured("李建国", glucose=7.9, meal="fasting", flags=int(Flag.STRIP_TOO_HOT))
    page = as_("dr.li").get(f"/residents/{world.residents['李建国']}").text
    for text in ("李建国", "78 岁", "高血压", "糖尿病", "152/88", "自测小屋", "未核对", "7.9", "空腹", "试纸温度过高"):
        assert text in page, text


def test_a_chart_tells_home_from_station_and_carries_its_limits(world: World, as_: SignIn) -> None:
    now = world.clock()
    world.measured("王秀英", at=now - timedelta(days=2), systolic=128, diastolic=82)
    world.measured("王秀英", at=now - timedelta(days=1), systolic=141, diastolic=91, setting="station")
    world.measured("王秀英", at=now - timedelta(days=40), systolic=199, diastolic=99)
    chart = as_("dr.wang").get(f"/residents/{world.residents['王秀英']}/charts/blood_pressure?days=30").json()
    points = {(one["metric"], one["place"]): [point["value"] for point in one["points"]] for one in chart["series"]}
    assert points == {
        ("systolic", "home"): [128],
        ("diastolic", "home"): [82],
        ("systolic", "office"): [141],
        ("diastolic", "office"): [91],
    }
    limits = {(limit["metric"], limit["place"], limit["value"]) for limit in chart["limits"]}
    assert {("systolic", None, 180), ("systolic", "home", 135), ("systolic", "station", 140)} <= limits
    assert next(limit["tier"] for limit in chart["limits"] if limit["value"] == 180) == 1


def test_a_chart_draws_the_limits_a_doctor_set_for_the_resident(world: World, as_: SignIn) -> None:
    resident, today = world.residents["王秀英"], world.clock().date()
    world.connection.execute(
        "insert into care.threshold_override"
        " (resident_id, rule, limits, reason, valid_from, ends_on, staff_id, made_at)"
        " values (%s, 'blood_pressure_critical', %s, '透析前后', %s, %s, %s, %s)",
        (
            resident,
            Jsonb({"systolic": 170}),
            today - timedelta(days=1),
            today + timedelta(days=30),
            world.staff["dr.wang"],
            world.clock(),
        ),
    )
    chart = as_("dr.wang").get(f"/residents/{resident}/charts/blood_pressure?days=30").json()
    critical = {limit["value"] for limit in chart["limits"] if limit["metric"] == "systolic" and limit["tier"] == 1}
    assert critical == {170}


def test_chart_times_are_the_wall_clock_of_the_zone(world: World, as_: SignIn) -> None:
    world.measured("王秀英", glucose=6.1)  # 08:00 UTC is 16:00 in Shanghai
    chart = as_("dr.wang").get(f"/residents/{world.residents['王秀英']}/charts/glucose?days=7").json()
    (point,) = chart["series"][0]["points"]
    assert point["at"] % 86_400_000 == 16 * 3_600_000


def test_glucose_is_told_apart_by_meal(world: World, as_: SignIn) -> None:
    for meal in ("fasting", "after_meal", None):
        world.measured("王秀英", glucose=6.1, meal=meal)
    client = as_("dr.wang")
    client.cookies.set("maixun_language", "en")
    chart = client.get(f"/residents/{world.residents['王秀英']}/charts/glucose").json()
    assert sorted(one["name"] for one in chart["series"]) == [
        "After meal · Home",
        "Fasting · Home",
        "Meal unknown · Home",
    ]


def test_readings_come_in_pages_without_gap_or_repeat(world: World, as_: SignIn) -> None:
    at = world.clock() - timedelta(hours=1)
    expected = {str(world.measured("王秀英", at=at, glucose=5.0)) for _ in range(5)}
    path = f"/api/v1/residents/{world.residents['王秀英']}/readings"
    doctor, found, after = as_("dr.wang"), [], None
    for _ in range(4):
        page = doctor.get(path, params={"kind": "glucose", "limit": 2, **({"after": after} if after else {})}).json()
        found += [reading["reading_id"] for reading in page["readings"]]
        after = page["next"]
        if after is None:
            break
    assert after is None
    assert len(found) == 5
    assert set(found) == expected


def test_a_name_is_found_without_being_in_an_address(world: World, as_: SignIn) -> None:
    world.resident("王小明", "dr.wang", "青河卫生站")
    doctor = as_("dr.wang")
    rows = doctor.post("/residents/search", data={"name": "小明"}).text
    assert "王小明" in rows
    assert "王秀英" not in rows
    assert doctor.get("/residents/search").status_code in (404, 405, 422)


def test_the_list_is_one_page_after_another(world: World, as_: SignIn) -> None:
    ids = [world.residents["王秀英"], *(world.resident(f"居民{n}", "dr.wang", "青河卫生站") for n in range(3))]
    doctor = as_("dr.wang")
    first = doctor.get("/api/v1/residents", params={"limit": 3}).json()
    second = doctor.get("/api/v1/residents", params={"limit": 3, "after": first["next"]}).json()
    assert [one["resident_id"] for one in first["residents"] + second["residents"]] == ids
    assert second["next"] is None
