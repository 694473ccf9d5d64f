"""The Simple / HEARTS360 set: calendar months, and the order of the CASE decides."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.reporting.shares import to_hundred
from tests.reporting.town import Q2, Q3, Q4, Town, window

OUTCOMES = ("controlled", "uncontrolled", "missed_visit", "no_measurement")


def outcome(town: Town) -> dict[int, str]:
    return dict(town.why("hearts_controlled", window(Q2)))


@pytest.mark.parametrize(
    ("visits", "why"),
    [
        ([("2026-04-01", "139/89")], "controlled"),
        ([("2026-04-01", "140/89")], "uncontrolled"),  # HEARTS360's sample query calls exactly 140/90 controlled
        ([("2026-04-01", "140/90")], "uncontrolled"),
        ([("2026-03-31", "120/70")], "missed_visit"),  # three calendar months before June
        ([("2026-04-01", "120/70"), ("2026-06-01", None)], "controlled"),
        ([("2026-03-31", "120/70"), ("2026-06-01", None)], "visited_no_bp"),
        ([("2026-06-30", None)], "visited_no_bp"),
        ([], "missed_visit"),
    ],
)
def test_the_first_case_that_fits(visits: list[tuple[str, str | None]], why: str, town: Town) -> None:
    patient = town.resident()
    town.manage(patient, "hypertension", "2026-01-31")
    for day, pressure in visits:
        town.visit(patient, f"{day} 09:00", pressure)
    assert outcome(town) == {patient: why}
    figures = {name: town.figure(f"hearts_{name}", window(Q2)) for name in OUTCOMES}
    assert sum(each.numerator for each in figures.values()) == 1
    assert {each.denominator for each in figures.values()} == {1}


def test_months_are_differences_of_calendar_months(town: Town) -> None:
    lately, enough = town.resident(), town.resident()
    town.manage(lately, "hypertension", "2026-04-01")
    town.manage(enough, "hypertension", "2026-03-31")
    assert outcome(town) == {lately: "registered_lately", enough: "missed_visit"}


def test_under_care_is_registered_or_seen_within_twelve_months(town: Town) -> None:
    old, seen, gone, dead = (town.resident() for _ in range(4))
    for person in (old, seen, gone, dead):
        town.manage(person, "hypertension", "2024-01-10")
    town.visit(seen, "2025-07-01 09:00", "130/80")
    town.visit(gone, "2025-06-30 09:00", "130/80")
    town.connection.execute(
        "update care.resident set left_on = '2026-05-01', left_why = 'died' where resident_id = %s", (dead,)
    )
    assert town.why("hearts_under_care", window(Q2)) == {
        old: "lost_to_follow_up",
        seen: "under_care",
        gone: "lost_to_follow_up",
        dead: "died",
    }
    figure = town.figure("hearts_under_care", window(Q2))
    assert (figure.numerator, figure.denominator) == (1, 3)
    assert town.figure("hearts_missed_visit", window(Q2)).denominator == 1  # lost ones are not in it


def test_a_cohort_is_whoever_was_registered_the_quarter_before(town: Town) -> None:
    before, first, last, after = (town.resident() for _ in range(4))
    for person, day in ((before, "2026-03-31"), (first, "2026-04-01"), (last, "2026-06-30"), (after, "2026-07-01")):
        town.manage(person, "hypertension", day)
    town.visit(first, "2026-06-10 09:00", "120/70")
    town.visit(first, "2026-07-10 09:00", "150/95")
    town.visit(first, "2026-09-30 23:00", "138/88")
    town.visit(last, "2026-06-30 09:00", "120/70")
    assert town.why("hearts_cohort_controlled", window(Q3)) == {first: "controlled", last: "missed_visit"}
    assert town.figure("hearts_cohort_missed_visit", window(Q3)).numerator == 1
    assert town.figure("hearts_cohort_controlled", window(Q4)).denominator == 1
    assert date(2026, 10, 1) == Q3.ends


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=8).filter(lambda counts: sum(counts) > 0))
def test_shares_are_whole_and_add_up_to_a_hundred(counts: list[int]) -> None:
    shares = to_hundred(counts)
    assert sum(shares) == 100
    assert all(abs(share - 100 * count / sum(counts)) < 1 for share, count in zip(shares, counts, strict=True))


def test_nobody_has_no_shares() -> None:
    assert to_hundred([0, 0]) == [0, 0]
