"""A child's curve on the page: from real readings, in both languages, and for nobody older."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

import pytest

from tests.api.conftest import SignIn
from tests.api.world import World


@pytest.fixture
def child(world: World) -> int:
    """A boy of two and a half, measured five times at the kiosk, once against every expectation."""
    number = world.resident("何小宝", "dr.wang", "青河卫生站", birth_date=date(2024, 5, 21), sex="male", conditions=[])
    for months, (weight, height) in enumerate([(12.6, 87), (12.9, 88.4), (13.1, 89.6), (13.4, 90.8), (21.5, 92.1)]):
        at = world.clock() - timedelta(days=30 * (8 - 2 * months))
        world.measured("何小宝", at, kind="body", weight=weight, height=height, setting="kiosk")
    return number


def test_the_section_has_every_measurement_with_its_score(child: int, world: World, as_: SignIn) -> None:
    doctor = as_("dr.wang")
    page = doctor.get(f"/residents/{child}").text
    assert f'data-growth="/residents/{child}/growth"' in page
    section = doctor.get(f"/residents/{child}/growth").text
    assert section.count("<tr>") == 6
    assert "+4." in section  # 21.5 kg at 30 months
    assert section.count('class="flag"') == 2  # its weight and its BMI
    assert "WHO" in section
    assert world.one("select count(*) from care.audit where detail->>'kind' = 'growth'") == 1
    doctor.get("/language/en")
    assert "Length/height" in doctor.get(f"/residents/{child}/growth").text


def test_the_chart_has_the_lines_and_the_points(child: int, as_: SignIn) -> None:
    chart = as_("dr.wang").get(f"/residents/{child}/growth/chart").json()
    assert [len(panel["points"]) for panel in chart["panels"]] == [5, 5, 5]
    assert [[line["z"] for line in panel["lines"]] for panel in chart["panels"]] == [[-3, -2, 0, 2, 3]] * 3
    median = chart["panels"][0]["lines"][2]["points"]
    assert median[0] == [0, 3.35]
    assert all(before[1] <= after[1] for before, after in itertools.pairwise(median))


def test_an_adult_and_somebody_else_s_child_have_none(child: int, world: World, as_: SignIn) -> None:
    adult = world.residents["王秀英"]
    doctor = as_("dr.wang")
    assert "data-growth" not in doctor.get(f"/residents/{adult}").text
    for path in ("growth", "growth/chart"):
        assert doctor.get(f"/residents/{adult}/{path}").status_code == 404
        assert as_("dr.li").get(f"/residents/{child}/{path}").status_code == 404
