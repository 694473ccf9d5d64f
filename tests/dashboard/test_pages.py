"""The dashboard over the real application: what was published and nothing else, for those whose region it is."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from psycopg.types.json import Jsonb

from api.dashboard.chart import Name
from api.reporting import definitions
from api.reporting.publisher import FiguresSettings, Publisher
from api.reporting.released import Release
from api.reporting.settings import ReportingSettings
from maixun import configuration
from tests.api.conftest import SignIn
from tests.api.world import World
from tests.reporting.town import Town

THRESHOLD = 10
PERIOD = "2026Q3"  # the latest quarter that has ended in the world's present, 2026-11-21
CONTROL = "hypertension_control_rate"


@pytest.fixture
def publish(world: World) -> Callable[[], int]:
    """Publishes the running quarter and the one before as `maixun figures` does."""
    wanted = {"quarters": 2, "months": 0}
    publisher = Publisher(
        definitions.load(),
        configuration.settings(FiguresSettings, "figures").model_copy(update=wanted),
        configuration.settings(ReportingSettings, "reporting"),
        THRESHOLD,
    )

    return lambda: publisher.publish_due(world.connection, world.clock())


@pytest.fixture
def county(world: World, publish: Callable[[], int]) -> Town:
    """Three stations of 330100 and one of 330202; 东桥 has four patients only, all controlled."""
    town = Town(world.connection, world.stations["青河卫生站"], world.staff["dr.wang"])
    places = {
        "青河卫生站": (town.station_id, 40, 24),
        "云岭卫生站": (world.stations["云岭卫生站"], 60, 12),
        "东桥卫生站": (town.station("东桥卫生站", "青河镇", "330100001003"), 4, 4),
        "南山卫生站": (town.station("南山卫生站", "南山镇", "330202001001"), 30, 15),
    }
    for name, (station, people, controlled) in places.items():
        world.stations[name] = station
        for n in range(people):
            patient = town.patient(
                born="1950-06-15" if n % 3 else "1975-06-15", station_id=station, sex="female" if n % 2 else "male"
            )
            town.visit(patient, "2026-08-15 09:00", "128/80" if n < controlled else "162/98")
    world.connection.execute("update care.staff set region_prefix = '330100' where login = 'cdc'")
    assert publish() == 2
    return town


def table(client: TestClient, chart: str, **asked: str) -> list[list[str]]:
    """A chart's rows as its CSV has them, the headings first."""
    answer = client.get(f"/dashboard/{chart}.csv", params=asked)
    assert answer.status_code == 200, answer.text
    assert answer.content.startswith(b"\xef\xbb\xbf")
    blocks: list[list[list[str]]] = [[]]
    for row in csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))):
        if row:
            blocks[-1].append(row)
        else:
            blocks.append([])
    return blocks[1]


def row(rows: list[list[str]], name: str) -> list[str]:
    """The cells behind a name."""
    return next(each[1:] for each in rows if each[0] == name)


def released(county: Town) -> Release:
    query = "select shown from reporting.figure_release where %s = any(periods)"
    return Release.model_validate(county.one(query, PERIOD))


def test_every_number_is_the_published_one(county: Town, as_: SignIn) -> None:
    release = released(county)
    series = release.find(CONTROL, PERIOD)
    assert series is not None
    rows = table(as_("admin"), "ranking", region="330100")
    stations = [each for each in release.places if each.station_id is not None and each.code.startswith("330100")]
    assert len(rows) == len(stations) + 1 == 4
    for place in stations:
        shown, said = release.at(series, place.key), row(rows, place.name)
        assert said[0] == ("不显示" if shown.numerator is None else str(shown.numerator))
        assert said[1] == ("不显示" if shown.denominator is None else str(shown.denominator))
    assert row(rows, "云岭卫生站")[:3] in (
        ["12", "60", "20.0 %"],
        ["12", "61", "19.7 %"],
        ["不显示", "不显示", "不显示"],
    )
    trend = table(as_("admin"), "trend", region="330202")
    assert row(trend, "2026 年第 3 季度") == ["15", "30", "50.0 %", "33.2–66.8 %"]


@pytest.mark.usefixtures("county")
def test_what_is_small_stays_hidden_on_the_page_in_files_and_in_pictures(as_: SignIn) -> None:
    client = as_("cdc")
    page = client.get("/dashboard").text
    assert "不显示" in page
    assert "人数过少，或可由此推算出过少的人数" in page
    east = row(table(client, "ranking"), "东桥卫生站")
    assert east == ["不显示", "不显示", "不显示", "–", "–"]
    picture = client.get("/dashboard/ranking.svg").text
    assert "东桥卫生站" not in picture
    for chart in set(Name) - {Name.FLEET}:
        for line in table(client, chart)[1:]:
            for cell in line[1:]:
                count = cell.partition(" (")[0].replace(",", "")
                assert not count.isdigit() or int(count) == 0 or int(count) >= THRESHOLD, (chart, line)


@pytest.mark.usefixtures("county")
def test_the_cdc_sees_its_region_and_below_and_no_other(world: World, as_: SignIn) -> None:
    client = as_("cdc")
    page = client.get("/dashboard").text
    assert "青河卫生站" in page
    assert "南山" not in page
    assert "330202" not in page
    other = f"station-{world.stations['南山卫生站']}"
    for region in ("330202", other, "33", "nowhere"):
        assert client.get("/dashboard", params={"region": region}).status_code == 404, region
        assert client.get("/dashboard/trend.csv", params={"region": region}).status_code == 404, region
        assert client.get("/dashboard/trend.svg", params={"region": region}).status_code == 404, region
    world.connection.execute("update care.staff set region_prefix = '330202' where login = 'cdc'")
    page = client.get("/dashboard").text
    assert "南山卫生站" in page
    assert "青河" not in page
    everything = as_("admin").get("/dashboard").text
    assert "330202" in everything
    assert "330100" in everything


@pytest.mark.usefixtures("county")
def test_a_lead_sees_the_own_station_alone(world: World, as_: SignIn) -> None:
    lead = as_("lead.qinghe")
    page = lead.get("/dashboard").text
    assert "青河卫生站" in page
    assert "云岭" not in page
    assert "东桥" not in page
    assert lead.get("/dashboard", params={"region": "330100"}).status_code == 404
    assert lead.get("/dashboard", params={"region": f"station-{world.stations['东桥卫生站']}"}).status_code == 404


@pytest.mark.usefixtures("county")
def test_a_lead_who_may_see_each_patient_sees_small_numbers_of_the_own_station(world: World, as_: SignIn) -> None:
    east = world.stations["东桥卫生站"]
    world.connection.execute("update care.staff set station_id = %s where login = 'lead.qinghe'", [east])
    lead = as_("lead.qinghe")
    assert row(table(lead, "trend"), "2026 年第 3 季度")[:3] == ["4", "4", "100.0 %"]
    assert row(table(lead, "outcomes"), "2026 年第 3 季度")[:2] == ["4", "4 (100.0 %)"]
    page = lead.get("/dashboard").text
    assert "不显示" not in page
    assert "本站数字即时统计" in page


@pytest.mark.parametrize("login", ["dr.wang", "tech"])
@pytest.mark.usefixtures("county")
def test_others_have_no_business_here(login: str, as_: SignIn) -> None:
    client = as_(login)
    for path in ("/dashboard", "/dashboard/trend.csv", "/dashboard/ranking.svg"):
        assert client.get(path).status_code == 403


@pytest.mark.usefixtures("county")
def test_an_address_of_something_unknown_is_no_page(as_: SignIn) -> None:
    client = as_("cdc")
    for asked in ({"indicator": "x"}, {"period": "2019Q1"}, {"period": "x"}):
        assert client.get("/dashboard", params=asked).status_code == 404, asked
    assert client.get("/dashboard/nothing.csv").status_code == 422
    assert client.get("/dashboard/overview.svg").status_code == 404, "a table has no picture"


@pytest.mark.usefixtures("county")
def test_the_address_holds_the_whole_choice(as_: SignIn) -> None:
    client = as_("cdc")
    asked = {"region": "330100", "period": "2026Q4", "indicator": "hypertension_contract_rate"}
    page = client.get("/dashboard", params=asked).text
    assert "2026 年第 4 季度" in page
    assert "在管高血压患者签约率" in page
    assert "region=330100&amp;period=2026Q4&amp;indicator=hypertension_contract_rate" in page
    dispatch = client.get("/dashboard", params={"indicator": "follow_up_dispatch_rate", "part": "hypertension"})
    assert '<option value="hypertension" selected>' in dispatch.text
    assert "part=hypertension" in dispatch.text
    other = client.get("/dashboard", params={"indicator": CONTROL, "part": "hypertension"})
    assert other.status_code == 200, "the form still had the part of the indicator before"
    assert "part=hypertension" not in other.text


@pytest.mark.usefixtures("county")
def test_larger_places_can_be_compared_too(as_: SignIn) -> None:
    client = as_("admin")
    client.get("/language/en")
    counties = table(client, "ranking", region="33", level="county")
    assert {each[0] for each in counties[1:]} == {"County 330100", "County 330202"}
    assert row(counties, "County 330202")[:2] == ["15", "30"]
    page = client.get("/dashboard", params={"region": "33", "level": "county"}).text
    assert '<option value="county" selected>' in page
    assert "level=county" in page


@pytest.mark.usefixtures("county")
def test_looks_and_files_are_recorded(world: World, as_: SignIn) -> None:
    client = as_("cdc")
    client.get("/dashboard", params={"region": "330100"})
    client.get("/dashboard/trend.csv")
    query = "select action, detail from care.audit where action like 'dashboard%' order by audit_id"
    rows = world.connection.execute(query.encode()).fetchall()
    look = {"region": "330100", "period": PERIOD, "indicator": CONTROL}
    assert rows == [
        ("dashboard.view", {"look": look}),
        ("dashboard.export", {"look": look, "chart": "trend", "kind": "csv"}),
    ]


@pytest.mark.usefixtures("county")
def test_each_chart_has_its_table_its_definition_and_its_files(as_: SignIn) -> None:
    client = as_("cdc")
    page = client.get("/dashboard").text
    for chart in Name:
        assert f'id="{chart}-title"' in page
        assert f"/dashboard/{chart}.csv?" in page
    assert page.count("<table>") == len(Name)
    assert "hypertension_control_rate/2" in page
    assert "国家基本公共卫生服务规范（第三版）高血压患者健康管理服务规范" in page
    assert "未核实" in page
    picture = client.get("/dashboard/trend.svg")
    assert picture.headers["content-type"] == "image/svg+xml"
    assert "hypertension_control_rate/2 (未对照原文核实)" in picture.text
    assert 'filename="maixun-trend-330100-2026Q3.svg"' in picture.headers["content-disposition"]
    client.get("/language/en")
    assert "hypertension_control_rate/2" in client.get("/dashboard").text
    assert "Funnel plot" in client.get("/dashboard").text


def test_a_later_release_is_seen_at_once(county: Town, world: World, publish: Callable[[], int], as_: SignIn) -> None:
    client = as_("admin")
    before = row(table(client, "trend", region="330202"), "2026 年第 3 季度")
    for _ in range(12):
        patient = county.patient(station_id=world.stations["南山卫生站"])
        county.visit(patient, "2026-09-01 09:00", "120/70")
    assert row(table(client, "trend", region="330202"), "2026 年第 3 季度") == before, "published once a day"
    world.clock.move(timedelta(hours=25))
    assert publish() == 2
    client = as_("admin")
    assert row(table(client, "trend", region="330202"), "2026 年第 3 季度")[:2] == ["27", "42"]


@pytest.mark.usefixtures("county")
def test_the_fleet_is_counted_where_it_stands(world: World, as_: SignIn) -> None:
    enrol(world, "gw-1", "青河卫生站", online=True, meters=[meter(battery=12), meter(clock=900)])
    enrol(world, "gw-2", "云岭卫生站", online=False, meters=[])
    enrol(world, "gw-3", "南山卫生站", online=False, meters=[meter(battery=9)])
    rows = table(as_("cdc"), "fleet")
    gateways, silent, others, _meters, battery, clock, *_ = rows[1][1:]
    assert (gateways, silent, others, battery, clock) == ("2", "1", "0", "1", "1")
    inside = table(as_("cdc"), "fleet", region="330100000")
    assert row(inside, "云岭卫生站")[:3] == ["1", "1", "0"]
    assert "南山" not in str(rows) + str(inside)


def meter(**said: int) -> dict[str, Any]:
    return said


def enrol(world: World, gateway: str, station: str, *, online: bool, meters: list[dict[str, Any]]) -> None:
    """A gateway at a station, and what it said last of meters that station gave out."""
    now = world.clock()
    said = []
    for n, each in enumerate(meters):
        address = f"A4:C1:38:{n:02X}:{world.stations[station]:02X}:77"
        world.meter(address, None, station)
        said.append(
            {
                "device": address,
                "last_visit": now.isoformat(),
                "battery": each.get("battery", 90),
                "clock_error": each.get("clock", 0),
            }
        )
    world.connection.execute(
        "insert into fleet.gateway (gateway, station_id, created_at) values (%s, %s, %s)",
        [gateway, world.stations[station], now],
    )
    world.connection.execute(
        "insert into telemetry.gateway_status (gateway, online, seen_at, status) values (%s, %s, %s, %s)",
        [gateway, online, now, Jsonb({"adapter": "well", "queued": 0, "meters": said})],
    )


@pytest.mark.usefixtures("world")
def test_before_anything_is_published_the_page_says_so(as_: SignIn) -> None:
    client = as_("cdc")
    assert "数字还没有公布" in client.get("/dashboard").text
    assert client.get("/dashboard/trend.csv").status_code == 404


@pytest.mark.usefixtures("county")
def test_the_cdc_begins_here_and_one_without_a_region_is_told(world: World, as_: SignIn) -> None:
    client = as_("cdc")
    assert client.get("/", follow_redirects=False).headers["location"] == "/dashboard"
    world.connection.execute("update care.staff set region_prefix = null where login = 'cdc'")
    page = client.get("/dashboard").text
    assert "还没有登记地区" in page
    assert "青河" not in page
