"""A doctor's own limits: they win, are explained, stay within bounds, and end; a dated row takes over on its day."""

from __future__ import annotations

import copy
import math
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.alerting import overrides
from ingest.alerting.finding import Verdict
from ingest.alerting.override import OverrideSettings, Wish, Wrong, problem
from ingest.alerting.person import Override
from ingest.alerting.rules import bands, evaluate, parse
from maixun.configuration import load_all, settings
from tests.ingest.alerting.people import DAY, MINUTE, NOON, finding, pressure, shipped, somebody
from tests.ingest.alerting.test_patterns import confirmed, home
from tests.ingest.alerting.town import Town

TODAY = date(2026, 11, 21)
LIMITS = settings(OverrideSettings, "override")


def own(rule: str = "blood_pressure_critical", *, ends: date = date(2026, 12, 21), **limits: float) -> Override:
    return Override(rule=rule, limits=limits, valid_from=TODAY, ends_on=ends, by="王医生")


def wish(rule: str = "blood_pressure_critical", *, days: int = 30, **limits: float) -> Wish:
    return Wish(rule=rule, limits=limits, reason="as agreed", valid_from=TODAY, ends_on=TODAY + timedelta(days=days))


# What it does


def test_the_doctors_limit_wins_and_the_sentence_says_whose_it_is() -> None:
    person = somebody(overrides=(own(systolic=160),))
    assert finding(pressure(165, 80)).verdict is Verdict.NORMAL  # type: ignore[union-attr]
    found = finding(pressure(165, 80), person=person, now=NOON + 11 * MINUTE)
    assert found
    assert found.verdict is Verdict.CONFIRMED
    told = found.explained()
    assert "≥ 160/110" in told["says"]["en"]
    assert "This limit was set by 王医生 for this resident until 2026-12-20." in told["says"]["en"]
    assert "此界值由王医生为该居民专门设定，有效至2026-12-20。" in told["says"]["zh"]
    assert told["set_by"] == {"name": "王医生", "ends_on": "2026-12-21"}


def test_a_wider_limit_keeps_quiet_what_the_doctor_knows_and_the_other_value_still_counts() -> None:
    person = somebody(overrides=(own(systolic=195),))
    assert finding(pressure(186, 90), person=person).verdict is Verdict.NORMAL  # type: ignore[union-attr]
    assert finding(pressure(186, 112), person=person).verdict is Verdict.SUSPECTED  # type: ignore[union-attr]


def test_before_its_first_day_and_from_its_end_on_the_rules_own_limit_holds() -> None:
    person = somebody(overrides=(own(systolic=160, ends=date(2026, 11, 23)),))
    for day, beyond in ((-1, False), (0, True), (1, True), (2, False)):
        at = NOON + day * DAY
        found = finding(pressure(165, 80, at), person=person, now=at + 11 * MINUTE)
        assert (found is not None and found.alarming) is beyond, day


def test_another_rule_and_another_person_are_not_touched() -> None:
    other = somebody(overrides=(own("home_pressure_high", systolic=150),))
    assert finding(pressure(186, 90), person=other).verdict is Verdict.SUSPECTED  # type: ignore[union-attr]


def test_a_pattern_has_limits_of_ones_own_too() -> None:
    week = home(140, 80, range(7))
    assert confirmed("home_pressure_high", week)
    relaxed = somebody(overrides=(own("home_pressure_high", systolic=150),))
    assert not confirmed("home_pressure_high", week, person=relaxed)


def test_charts_draw_the_limit_that_holds() -> None:
    drawn = bands(shipped(), "systolic", setting="home", age=60, on=TODAY, overrides=[own(systolic=160)])
    assert 160 in [band.limit for band in drawn if band.rule == "blood_pressure_critical"]


# What may be set


@pytest.mark.parametrize(
    ("wished", "why"),
    [
        (wish("no_such_rule", systolic=160), Wrong.UNKNOWN_RULE),
        (wish("hypertension_control", systolic=150), Wrong.UNKNOWN_RULE),  # what is counted is nobody's to move
        (wish(), Wrong.NOTHING_SET),
        (wish(glucose=5), Wrong.UNKNOWN_METRIC),
        (wish(systolic=201), Wrong.OUT_OF_BOUNDS),
        (wish(systolic=139), Wrong.OUT_OF_BOUNDS),
        (wish(systolic=math.nan), Wrong.OUT_OF_BOUNDS),
        (wish(systolic=math.inf), Wrong.OUT_OF_BOUNDS),
        (wish("glucose_severely_low", glucose=2.9), Wrong.OUT_OF_BOUNDS),  # danger is not made quieter
        (wish(systolic=160, days=0), Wrong.ENDS_BEFORE_IT_BEGINS),
        (wish(systolic=160, days=181), Wrong.TOO_LONG),
    ],
)
def test_what_cannot_be_set(wished: Wish, why: Wrong) -> None:
    found = problem(wished, shipped(), LIMITS, TODAY)
    assert found
    assert found.why is why


def test_what_can_be_set_needs_a_reason_and_begins_no_sooner_than_today() -> None:
    assert problem(wish(systolic=160, days=180), shipped(), LIMITS, TODAY) is None
    late = problem(wish(systolic=160), shipped(), LIMITS, TODAY + DAY)
    assert late
    assert late.why is Wrong.BEGINS_IN_THE_PAST
    unexplained = Wish(
        rule="blood_pressure_critical", limits={"systolic": 160}, reason=" ", valid_from=TODAY, ends_on=TODAY + DAY
    )
    silent = problem(unexplained, shipped(), LIMITS, TODAY)
    assert silent
    assert silent.why is Wrong.NO_REASON


@given(st.sampled_from(sorted(shipped().limited)), st.floats(allow_nan=True))
def test_no_limit_outside_its_bounds_can_ever_be_set(rule: str, limit: float) -> None:
    bounds = shipped().limited[rule][1].adjustable
    for metric, bound in bounds.items():
        allowed = problem(replace(wish(rule), limits={metric: limit}), shipped(), LIMITS, TODAY) is None
        assert allowed is (bound.low <= limit <= bound.high)


def test_the_rules_own_limits_lie_within_the_bounds() -> None:
    for _, rule in shipped().limited.values():
        for level in rule.levels:
            for metric, bound in rule.adjustable.items():
                assert bound.low <= level.limits[metric] <= bound.high, rule.name


# A guideline that changes


def test_a_dated_row_takes_over_on_its_day_and_older_readings_are_judged_by_the_older_row() -> None:
    documents = copy.deepcopy(load_all("rules/*.yaml"))
    critical = documents["rules/blood_pressure.yaml"]["rules"][0]
    critical["levels"].append(
        {"limits": {"systolic": 170, "diastolic": 105}, "source": "guideline_2025", "valid_from": date(2026, 11, 22)}
    )
    rules = parse(documents)
    old, new = pressure(172, 80), pressure(172, 80, NOON + DAY)
    evening = pressure(172, 80, NOON + 12 * 60 * MINUTE)  # midnight in China: the new row's day has begun
    for reading, beyond in ((old, False), (evening, True), (new, True)):
        now = reading.measured_at + 11 * MINUTE
        found = [f for f in evaluate(somebody(), [reading], rules, now) if f.cause == "blood_pressure_high"]
        assert [f.alarming for f in found] == [beyond]
    late = evaluate(somebody(), [old], rules, NOON + 2 * DAY)  # arrived after the change
    assert [f.alarming for f in late if f.cause == "blood_pressure_high"] == [False]
    both = evaluate(somebody(), [old, new], rules, NOON + DAY + 11 * MINUTE)
    (told,) = [f.explained() for f in both if f.alarming]
    assert "国家基层高血压防治管理指南2025版" in told["says"]["zh"]


# In the database


def put(town: Town, resident: int, *, days: int = 30, **limits: float) -> int:
    today = town.now.date()
    wished = Wish(
        rule="blood_pressure_critical",
        limits=limits,
        reason="as agreed",
        valid_from=today,
        ends_on=today + timedelta(days=days),
    )
    return overrides.put(town.connection, resident, wished, staff_id=town.doctor, now=town.now)


def test_the_engine_judges_by_the_doctors_limit_until_it_ends(town: Town) -> None:
    resident, other = town.resident(), town.resident()
    put(town, resident, systolic=160)
    for each in (resident, other):
        town.pressure(each, 165, 80)
    town.look()
    town.pass_time(10)
    assert [alert.resident_id for alert in town.alerts()] == [resident]
    assert town.alert().finding["set_by"]["name"] == "li"


def test_ended_or_expired_the_general_limit_holds_again(town: Town) -> None:
    ended, expired = town.resident(), town.resident()
    number = put(town, ended, systolic=160)
    put(town, expired, systolic=160, days=5)
    assert overrides.end(town.connection, ended, number, staff_id=town.deputy, why="better", now=town.now)
    assert not overrides.end(town.connection, ended, number, staff_id=town.deputy, why="again", now=town.now)
    town.now += 5 * DAY
    for each in (ended, expired):
        town.pressure(each, 165, 80)
    town.look()
    town.pass_time(10)
    assert town.alerts() == []
    states = {r: overrides.of_resident(town.connection, r)[0].state(town.now.date()) for r in (ended, expired)}
    assert states == {ended: "ended", expired: "expired"}


def test_another_for_the_same_rule_replaces_it_and_the_record_is_kept(town: Town) -> None:
    resident = town.resident()
    put(town, resident, systolic=160)
    put(town, resident, systolic=190)
    stored = overrides.of_resident(town.connection, resident)
    assert [(each.limits, each.ended_why) for each in stored] == [
        ({"systolic": 190}, None),
        ({"systolic": 160}, overrides.REPLACED),
    ]
