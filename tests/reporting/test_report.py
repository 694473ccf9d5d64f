"""The quarterly report from draft to correction, as the CDC, a station lead and others meet it."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta
from typing import Any

import openpyxl
import psycopg
import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from api.reporting.settings import ReportingSettings
from maixun.configuration import settings
from tests.api.conftest import SignIn
from tests.api.world import Clock, World
from tests.reporting import published
from tests.reporting.town import Town

REGION = "330100000000"


@pytest.fixture
def large_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """A handful of people counts as many, so that a story can be told with twelve."""
    monkeypatch.setenv("MAIXUN_SMALL_CELLS_THRESHOLD", "3")


@pytest.fixture
def county(world: World) -> Town:
    """The world's station 青河 with twelve patients, visited in each quarter; the CDC's region is known."""
    town = Town(world.connection, world.stations["青河卫生站"], world.staff["dr.wang"])
    world.connection.execute("update care.staff set region_prefix = '3301' where login = 'cdc'")
    town.population(3000, 1800, 500)
    town.population(1000, 600, 200, station=world.stations["云岭卫生站"])
    for number in range(12):
        patient = town.patient(token=f"00000000-0000-4000-8000-{number:012}")
        for month in (2, 5, 8):
            town.visit(patient, f"2026-{month:02}-10 09:00", "128/80" if number < 9 else "160/95")
    published.publish(town, world.clock())
    return town


def late(town: Town) -> None:
    """Three patients whose visits are entered when the report has been made."""
    for _ in range(3):
        town.visit(town.patient(), "2026-09-10 09:00", "120/70")


def publish_again(town: Town, clock: Clock) -> None:
    """A little later `maixun figures` finds what is due."""
    clock.move(timedelta(minutes=2))
    published.publish(town, clock())


def begun(client: TestClient, period: str = "2026Q3", **form: str) -> int:
    answer = client.post("/reports", data={"period": period} | form, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return int(answer.headers["location"].rpartition("/")[2])


def step(client: TestClient, report: int, what: str, revision: int | None = None) -> Response:
    seen = client.get(f"/api/v1/reports/{report}").json()["head"]["revision"]
    form = {"step": what, "revision": str(revision or seen)}
    return client.post(f"/reports/{report}/step", data=form, follow_redirects=False)


def row(client: TestClient, report: int, table: str = "hypertension_year_to_date") -> dict[str, Any]:
    """What a table shows in its last row, the total, by column."""
    body = client.get(f"/api/v1/reports/{report}").json()
    found = next(each for each in body["tables"] if each["name"] == table)
    cells = found["rows"][-1]["cells"]
    return {
        column["key"]: cell["numerator"] if column["shape"] == "count" else (cell["numerator"], cell["denominator"])
        for column, cell in zip(found["columns"], cells, strict=True)
    }


@pytest.mark.usefixtures("large_enough")
def test_a_closed_report_never_changes_and_is_corrected_by_a_new_version(
    county: Town, clock: Clock, as_: SignIn
) -> None:
    cdc = as_("cdc")
    first = begun(cdc)
    figures = row(cdc, first)
    assert figures == {
        "managed": 12,
        "standard": 12,
        "standard_rate": (12, 12),
        "controlled": 9,
        "control_rate": (9, 12),
        "contracts": 0,
        "contract_rate": (0, 12),
        "patients": 501,  # 1800 × 0.209 = 376.2 and 600 × 0.209 = 125.4, each station rounded
        "management_rate": (12, 501),
    }
    assert step(cdc, first, "close").status_code == 409  # nobody has checked it
    assert step(cdc, first, "check").status_code == 303
    assert step(cdc, first, "close").status_code == 303
    closed = cdc.get(f"/api/v1/reports/{first}").json()
    late(county)
    assert cdc.get(f"/api/v1/reports/{first}").json() == closed
    assert step(cdc, first, "reopen").status_code == 409
    assert cdc.post("/reports", data={"period": "2026Q3"}).status_code == 409
    second = begun(cdc, reason="补录三名患者")
    publish_again(county, clock)
    assert row(cdc, second)["managed"] == 15
    assert cdc.get(f"/api/v1/reports/{first}").json() == closed
    page = cdc.get(f"/reports/{second}").text
    assert "补录三名患者" in page
    assert "与上一版次的差异" in page
    definitions = {each["name"]: each["version"] for each in closed["definitions"]}
    assert definitions["hypertension_control_rate"]["version"] == 2
    assert definitions["hypertension_control_rate"]["parameters"]["limits"][1] == {
        "from_age": 65,
        "systolic": 150,
        "diastolic": 90,
    }


def test_the_database_itself_refuses_to_change_what_was_closed(county: Town, as_: SignIn) -> None:
    cdc = as_("cdc")
    report = begun(cdc)
    step(cdc, report, "check")
    with pytest.raises(psycopg.errors.RestrictViolation):
        county.connection.execute("delete from reporting.report_basis")
    step(cdc, report, "close")
    for statement in ("update reporting.report set tables = '[]'", "delete from reporting.report"):
        with pytest.raises(psycopg.errors.RestrictViolation):
            county.connection.execute(statement.encode())


def test_the_people_behind_a_figure_add_up_to_it_and_are_pseudonyms(county: Town, as_: SignIn) -> None:
    report = begun(as_("cdc"))
    rows = county.connection.execute(
        "select numerator, why, persons from reporting.report_basis where report_id = %s"
        " and indicator = 'hypertension_control_rate' and span = 'quarter' order by numerator desc, why",
        [report],
    ).fetchall()
    behind = [(numerator, why, len(persons)) for numerator, why, persons in rows]
    assert behind == [(1, "controlled", 9), (0, "not_controlled", 3), (0, "not_managed", 1)]
    assert str(rows[0][2][0]) == "00000000-0000-4000-8000-000000000000"


@pytest.mark.usefixtures("large_enough")
def test_refreshing_takes_late_data_while_it_is_a_draft_and_only_then(county: Town, clock: Clock, as_: SignIn) -> None:
    cdc = as_("cdc")
    report = begun(cdc)
    late(county)
    publish_again(county, clock)
    assert row(cdc, report)["managed"] == 12
    assert step(cdc, report, "refresh").status_code == 303
    publish_again(county, clock)
    assert row(cdc, report)["managed"] == 15
    step(cdc, report, "check")
    assert step(cdc, report, "refresh").status_code == 409
    assert step(cdc, report, "reopen").status_code == 303
    assert step(cdc, report, "refresh").status_code == 303


@pytest.mark.usefixtures("large_enough")
def test_what_is_not_published_yet_waits_hidden_and_comes_with_the_next_figures(
    county: Town, clock: Clock, as_: SignIn
) -> None:
    """A late visit shows in no report before it shows in the published figures: nobody compares the two."""
    cdc, lead = as_("cdc"), as_("lead.qinghe")
    late(county)
    report = begun(cdc)
    assert row(lead, report)["managed"] == 15, "the lead sees each person"
    waiting = row(cdc, report)
    assert (waiting["managed"], waiting["standard"]) == (None, None)
    assert waiting["patients"] is None, "nothing of an indicator that changed"
    head = cdc.get(f"/api/v1/reports/{report}").json()["head"]
    assert head["waits"]
    assert "下一次发布" in cdc.get(f"/reports/{report}").text
    publish_again(county, clock)
    assert row(cdc, report)["managed"] == 15
    after = cdc.get(f"/api/v1/reports/{report}").json()["head"]
    assert (after["waits"], after["revision"]) == (False, head["revision"] + 1)
    assert "下一次发布" not in cdc.get(f"/reports/{report}").text
    assert step(cdc, report, "check", revision=head["revision"]).status_code == 409, "the figures were taken anew"


def test_a_report_on_a_quarter_long_past_is_published_for(county: Town, clock: Clock, as_: SignIn) -> None:
    cdc = as_("cdc")
    report = begun(cdc, "2024Q1")
    assert row(cdc, report)["managed"] is None
    publish_again(county, clock)
    assert row(cdc, report)["managed"] == 0


@pytest.mark.usefixtures("county")
def test_whoever_saw_an_older_state_is_told(as_: SignIn) -> None:
    cdc, admin = as_("cdc"), as_("admin")
    report = begun(cdc)
    assert step(admin, report, "check", revision=1).status_code == 303
    assert step(cdc, report, "check", revision=1).status_code == 409
    assert cdc.post("/reports", data={"period": "2026Q3"}).status_code == 409  # one version in work
    assert cdc.post("/reports", data={"period": "2027Q1"}).status_code == 409  # not begun


@pytest.mark.usefixtures("county")
def test_who_sees_which_report(world: World, as_: SignIn) -> None:
    cdc, lead = as_("cdc"), as_("lead.qinghe")
    report = begun(cdc)
    own = f"station:{world.stations['青河卫生站']}"
    tables = lead.get(f"/api/v1/reports/{report}").json()["tables"]
    assert {each["key"] for table in tables for each in table["rows"]} == {own}
    assert lead.post(f"/reports/{report}/step", data={"step": "check", "revision": "1"}).status_code == 403
    for kind in ("csv", "xlsx", "json", "pdf"):
        content = lead.get(f"/reports/{report}/file.{kind}").content
        assert "云岭".encode() not in content
    for login in ("dr.wang", "tech"):
        assert as_(login).get(f"/reports/{report}").status_code == 403
    world.connection.execute("update care.staff set region_prefix = '3302' where login = 'cdc'")
    assert cdc.get(f"/reports/{report}").status_code == 404
    assert cdc.get("/api/v1/reports").json() == []
    world.connection.execute("update care.staff set region_prefix = null where login = 'cdc'")
    assert cdc.get("/reports").status_code == 403


@pytest.mark.usefixtures("county")
def test_the_cdc_reads_no_person_anywhere_in_a_report(as_: SignIn) -> None:
    cdc = as_("cdc")
    report = begun(cdc)
    for path in (
        f"/reports/{report}",
        f"/api/v1/reports/{report}",
        *(f"/reports/{report}/file.{k}" for k in ("csv", "json")),
    ):
        text = cdc.get(path).text
        assert "00000000-0000-4000-8000" not in text
        assert "王秀英" not in text
    assert cdc.get(f"/reports/{report}/reconcile").status_code == 403


@pytest.mark.usefixtures("county")
def test_every_look_and_step_is_recorded(world: World, as_: SignIn) -> None:
    cdc = as_("cdc")
    report = begun(cdc)
    cdc.get(f"/reports/{report}")
    cdc.get(f"/reports/{report}/file.csv")
    cdc.post(f"/reports/{report}/step", data={"step": "check", "revision": "1"})
    rows = world.connection.execute("select action from care.audit where action like 'report.%' order by audit_id")
    assert [action for (action,) in rows] == [
        "report.draft",
        "report.view",
        "report.export",
        "report.step",
        "report.view",
    ]


def cells(page: str, indicator: str) -> list[str]:
    """The numbers of a comparison with a ledger."""
    line = page.partition(f'<td class="mono">{indicator}</td>')[2].partition("</tr>")[0]
    return re.findall(r'<td class="num">(.*?)</td>', line)


def workbook(client: TestClient, report: int) -> Any:
    return openpyxl.load_workbook(io.BytesIO(client.get(f"/reports/{report}/file.xlsx").content))


@pytest.mark.usefixtures("large_enough")
def test_the_workbook_has_the_forms_layout(county: Town, world: World, as_: SignIn) -> None:
    world.connection.execute("update care.station set name = '=HYPERLINK(\"x\")' where name = '云岭卫生站'")
    cdc = as_("cdc")
    report = begun(cdc)
    book = workbook(cdc, report)
    assert len(book.sheetnames) == 5
    page = book.worksheets[0]
    merged = {str(each) for each in page.merged_cells.ranges}
    assert {"A1:L1", "A2:L2", "A4:A5", "B4:B5", "C4:C5", "E4:F4", "G4:H4", "I4:J4", "K4:L4"} <= merged
    assert page["A1"].value.startswith("基本公共卫生服务季报表")
    assert [page.cell(5, column).value for column in range(4, 8)] == [
        "辖区内已管理高血压患者人数",
        "按规范管理人数",
        "规范管理率",
        "最近一次随访血压达标人数",
    ]
    total = next(line for line in page.iter_rows(min_row=6) if line[0].value == "合计")
    assert [cell.value for cell in total[3:8]] == [12, 12, 1, 9, 0.75]
    assert [total[3].number_format, total[5].number_format] == ["#,##0", "0.0%"]
    cells = [cell for line in page.iter_rows() for cell in line]
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert '=HYPERLINK("x")' in [cell.value for cell in cells]
    assert any(str(cell.value).startswith("审核人: ____") for cell in cells)
    notes = {line[0].value: line[1].value for line in book.worksheets[-1].iter_rows()}
    assert "hypertension_control_rate/2" in notes
    assert county.station_id


@pytest.mark.usefixtures("large_enough", "county")
def test_the_csv_opens_in_chinese_and_runs_nothing(world: World, as_: SignIn) -> None:
    world.connection.execute("update care.station set name = '@SUM(A1)' where name = '云岭卫生站'")
    cdc = as_("cdc")
    content = cdc.get(f"/reports/{begun(cdc)}/file.csv").content
    assert content.startswith(b"\xef\xbb\xbf")
    lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    total = next(line for line in lines if line and line[0] == "合计")
    assert total[3:8] == ["12", "12", "100.0 %", "9", "75.0 %"]
    assert [cell for line in lines for cell in line if "SUM" in cell][:1] == ["'@SUM(A1)"]


@pytest.mark.usefixtures("county")
def test_nine_people_leave_no_station_in_any_form(as_: SignIn) -> None:
    """Twelve are managed, nine controlled, three not: only the station's lead sees the last two and their rate."""
    cdc = as_("cdc")
    report = begun(cdc)
    for desk in (cdc, as_("admin")):
        figures = row(desk, report)
        assert (figures["managed"], figures["controlled"], figures["control_rate"]) == (12, None, (None, None))
    assert row(as_("lead.qinghe"), report)["controlled"] == 9
    page = cdc.get(f"/reports/{report}").text
    assert "人数过少" in page
    assert "75.0 %" not in page
    text = cdc.get(f"/reports/{report}/file.csv").content.decode("utf-8-sig")
    assert "75.0 %" not in text
    assert "人数过少" in text
    book = openpyxl.load_workbook(io.BytesIO(cdc.get(f"/reports/{report}/file.xlsx").content))
    assert not {9, 0.75, 3, 0.25} & {cell.value for sheet in book for line in sheet.iter_rows() for cell in line}
    sent = json.loads(cdc.get(f"/reports/{report}/file.json").content)["dataValues"]
    assert not [each for each in sent if "CONTROLLED" in each["dataElement"] and each["value"] != "0"]


@pytest.mark.usefixtures("large_enough", "county")
def test_a_data_value_set_for_dhis2(world: World, as_: SignIn) -> None:
    cdc = as_("cdc")
    report = begun(cdc)
    step(cdc, report, "check")
    step(cdc, report, "close")
    document = json.loads(cdc.get(f"/reports/{report}/file.json").content)
    unit = f"{REGION}-{world.stations['青河卫生站']}"
    sent = {(each["dataElement"], each["orgUnit"]): each["value"] for each in document["dataValues"]}
    assert sent[("HYPERTENSION_CONTROLLED_YTD", unit)] == "9"
    assert sent[("HYPERTENSION_CONTROLLED", unit)] == "9"
    assert {each["period"] for each in document["dataValues"]} == {"2026Q3"}
    assert document["completeDate"] == "2026-11-21"
    assert not [each for each in document["dataValues"] if "RATE" in each["dataElement"]]


@pytest.mark.usefixtures("county")
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_pdf_is_one_in_both_languages(language: str, as_: SignIn) -> None:
    cdc = as_("cdc")
    report = begun(cdc)
    cdc.get(f"/language/{language}?next=/reports")
    content = cdc.get(f"/reports/{report}/file.pdf").content
    assert content.startswith(b"%PDF-")
    is_there = any(path.is_file() for path in settings(ReportingSettings, "reporting").pdf_fonts)
    assert (b"/FontFile2" in content, b"STSong-Light" in content) == (is_there, not is_there)


def test_a_ledger_is_compared_person_by_person_and_the_cdc_sees_numbers(
    county: Town, world: World, as_: SignIn
) -> None:
    cdc, lead = as_("cdc"), as_("lead.qinghe")
    report = begun(cdc)
    lines = [f"00000000-0000-4000-8000-{number:012},{'是' if number < 7 else '否'}" for number in range(12)]
    text = "居民标识,是否计入\n" + "\n".join(lines) + "\n00000000-0000-4000-8000-0000000000ff,是\n"
    form = {"indicator": "hypertension_control_rate", "span": "year_to_date"}
    files = {"file": ("台账.csv", text.encode(), "text/csv")}
    answer = lead.post(f"/reports/{report}/reconcile", data=form, files=files)
    assert answer.status_code == 200
    assert "仅系统计入" in answer.text
    assert answer.text.count("达标") >= 2
    seen = world.connection.execute(
        "select on_both, ledger_only, records_only, unknown, denominator from reporting.reconciliation"
    ).fetchone()
    assert seen == (7, 0, 2, 1, 12)
    page = cdc.get(f"/reports/{report}").text
    assert "hypertension_control_rate" in page
    assert cells(page, "hypertension_control_rate") == ["*"] * 4, "what both have and what only we have is our number"
    assert cells(lead.get(f"/reports/{report}").text, "hypertension_control_rate") == ["7", "0", "2", "1"]
    assert world.one("select count(*) from care.audit where action = 'report.reconcile'") == 1
    broken = {"file": ("台账.csv", b"x", "text/csv")}
    assert lead.post(f"/reports/{report}/reconcile", data=form, files=broken).status_code == 422
    assert county.doctor_id
