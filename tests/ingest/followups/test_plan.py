"""Who is due for a visit, when, and what a visit ends: the plan day by day, and whatever happens."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.followups.facts import Facts, Managed, Visit
from ingest.followups.period import Every, Period, period, since
from ingest.followups.plan import plan
from tests.ingest.followups.made import (
    RULEBOOK,
    alarm,
    carried_out,
    contract,
    lived,
    open_twice,
    resident,
    standing,
    visit,
    why_ended,
)

MAY = date(2026, 5, 11)


def test_a_managed_resident_is_due_once_a_quarter_on_the_day_the_doctor_set() -> None:
    facts = Facts(resident=resident("hypertension"))
    assert standing(carried_out(facts, MAY)) == {"hypertension/quarterly": date(2026, 6, 30)}
    seen = replace(facts, visits=(visit("2026-02-20T09:00", next_due_on=date(2026, 5, 20)),))
    assert standing(carried_out(seen, MAY)) == {"hypertension/quarterly": date(2026, 5, 20)}
    done = replace(seen, visits=(*seen.visits, visit("2026-05-12T09:00")))
    assert standing(lived(done, MAY, date(2026, 5, 12))) == {}
    assert standing(lived(done, MAY, date(2026, 5, 12)), "done") == {"hypertension/quarterly": date(2026, 5, 20)}


def test_who_is_not_in_the_programme_is_not_due() -> None:
    assert standing(carried_out(Facts(resident=resident()), MAY)) == {}
    ended = resident(managed_by_nobody := "hypertension")
    ended = replace(ended, managed={managed_by_nobody: Managed(since=date(2020, 1, 1), until=MAY)})
    assert standing(carried_out(Facts(resident=ended), MAY)) == {}
    assert standing(carried_out(Facts(resident=ended), MAY - timedelta(days=1))) != {}


def test_a_phone_call_is_not_face_to_face() -> None:
    facts = Facts(resident=resident("hypertension"), visits=(visit("2026-05-10T09:00", mode="phone"),))
    assert "hypertension/quarterly" in standing(carried_out(facts, MAY))
    facts = replace(facts, visits=(visit("2026-05-10T09:00", mode="home"),))
    assert "hypertension/quarterly" not in standing(carried_out(facts, MAY))


def test_nobody_found_is_no_visit() -> None:
    facts = Facts(resident=resident("hypertension"), visits=(visit("2026-05-10T09:00", None, was_lost=True),))
    assert "hypertension/quarterly" in standing(carried_out(facts, MAY))


@pytest.mark.parametrize(("at", "april_is_done"), [("2026-03-31T23:30", False), ("2026-04-01T00:30", True)])
def test_the_quarter_ends_at_midnight_in_shanghai(at: str, april_is_done: bool) -> None:
    facts = carried_out(Facts(resident=resident("hypertension"), visits=(visit(at),)), date(2026, 4, 1))
    assert ("hypertension/quarterly" in standing(facts, "done")) == april_is_done


def test_a_quarter_without_a_visit_is_missed_and_the_next_is_asked_for_at_once() -> None:
    facts = Facts(resident=resident("hypertension"), visits=(visit("2025-12-02T09:00"),))
    facts = lived(facts, date(2026, 2, 1), date(2026, 4, 1))
    assert why_ended(facts) == {"missed"}
    assert standing(facts) == {"hypertension/quarterly": date(2026, 4, 1)}, "overdue from the first day on"


def test_a_visit_of_the_quarter_that_is_written_down_late_counts() -> None:
    facts = lived(Facts(resident=resident("hypertension")), date(2026, 2, 1), date(2026, 4, 1))
    facts = carried_out(replace(facts, visits=(visit("2026-03-30T09:00"),)), date(2026, 4, 2))
    assert standing(facts, "done") == {"hypertension/quarterly": date(2026, 3, 31)}


def test_first_unsatisfactory_two_weeks_second_refer_then_controlled() -> None:
    first = visit("2026-05-01T09:00", "uncontrolled")
    facts = lived(Facts(resident=resident("hypertension"), visits=(first,)), date(2026, 5, 1))
    assert standing(facts) == {"hypertension/unsatisfactory": date(2026, 5, 15)}
    second = visit("2026-05-14T09:00", "uncontrolled")
    facts = lived(replace(facts, visits=(first, second)), date(2026, 5, 14))
    assert standing(facts) == {"hypertension/referred": date(2026, 5, 28)}
    third = visit("2026-05-27T09:00", "controlled")
    facts = lived(replace(facts, visits=(first, second, third)), date(2026, 5, 27))
    assert standing(facts) == {}
    assert set(standing(facts, "done")) == {
        "hypertension/quarterly",
        "hypertension/unsatisfactory",
        "hypertension/referred",
    }


def test_an_adverse_reaction_counts_as_unsatisfactory_and_a_complication_is_referred_at_once() -> None:
    for results, reason in (
        (["adverse_reaction"], "unsatisfactory"),
        (["uncontrolled", "adverse_reaction"], "referred"),
        (["complication"], "referred"),
        (["uncontrolled", "controlled", "uncontrolled"], "unsatisfactory"),
        (["uncontrolled", None, "uncontrolled"], "referred"),  # a call without values breaks no row
    ):
        visits = tuple(visit(f"2026-05-0{day}T09:00", result) for day, result in enumerate(results, 1))
        found = standing(carried_out(Facts(resident=resident("hypertension"), visits=visits), MAY))
        assert list(found) == [f"hypertension/{reason}"], results


@pytest.mark.parametrize(
    ("own", "due"),
    [
        (date(2026, 5, 8), date(2026, 5, 8)),
        (date(2026, 5, 15), date(2026, 5, 15)),
        (date(2026, 5, 22), date(2026, 5, 15)),  # nobody sets the two weeks aside
        (None, date(2026, 5, 15)),
    ],
)
@pytest.mark.parametrize("why", ["unsatisfactory", "referred", "emergency"])
def test_the_doctors_own_date_holds_when_it_is_earlier_than_the_two_weeks(
    own: date | None, due: date, why: str
) -> None:
    about: dict[str, Any] = {"was_referred": why == "referred", "is_emergency": why == "emergency"}
    seen = visit("2026-05-01T09:00", "uncontrolled", next_due_on=own, **about)
    facts = carried_out(Facts(resident=resident("hypertension"), visits=(seen,)), date(2026, 5, 4))
    assert standing(facts) == {f"hypertension/{why}": due}


def test_whoever_is_referred_is_asked_within_two_weeks_how_it_went() -> None:
    """An adverse reaction that is hard to control is referred at the first visit already."""
    for result in ("adverse_reaction", "controlled", None):
        seen = visit("2026-05-01T09:00", result, was_referred=True)
        facts = carried_out(Facts(resident=resident("hypertension"), visits=(seen,)), date(2026, 5, 4))
        assert standing(facts) == {"hypertension/referred": date(2026, 5, 15)}, result


def test_a_visit_that_is_taken_back_opens_its_task_again() -> None:
    seen = visit("2026-05-02T09:00")
    facts = carried_out(Facts(resident=resident("hypertension"), visits=(seen,)), MAY)
    assert "hypertension/quarterly" in standing(facts, "done")
    facts = carried_out(replace(facts, visits=()), MAY)
    assert "hypertension/quarterly" in standing(facts)


def test_a_corrected_result_takes_its_task_away() -> None:
    bad = visit("2026-05-02T09:00", "uncontrolled")
    facts = carried_out(Facts(resident=resident("hypertension"), visits=(bad,)), MAY)
    facts = carried_out(replace(facts, visits=(replace(bad, classification="controlled"),)), MAY)
    assert standing(facts) == {}
    assert why_ended(facts) == {"corrected"}


def test_one_visit_of_each_form_serves_both_programmes() -> None:
    both = resident("hypertension", "diabetes")
    visits = (visit("2026-05-02T09:00"), visit("2026-05-02T09:00", programme="diabetes"))
    assert standing(carried_out(Facts(resident=both, visits=visits[:1]), MAY)) == {
        "diabetes/quarterly": date(2026, 6, 30)
    }
    assert standing(carried_out(Facts(resident=both, visits=visits), MAY)) == {}


def test_a_critical_alert_asks_for_a_visit_within_two_weeks_and_only_a_visit_answers_it() -> None:
    facts = Facts(resident=resident("hypertension"), alarms=(alarm("2026-05-05T07:00"), alarm("2026-05-08T07:00")))
    facts = lived(facts, date(2026, 5, 5), date(2026, 5, 8), MAY)
    assert standing(facts)["hypertension/emergency"] == date(2026, 5, 19), "a second alert postpones nothing"
    facts = lived(replace(facts, visits=(visit("2026-05-12T09:00"),)), date(2026, 5, 12))
    assert "hypertension/emergency" not in standing(facts)
    assert standing(facts, "done")["hypertension/emergency"] == date(2026, 5, 19)


def test_mistaken_alerts_and_those_of_lower_tiers_ask_for_nothing() -> None:
    for each in (alarm("2026-05-05T07:00", was_mistaken=True), alarm("2026-05-05T07:00", tier=3)):
        facts = carried_out(Facts(resident=resident("hypertension"), alarms=(each,)), MAY)
        assert "hypertension/emergency" not in standing(facts)
    seen = alarm("2026-05-05T07:00")
    facts = carried_out(Facts(resident=resident("hypertension"), alarms=(seen,)), MAY)
    facts = carried_out(replace(facts, alarms=(replace(seen, was_mistaken=True),)), MAY)
    assert "mistaken" in why_ended(facts)


@pytest.mark.parametrize(("born", "is_due"), [(date(1961, 5, 11), True), (date(1961, 5, 12), False)])
def test_sixty_five_on_the_day(born: date, is_due: bool) -> None:
    facts = carried_out(Facts(resident=resident(born=born)), MAY)
    assert ("elderly/yearly" in standing(facts)) == is_due


def test_high_risk_is_seen_every_half_year_by_any_visit_with_a_blood_pressure() -> None:
    at_risk = resident(risks=frozenset({"age"}))
    assert standing(carried_out(Facts(resident=at_risk), MAY)) == {"high_risk/half_yearly": date(2026, 6, 30)}
    seen = Facts(resident=at_risk, visits=(visit("2026-03-02T09:00", None, "elderly", has_pressure=True),))
    assert standing(carried_out(seen, MAY)) == {}
    ill = replace(at_risk, has_hypertension=True)
    assert standing(carried_out(Facts(resident=ill), MAY)) == {}


def test_packages_are_counted_from_the_day_of_signing_and_readings_fulfil_only_the_measuring() -> None:
    facts = measured(Facts(resident=resident(), contracts=(contract("chronic", date(2026, 2, 20)),)), MAY)
    facts = carried_out(facts, MAY)
    assert standing(facts, "done") == {"package/package:remote_measurement": date(2026, 5, 19)}
    assert standing(facts) == {
        "package/package:medication_guidance": date(2026, 5, 19),
        "package/package:complication_screening": date(2027, 2, 19),
    }
    seen = replace(facts, visits=(visit("2026-05-12T09:00", items=frozenset({"medication_guidance"})),))
    facts = carried_out(seen, date(2026, 5, 20))
    assert "package/package:medication_guidance" in standing(facts, "done")
    assert standing(facts)["package/package:remote_measurement"] == date(2026, 6, 19)


def measured(facts: Facts, *days: date) -> Facts:
    """With readings on these days."""
    return replace(facts, measured_on=frozenset(days))


def test_a_reading_that_arrives_after_its_month_still_fulfils_it() -> None:
    facts = Facts(resident=resident(), contracts=(contract("chronic", date(2026, 2, 20)),))
    facts = lived(facts, MAY, date(2026, 5, 20))
    assert "missed" in why_ended(facts)
    facts = carried_out(measured(facts, date(2026, 5, 18), date(2026, 5, 21)), date(2026, 5, 21))
    done = {task.due_on for task in facts.tasks if task.state == "done"}
    assert done == {date(2026, 5, 19), date(2026, 6, 19)}


@pytest.mark.parametrize(
    ("signed", "day", "first", "last"),
    [
        (date(2026, 1, 31), date(2026, 2, 27), date(2026, 1, 31), date(2026, 2, 27)),
        (date(2026, 1, 31), date(2026, 2, 28), date(2026, 2, 28), date(2026, 3, 30)),
        (date(2026, 1, 31), date(2026, 3, 31), date(2026, 3, 31), date(2026, 4, 29)),
        (date(2024, 2, 29), date(2024, 3, 28), date(2024, 2, 29), date(2024, 3, 28)),
        (date(2026, 12, 1), date(2027, 1, 1), date(2027, 1, 1), date(2027, 1, 31)),
    ],
)
def test_the_months_of_a_contract_begin_on_its_day(signed: date, day: date, first: date, last: date) -> None:
    assert since(Every.MONTH, signed, day) == Period(first, last)


@given(
    signed=st.dates(date(2024, 1, 1), date(2026, 12, 31)),
    passed=st.integers(0, 800),
    every=st.sampled_from(Every),
)
def test_the_periods_of_a_contract_leave_no_day_out_and_none_twice(signed: date, passed: int, every: Every) -> None:
    day = signed + timedelta(days=passed)
    now = since(every, signed, day)
    assert day in now
    assert since(every, signed, now.first) == now == since(every, signed, now.last)
    assert since(every, signed, now.last + timedelta(days=1)).first == now.last + timedelta(days=1)


@given(day=st.dates(date(2024, 1, 1), date(2028, 12, 31)), every=st.sampled_from(Every))
def test_calendar_periods_meet_at_their_edges(day: date, every: Every) -> None:
    now = period(every, day)
    assert day in now
    assert now.first.day == 1
    assert period(every, now.last + timedelta(days=1)).first == now.last + timedelta(days=1)


def test_home_readings_and_alerts_never_make_a_visit() -> None:
    facts = Facts(resident=resident("hypertension", "diabetes"), alarms=(alarm("2026-05-05T07:00"),))
    facts = measured(facts, MAY)
    assert not any(task.programme in ("hypertension", "diabetes") for task in facts.tasks if task.state == "done")
    assert standing(carried_out(facts, MAY)).keys() >= {"hypertension/quarterly", "diabetes/quarterly"}


@pytest.mark.parametrize("why", ["died", "moved"])
def test_who_left_is_due_for_nothing(why: str) -> None:
    facts = carried_out(Facts(resident=resident("hypertension")), MAY)
    facts = replace(facts, resident=replace(facts.resident, left_on=MAY, left_why=why))
    facts = carried_out(facts, MAY)
    assert standing(facts) == {}
    assert why_ended(facts) == {why}
    back = replace(facts, resident=replace(facts.resident, left_on=None, left_why=None))
    assert standing(carried_out(back, MAY)) == {"hypertension/quarterly": date(2026, 6, 30)}


def test_another_doctor_takes_over_what_is_open_and_nothing_else() -> None:
    facts = Facts(resident=resident("hypertension", "diabetes"), visits=(visit("2026-04-20T09:00"),))
    facts = carried_out(facts, MAY)
    facts = carried_out(replace(facts, resident=replace(facts.resident, doctor_id=None, station_id=2)), MAY)
    given_to = {task.programme: (task.doctor_id, task.station_id) for task in facts.tasks}
    assert given_to == {"hypertension": (7, 1), "diabetes": (None, 2)}


def test_who_joins_late_in_a_quarter_is_first_due_in_the_next() -> None:
    facts = Facts(resident=resident("hypertension", since=date(2026, 6, 20)))
    assert standing(carried_out(facts, date(2026, 6, 25))) == {}
    assert standing(carried_out(facts, date(2026, 7, 1))) == {"hypertension/quarterly": date(2026, 7, 20)}


RESULTS = st.sampled_from(["controlled", "uncontrolled", "adverse_reaction", "complication", None])
FIRST = date(2025, 1, 1)


@st.composite
def visits_of_two_years(draw: st.DrawFn) -> tuple[Visit, ...]:
    days = draw(st.lists(st.integers(0, 729), max_size=12))
    return tuple(
        visit(
            f"{FIRST + timedelta(days=day)}T{draw(st.integers(0, 23)):02}:30",
            draw(RESULTS),
            draw(st.sampled_from(["hypertension", "diabetes", "elderly"])),
            mode=draw(st.sampled_from(["clinic", "home", "phone"])),
            was_lost=draw(st.booleans()),
            is_emergency=draw(st.integers(0, 9)) == 0,
            has_pressure=draw(st.booleans()),
        )
        for day in days
    )


@given(
    visits=visits_of_two_years(),
    alerted=st.lists(st.integers(0, 729), max_size=4),
    days=st.lists(st.integers(0, 729), min_size=1, max_size=8, unique=True),
    ill=st.sets(st.sampled_from(["hypertension", "diabetes"])),
)
@settings(max_examples=150, deadline=None)
def test_whatever_happens(visits: tuple[Visit, ...], alerted: list[int], days: list[int], ill: set[str]) -> None:
    alarms = tuple(alarm(f"{FIRST + timedelta(days=day)}T07:00") for day in alerted)
    who = resident(*ill, born=date(1960, 6, 1), risks=frozenset({"age"}))
    order = [FIRST + timedelta(days=day) for day in sorted(days)]
    facts = lived(Facts(resident=who, visits=visits, alarms=alarms), *order)
    last = order[-1]
    seen = replace(
        facts,
        visits=tuple(each for each in visits if each.visited_at.date() <= last + timedelta(days=1)),
    )
    once = carried_out(seen, last)
    assert plan(once, RULEBOOK, last) == [], "planning again changes nothing"
    assert not open_twice(once.tasks)
    assert len({task.key for task in once.tasks}) == len(once.tasks)
    known = {each.visit_id: each for each in visits}
    for task in once.tasks:
        assert (task.state == "done") <= (task.visit_id in known), "only a visit ends a task as done"
        if task.state == "done" and task.reason == "quarterly":
            by = known[task.visit_id or 0]
            assert by.mode != "phone"
            assert not by.was_lost
            assert by.programme == task.programme
    gone = replace(once, resident=replace(who, left_on=last, left_why="died"))
    assert standing(carried_out(gone, last)) == {}
