"""Questions about data quality reach supervision without a person, and a station's lead with the records behind."""

from __future__ import annotations

from datetime import timedelta

import pytest
from psycopg.types.json import Jsonb

from ingest.authenticity.settings import AuthenticitySettings
from ingest.authenticity.store import look
from maixun.configuration import settings
from tests.api.conftest import SignIn
from tests.api.world import World

SETTINGS = settings(AuthenticitySettings, "authenticity")


@pytest.fixture
def rounded(world: World) -> World:
    """Dr Wang has typed in fifty visits of one resident, every value rounded to ten."""
    staff, station = world.staff["dr.wang"], world.stations["青河卫生站"]
    for number in range(50):
        world.connection.execute(
            "insert into care.visit (visit_id, version, resident_id, programme, visited_at, mode, staff_id, station_id,"
            " systolic, diastolic, complete, form, recorded_by, recorded_at)"
            " values (%s, 1, %s, 'hypertension', %s, 'clinic', %s, %s, %s, %s, true, %s, %s, %s)",
            [
                number + 1,
                world.residents["王秀英"],
                world.clock() - timedelta(days=1 + number),
                staff,
                station,
                130 + number % 4 * 10,
                80 + number % 2 * 10,
                Jsonb({}),
                staff,
                world.clock(),
            ],
        )
    world.connection.execute("update care.staff set region_prefix = '33010000' where login = 'cdc'")
    assert look(world.connection, SETTINGS, world.clock()) > 0
    return world


@pytest.mark.usefixtures("rounded")
def test_the_cdc_reads_the_question_and_no_person(as_: SignIn) -> None:
    client = as_("cdc")
    page = client.get("/quality").text
    assert "末位数字偏好" in page
    assert "王医生" in page
    assert "青河卫生站" in page
    assert "王秀英" not in page
    asked = client.get("/api/v1/quality").json()
    digits = [each for each in asked["questions"] if each["pattern"] == "digits"]
    assert {each["staff"] for each in digits} == {None, "王医生"}
    assert digits[0]["low"] < digits[0]["estimate"] <= digits[0]["high"] == 1.0
    assert client.get(f"/quality/{digits[0]['question_id']}").status_code == 403


def test_another_regions_questions_are_not_the_cdcs(rounded: World, as_: SignIn) -> None:
    rounded.connection.execute("update care.staff set region_prefix = '3302' where login = 'cdc'")
    assert as_("cdc").get("/api/v1/quality").json()["questions"] == []
    rounded.connection.execute("update care.staff set region_prefix = null where login = 'cdc'")
    assert as_("cdc").get("/api/v1/quality").json()["questions"] == []


def test_the_stations_lead_reads_the_records_and_the_look_is_recorded(rounded: World, as_: SignIn) -> None:
    lead = as_("lead.qinghe")
    asked = next(each for each in lead.get("/api/v1/quality").json()["questions"] if each["pattern"] == "digits")
    records = lead.get(f"/api/v1/quality/{asked['question_id']}").json()
    assert len(records) == asked["behind"] == 50
    assert {record["systolic"] % 10 for record in records} == {0}
    assert "130/80" in lead.get(f"/quality/{asked['question_id']}").text
    assert rounded.one("select count(*) from care.audit where action = 'quality.view'") == 2


@pytest.mark.usefixtures("rounded")
def test_a_doctor_sees_none_of_it(as_: SignIn) -> None:
    assert as_("dr.wang").get("/quality").status_code == 403
    assert as_("dr.wang").get("/api/v1/quality/1").status_code == 403


def test_a_look_replaces_the_one_before_and_waits_its_time(rounded: World) -> None:
    first = rounded.one("select count(*) from reporting.question")
    assert look(rounded.connection, SETTINGS, rounded.clock() + timedelta(minutes=5)) == 0
    later = rounded.clock() + timedelta(seconds=SETTINGS.look_every_seconds)
    assert look(rounded.connection, SETTINGS, later) == first
    assert rounded.one("select count(*) from reporting.question") == first


def test_how_few_people_share_a_meter_is_for_the_lead_alone(world: World, as_: SignIn) -> None:
    world.connection.execute("update care.staff set region_prefix = '33010000' where login = 'cdc'")
    world.connection.execute(
        "insert into reporting.question (station_id, pattern, records, estimate, low, high, expected, keys, asked_at)"
        " values (%s, 'sharing', 31, 4, 1.1, 10.2, 1, '{}', %s)",
        (world.stations["青河卫生站"], world.clock()),
    )
    told = as_("cdc").get("/api/v1/quality").json()["questions"]
    assert [(each["estimate"], each["low"], each["high"]) for each in told] == [(None, None, None)]
    assert "有多人的测量记录（人数过少，不显示）" in as_("cdc").get("/quality").text
    assert "有 4 人的测量记录" in as_("lead.qinghe").get("/quality").text
