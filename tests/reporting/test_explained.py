"""Why a person counts or does not, for the person's own doctor; the definitions for everybody; the page of them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from api.language import Language, catalogue
from api.reporting import catalogue as printed
from api.reporting import definitions
from api.reporting.reasons import WHY
from maixun import cli, endpoints
from tests.api.conftest import SignIn
from tests.api.world import World
from tests.reporting.town import Q1, Town, window

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_of_definitions_is_that_of_the_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    assert (DOCS / "indicators.md").read_text(encoding="utf-8") == printed.page(definitions.load())
    assert cli.main(["report", "definitions"]) == 0
    assert capsys.readouterr().out == printed.page(definitions.load())


def test_the_doctor_is_told_why_a_resident_counts_and_a_colleague_is_not(world: World, as_: SignIn) -> None:
    town = Town(world.connection, world.stations["青河卫生站"], world.staff["dr.wang"])
    person = world.residents["王秀英"]
    world.connection.execute("update care.condition set managed_from = '2025-01-01'")
    town.visit(person, "2026-08-10 09:00", "152/80")
    rows = as_("dr.wang").get(f"/api/v1/residents/{person}/indicators", params={"period": "2026Q3"}).json()
    control = next(each for each in rows if each["indicator"] == "hypertension_control_rate/2")
    assert (control["in_denominator"], control["in_numerator"], control["why"]) == (1, 0, "not_controlled")
    assert control["says"] == {"zh": "未达标", "en": "not below the limit"}
    assert as_("dr.li").get(f"/api/v1/residents/{person}/indicators").status_code == 404
    assert as_("cdc").get(f"/api/v1/residents/{person}/indicators").status_code == 403
    assert world.one("select count(*) from care.audit where action = 'indicators.view'") == 1
    page = as_("dr.wang").get(f"/residents/{person}/indicators?period=2026Q3&span=quarter").text
    for text in ("未达标", "hypertension_control_rate/2", "王秀英", '<option value="2026Q3" selected>'):
        assert text in page
    assert as_("dr.li").get(f"/residents/{person}/indicators").status_code == 404
    early = as_("dr.wang").get(f"/api/v1/residents/{person}/indicators", params={"period": "2030Q1"})
    assert early.status_code == 422


def test_every_reason_has_its_words_in_both_languages(town: Town) -> None:
    english = catalogue(Language.ENGLISH)
    assert all(text in english for text in WHY.values())
    patient = town.patient(record_opened_on=date(2020, 1, 1))
    town.visit(patient, "2026-02-10 09:00", "130/80")
    for name in definitions.load().by_name:
        assert {each.why for each in town.counted(name, window(Q1))} <= WHY.keys()


def test_the_definitions_are_there_for_programs(world: World, as_: SignIn) -> None:
    found = {each["name"]: each for each in as_("cdc").get("/api/v1/indicators").json()}
    assert found["diabetes_control_rate"]["versions"][0]["parameters"]["limit"] == 7.0
    assert world.staff


def test_a_report_is_made_without_a_browser(
    world: World,
    database: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MAIXUN_DATABASE", database)
    assert endpoints.database() == database
    make = ["report", "make", "2026Q3", "--region", "3301", "--login", "cdc"]
    assert cli.main(make) == 0
    assert cli.main(make) == 1  # one version is in work
    for step in ("check", "close"):
        assert cli.main(["report", step, "1", "--login", "cdc"]) == 0
    assert cli.main(["report", "reopen", "1", "--login", "cdc"]) == 1
    assert cli.main([*make, "--reason", "补录"]) == 0
    assert cli.main(["report", "export", "1", "--folder", str(tmp_path / "out"), "--language", "en"]) == 0
    assert {path.suffix for path in (tmp_path / "out").iterdir()} == {".xlsx", ".csv", ".pdf", ".json"}
    assert cli.main(["report", "export", "7"]) == 1
    book = tmp_path / "book.csv"
    book.write_text("居民标识,是否计入\n00000000-0000-4000-8000-0000000000ff,是\n", encoding="utf-8")
    against = ["report", "reconcile", "1", str(book), "--indicator", "hypertension_control_rate", "--login", "admin"]
    capsys.readouterr()
    assert cli.main(against) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "rows unknown\t2"
    assert cli.main([*against, "--station", "青河卫生站"]) == 0
    assert cli.main([*against, "--station", "无此站"]) == 1
    assert cli.main(["report", "reconcile", "1", "nowhere.csv", *against[4:]]) == 1
    assert world.one("select count(*) from reporting.reconciliation where unknown = 1") == 2
    capsys.readouterr()
    assert cli.main(["report", "list"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "2 2026Q3 3301 version 2 draft",
        "1 2026Q3 3301 version 1 closed",
    ]
    assert world.one("select count(*) from care.audit where action ^@ 'report.'") == 6
