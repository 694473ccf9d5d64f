"""The figures API: as documented, one's own region alone, cached, page by page, and never a small number."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from api.reporting.figure_rows import By, FigureRow, Places
from tests.api.conftest import SignIn
from tests.api.world import Clock, World
from tests.reporting import published
from tests.reporting.documented import Reader, examples, same
from tests.reporting.town import Town

PAGE = Path(__file__).parents[2] / "docs/figures-api.md"
URL = "/api/v1/figures"
CONTROL = {"indicator": "hypertension_control_rate", "period": "2026Q4"}


@pytest.fixture
def county(world: World) -> Town:
    """The published county."""
    town = published.settle(world)
    published.publish(town)
    return town


def rows(client: Any, **asked: Any) -> list[dict[str, Any]]:
    answer = client.get(URL, params=asked)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["figures"]
    return found


@pytest.mark.usefixtures("county")
def test_the_documented_examples_give_the_documented_answers(as_: SignIn) -> None:
    reader, asked = Reader(as_("cdc")), 0
    for example in examples(PAGE):
        answer = reader.ask(example)
        assert answer.status_code == example.status, (example, answer.text)
        assert same(example.answer, answer, example.form), (example.path, answer.text)
        asked += 1
    assert asked >= 12


@pytest.mark.usefixtures("county")
def test_every_field_and_parameter_is_documented() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name in ("period", "indicator", "region", "level", "by", "limit", "cursor", *By, *Places):
        assert f"`{name}`" in text, name
    for name in FigureRow.model_fields:
        assert f'"{name}"' in text, name


def test_the_cdc_sees_its_region_and_nothing_beside_it(county: Town, world: World, as_: SignIn) -> None:
    cdc, admin = as_("cdc"), as_("admin")
    south = f"station-{world.stations['南山卫生站']}"
    for region in ("330101", south, "33", "3302", "999999"):
        for level in Places:
            answer = cdc.get(URL, params={"region": region, "level": level})
            own = region == "33"  # of a larger region the part that is theirs
            assert answer.status_code == (200 if own else 404), (region, level)
            assert "330101" not in answer.text
            assert "南山" not in answer.text
    assert "南山" not in cdc.get(f"{URL}/regions").text
    assert "南山" in admin.get(f"{URL}/regions").text
    assert rows(admin, region="330101", **CONTROL)[0]["denominator"] == 25
    assert {row["region"] for row in rows(admin, level="county", **CONTROL)} == {"330100", "330101"}
    county.connection.execute("update care.staff set region_prefix = null where login = 'cdc'")
    assert (cdc.get(URL).status_code, cdc.get(URL).json()["error"]) == (403, "no_region")


@pytest.mark.usefixtures("county")
def test_roles_without_figures_are_refused(as_: SignIn) -> None:
    for login, path in product(("dr.wang", "tech"), ("", "/periods", "/regions")):
        assert as_(login).get(f"{URL}{path}").status_code == 403, (login, path)


def test_a_lead_sees_the_own_station_to_the_person_and_no_other(county: Town, world: World, as_: SignIn) -> None:
    lead = as_("lead.qinghe")
    own = f"station-{world.stations['青河卫生站']}"
    assert [each["region"] for each in lead.get(f"{URL}/regions").json()] == [own]
    (row,) = rows(lead, **CONTROL)
    assert (row["region"], row["numerator"], row["denominator"], row["hidden"]) == (own, 12, 23, [])
    county.visit(county.patient(), "2026-10-20 09:00", "128/80")
    (now,) = rows(lead, region=own, **CONTROL)
    assert (now["numerator"], now["denominator"]) == (13, 24), "counted now, not when it was published"
    assert {each["region"] for each in rows(lead, by="slice")} == {own}
    for region in ("330100", "330100001", f"station-{world.stations['云岭卫生站']}"):
        assert lead.get(URL, params={"region": region}).status_code in (200, 404)
        assert all(each["region"] == own for each in lead.get(URL, params={"region": region}).json().get("figures", []))
    tag = lead.get(URL, params=CONTROL).headers["etag"]
    assert lead.get(URL, params=CONTROL, headers={"if-none-match": tag}).status_code == 304
    county.visit(county.patient(), "2026-10-20 09:00", "128/80")
    assert lead.get(URL, params=CONTROL, headers={"if-none-match": tag}).status_code == 200


@pytest.mark.usefixtures("county")
def test_no_small_number_leaves_by_any_view(as_: SignIn) -> None:
    for login in ("cdc", "admin"):
        client, seen = as_(login), 0
        periods = [each["period"] for each in client.get(f"{URL}/periods").json()]
        for level, by in product(Places, By):
            for row in rows(client, period=periods, level=level, by=by, limit=5000):
                seen += 1
                expected = row["denominator"] if row["indicator"] in EXPECTED else None
                for part in ("numerator", "denominator"):
                    number = row[part]
                    assert number is None or number == 0 or number >= published.THRESHOLD or number == expected, row
                if row["numerator"] is not None and row["denominator"] is not None and expected is None:
                    others = row["denominator"] - row["numerator"]
                    assert others == 0 or others >= published.THRESHOLD, row
                assert (row["numerator"] is None) is ("numerator" in row["hidden"])
                assert row["rate"] is None or not row["hidden"]
        assert seen > 1000


EXPECTED = {  # over a population of the statistics office, which is public
    "record_rate",
    "contract_rate",
    "elderly_management_rate",
    "hypertension_management_rate",
    "diabetes_management_rate",
}


@pytest.mark.usefixtures("county")
def test_pages_put_together_are_the_list_and_csv_is_the_same(as_: SignIn) -> None:
    cdc = as_("cdc")
    asked: dict[str, Any] = {"period": ["2026Q3", "2026Q4"], "level": "station", "limit": 7}
    whole = rows(cdc, **(asked | {"limit": 5000}))
    url, pages = f"{cdc.get(URL, params=asked).request.url}", []
    while url:
        answer = cdc.get(url)
        pages += answer.json()["figures"]
        url = answer.links["next"]["url"] if "next" in answer.links else ""
        assert bool(url) is (answer.json()["next"] is not None)
    assert pages == whole
    answer = cdc.get(URL, params=asked | {"limit": 5000}, headers={"accept": "text/csv;q=0.9, application/json;q=0.1"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith(b"\xef\xbb\xbf")
    lines = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    written = [{name: "" if value is None else str(value) for name, value in row.items()} for row in whole]
    assert [line["numerator"] for line in lines] == [row["numerator"] for row in written]
    assert [line["hidden"].split() for line in lines] == [row["hidden"] for row in whole]


def test_an_answer_is_good_until_figures_are_published_anew(county: Town, clock: Clock, as_: SignIn) -> None:
    cdc = as_("cdc")
    first = cdc.get(URL, params={"limit": 2})
    tag, cursor = first.headers["etag"], first.json()["next"]
    assert first.headers["cache-control"] == "private, no-cache"
    assert cdc.get(URL, params={"limit": 2}, headers={"if-none-match": f'"x", {tag}'}).status_code == 304
    assert cdc.get(URL, params={"limit": 3}, headers={"if-none-match": tag}).status_code == 200
    as_csv = {"if-none-match": tag, "accept": "text/csv"}
    assert cdc.get(URL, params={"limit": 2}, headers=as_csv).status_code == 200
    assert as_("admin").get(URL, params={"limit": 2}, headers={"if-none-match": tag}).status_code == 200
    assert cdc.get(URL, params={"limit": 2, "cursor": cursor}).status_code == 200
    clock.move(timedelta(hours=25))
    published.publish(county, clock())
    cdc = as_("cdc")
    assert cdc.get(URL, params={"limit": 2}, headers={"if-none-match": tag}).status_code == 200
    late = cdc.get(URL, params={"limit": 2, "cursor": cursor})
    assert (late.status_code, late.json()["error"]) == (409, "published_anew")


@pytest.mark.usefixtures("county")
def test_hours_of_the_week_are_those_of_the_readings(as_: SignIn) -> None:
    cdc = as_("cdc")
    hours = rows(cdc, by="hour")
    assert {row["indicator"] for row in hours} == {"measuring_hours"}
    assert [(row["weekday"], row["hour"]) for row in hours] == list(product(range(1, 8), range(24)))
    assert sum(row["numerator"] or 0 for row in hours) <= rows(cdc, indicator="measurements")[0]["numerator"]
    for asked in ({"by": "hour", "indicator": "measurements"}, {"indicator": "measuring_hours"}):
        assert cdc.get(URL, params=asked).status_code == 422


@pytest.mark.parametrize(
    "asked",
    [
        {"period": "2026-9"},
        {"level": "village"},
        {"by": "doctor"},
        {"limit": 0},
        {"limit": 5001},
        {"region": "3301;drop"},
        {"cursor": "x"},
        {"indicator": "no_such_rate"},
        {"period": ["2026Q4"] * 25},
    ],
)
@pytest.mark.usefixtures("county")
def test_a_wrong_question_is_refused(asked: dict[str, Any], as_: SignIn) -> None:
    answer = as_("cdc").get(URL, params=asked)
    assert (answer.status_code, answer.json()["error"]) == (422, "invalid")
    assert set(answer.json()["says"]) == {"zh", "en"}


def test_before_the_first_release_there_are_no_figures(as_: SignIn) -> None:
    cdc = as_("admin")
    assert cdc.get(f"{URL}/periods").json() == []
    for path in ("", "/regions"):
        answer = cdc.get(f"{URL}{path}")
        assert (answer.status_code, answer.json()["error"]) == (404, "not_published")


def test_every_question_is_recorded(county: Town, as_: SignIn) -> None:
    cdc = as_("cdc")
    tag = cdc.get(URL, params=CONTROL).headers["etag"]
    cdc.get(URL, params=CONTROL, headers={"if-none-match": tag})
    details = county.connection.execute("select detail from care.audit where action = 'figures.view'").fetchall()
    assert [each["periods"] for (each,) in details] == [["2026Q4"], ["2026Q4"]]
