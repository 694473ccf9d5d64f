"""What readings say: limits, confirmation, quality, age of the reading; the same whatever order they come in."""

from __future__ import annotations

import copy
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.reading import Flag, Kind
from ingest.alerting.documents import RuleFile
from ingest.alerting.finding import Finding, Verdict, Why
from ingest.alerting.person import StoredReading, age_on, circumstances
from ingest.alerting.rules import breach, evaluate, parse
from maixun.configuration import load_all
from tests.ingest.alerting.people import DAY, MINUTE, NOON, finding, pressure, reading, shipped, somebody, sugar

DIABETIC = somebody(conditions=frozenset({"diabetes"}))


def breaks(rule_name: str, one: StoredReading, born: date = date(1966, 5, 1), condition: str = "hypertension") -> bool:
    """Whether a reading is beyond the limit of one rule."""
    file, rule = next((f, r) for f in shipped().files for r in f.rules if r.name == rule_name)
    person = somebody(born=born, conditions=frozenset({condition}))
    return breach(rule, circumstances(person, one), one, file) is not None


# Boundaries


@pytest.mark.parametrize(("systolic", "diastolic", "controlled"), [(140, 89, False), (139, 90, False), (139, 89, True)])
def test_controlled_means_below_both(systolic: float, diastolic: float, *, controlled: bool) -> None:
    one = pressure(systolic, diastolic, setting="station")
    assert breaks("hypertension_control", one, born=date(1976, 1, 1)) is not controlled


def test_the_age_is_that_of_the_measurement_in_local_time() -> None:
    """149/89 is controlled from the 65th birthday on, which begins at 16:00 UTC of the day before."""
    born = date(1961, 11, 22)
    birthday = datetime.fromisoformat("2026-11-21T16:00:00+00:00")
    assert breaks("hypertension_control", pressure(149, 89, birthday - MINUTE, setting="station"), born)
    assert not breaks("hypertension_control", pressure(149, 89, birthday, setting="station"), born)


def test_home_and_office_limits_differ() -> None:
    assert breaks("hypertension_diagnostic", pressure(136, 84, setting="home"))
    assert not breaks("hypertension_diagnostic", pressure(136, 84, setting="station"))


def test_fasting_glucose_is_compared_at_the_meters_resolution() -> None:
    for value in (7.0, 126 / 18.016):
        one = sugar(value, meal="fasting", setting="station")
        assert breaks("glucose_control", one, condition="diabetes")
    assert not breaks("glucose_control", sugar(6.9, meal="fasting", setting="station"), condition="diabetes")


def test_an_unknown_meal_is_never_taken_as_fasting() -> None:
    assert not breaks("glucose_control", sugar(9.0, setting="station"), condition="diabetes")
    assert not breaks("glucose_target", sugar(9.0), condition="diabetes")
    assert not breaks("glucose_target_after_meals", sugar(11.0), condition="diabetes")


def test_3_9_is_a_reason_for_referral_but_not_yet_hypoglycaemia() -> None:
    assert breaks("glucose_emergency_low", sugar(3.9, setting="station"), condition="diabetes")
    assert not breaks("glucose_low", sugar(3.9), condition="diabetes")
    assert breaks("glucose_low", sugar(3.8), condition="diabetes")
    assert breaks("glucose_emergency_high", sugar(16.7, setting="station"), condition="diabetes")
    assert breaks("glucose_very_high", sugar(16.7), condition="diabetes")


@pytest.mark.parametrize(("systolic", "diastolic", "beyond"), [(180, 60, True), (100, 110, True), (179, 109, False)])
def test_critical_pressure_is_either_value(systolic: float, diastolic: float, *, beyond: bool) -> None:
    assert breaks("blood_pressure_critical", pressure(systolic, diastolic)) is beyond


def test_kilopascals_lose_nothing_at_the_limit() -> None:
    """24.0 kPa are 180.01 mmHg, and a value stored a hair below is still 180."""
    assert breaks("blood_pressure_critical", pressure(179.99, 80))


@pytest.mark.parametrize("setting", ["home", "kiosk", "station", "school", "enterprise"])
def test_a_critical_pressure_is_critical_everywhere(setting: str) -> None:
    assert breaks("blood_pressure_critical", pressure(186, 112, setting=setting))


def test_a_person_born_on_29_february_ages_on_1_march() -> None:
    assert age_on(date(1960, 2, 29), date(2025, 2, 28)) == 64
    assert age_on(date(1960, 2, 29), date(2025, 3, 1)) == 65


# Confirmation


def test_a_high_reading_waits_for_a_repeat() -> None:
    found = finding(pressure(186, 112))
    assert found
    assert (found.verdict, found.why, found.due) == (Verdict.SUSPECTED, Why.WAITING, NOON + 10 * MINUTE)


def test_a_repeat_that_agrees_confirms() -> None:
    found = finding(pressure(186, 112), pressure(184, 100, NOON + 3 * MINUTE), now=NOON + 3 * MINUTE)
    assert found
    assert (found.verdict, found.why, found.tier) == (Verdict.CONFIRMED, Why.AGREED, 1)


def test_without_a_repeat_it_stands_when_the_time_is_over() -> None:
    waiting = finding(pressure(186, 112), now=NOON + 9 * MINUTE)
    over = finding(pressure(186, 112), now=NOON + 10 * MINUTE)
    assert waiting
    assert waiting.verdict is Verdict.SUSPECTED
    assert over
    assert (over.verdict, over.why) == (Verdict.CONFIRMED, Why.UNREPEATED)


def test_a_finding_that_is_due_no_longer_waits() -> None:
    """Looked at when it is due, it must have come to something: else it would be looked at for ever."""
    found = finding(pressure(186, 112), now=NOON + 10 * MINUTE)
    assert found
    assert found.due is None


def test_a_normal_repeat_speaks_against_it() -> None:
    found = finding(pressure(186, 112), pressure(150, 90, NOON + 2 * MINUTE), now=NOON + 2 * MINUTE)
    assert found
    assert (found.verdict, found.why) == (Verdict.NORMAL, Why.NORMAL)


def test_the_wait_begins_when_the_reading_reached_a_gateway() -> None:
    """A meter's memory comes piece by piece: what is two hours old is not at once unrepeated."""
    old = reading("blood_pressure", {"systolic": 190, "diastolic": 100}, NOON - 120 * MINUTE, received_at=NOON)
    found = finding(old)
    assert found
    assert found.verdict is Verdict.SUSPECTED
    assert finding(old, pressure(140, 80, NOON - 60 * MINUTE)).verdict is Verdict.NORMAL  # type: ignore[union-attr]


def test_severe_hypoglycaemia_is_confirmed_at_once() -> None:
    found = finding(sugar(2.8))
    assert found
    assert (found.cause, found.verdict, found.why, found.tier) == ("glucose_low", Verdict.CONFIRMED, Why.AT_ONCE, 1)


def test_exactly_3_0_is_the_milder_tier_and_waits() -> None:
    found = finding(sugar(3.0))
    assert found
    assert (found.verdict, found.tier) == (Verdict.SUSPECTED, 2)


def test_two_readings_confirm_what_both_are_beyond() -> None:
    """17.5 and 14.2 agree that glucose is over 13.9, not that it is over 16.7."""
    for first, second in ((17.5, 14.2), (14.2, 17.5)):
        found = finding(sugar(first), sugar(second, NOON + 5 * MINUTE), now=NOON + 5 * MINUTE)
        assert found
        assert (found.verdict, found.tier) == (Verdict.CONFIRMED, 2)
        assert (found.due is not None) is (second == 17.5)  # the more severe value still awaits its own repeat


def test_a_more_severe_value_after_confirmation_raises_the_tier_when_it_stands() -> None:
    course = [sugar(14.2), sugar(14.0, NOON + 3 * MINUTE), sugar(17.5, NOON + 60 * MINUTE)]
    before, after = finding(*course, now=NOON + 61 * MINUTE), finding(*course, now=NOON + 71 * MINUTE)
    assert before
    assert (before.tier, before.due) == (2, NOON + 70 * MINUTE)
    assert after
    assert (after.tier, after.why) == (1, Why.UNREPEATED)


def test_one_normal_reading_does_not_end_a_confirmed_cause_and_two_do() -> None:
    course = [pressure(186, 112), pressure(184, 100, NOON + MINUTE), pressure(150, 90, NOON + DAY)]
    once = finding(*course, now=NOON + DAY)
    assert once
    assert once.verdict is Verdict.CONFIRMED
    twice = finding(*course, pressure(148, 88, NOON + DAY + MINUTE), now=NOON + DAY + MINUTE)
    assert twice
    assert (twice.verdict, twice.why) == (Verdict.CLEARED, Why.CLEARED)


# HI, LO and quality


def test_hi_is_beyond_every_high_limit_and_no_low_one() -> None:
    course = [sugar(None, flags=Flag.ABOVE_RANGE), sugar(None, NOON + MINUTE, flags=Flag.ABOVE_RANGE)]
    found = finding(*course, now=NOON + MINUTE)
    assert found
    assert (found.cause, found.verdict, found.tier) == ("glucose_high", Verdict.CONFIRMED, 1)
    assert "HI" in found.explained()["says"]["en"]


def test_lo_is_dangerous_at_once() -> None:
    found = finding(sugar(None, flags=Flag.BELOW_RANGE))
    assert found
    assert (found.cause, found.verdict, found.tier) == ("glucose_low", Verdict.CONFIRMED, 1)


@pytest.mark.parametrize("flag", [Flag.BODY_MOVEMENT, Flag.CUFF_LOOSE, Flag.IMPROPER_POSITION])
def test_a_doubtful_value_asks_for_a_repeat_and_alone_is_never_confirmed(flag: Flag) -> None:
    doubtful = pressure(200, 120, flags=flag)
    asked = finding(doubtful)
    assert asked
    assert asked.verdict is Verdict.SUSPECTED
    for later in (11 * MINUTE, DAY):
        lapsed = finding(doubtful, now=NOON + later)
        assert lapsed
        assert (lapsed.verdict, lapsed.why) == (Verdict.LAPSED, Why.DOUBTFUL)
    agreed = finding(doubtful, pressure(190, 110, NOON + MINUTE), now=NOON + MINUTE)
    assert agreed
    assert agreed.verdict is Verdict.CONFIRMED


def test_a_doubtful_low_value_does_not_open_at_once() -> None:
    found = finding(sugar(2.2, flags=Flag.SAMPLE_INSUFFICIENT))
    assert found
    assert found.verdict is Verdict.SUSPECTED


def test_a_doubtful_normal_value_proves_nothing() -> None:
    course = [pressure(186, 112), pressure(120, 80, NOON + MINUTE, flags=Flag.BODY_MOVEMENT)]
    found = finding(*course, now=NOON + MINUTE)
    assert found
    assert found.verdict is Verdict.SUSPECTED


def test_a_doubtful_milder_value_does_not_refute_a_severe_one() -> None:
    course = [sugar(17.5), sugar(14.2, NOON + MINUTE, flags=Flag.SAMPLE_INSUFFICIENT)]
    before, after = finding(*course, now=NOON + MINUTE), finding(*course, now=NOON + 10 * MINUTE)
    assert before
    assert (before.verdict, before.tier, before.due) == (Verdict.CONFIRMED, 2, NOON + 10 * MINUTE)
    assert after
    assert (after.tier, after.why) == (1, Why.UNREPEATED)


def test_an_irregular_pulse_does_not_make_the_pressure_doubtful() -> None:
    found = finding(pressure(186, 112, flags=Flag.IRREGULAR_PULSE), now=NOON + 11 * MINUTE)
    assert found
    assert found.verdict is Verdict.CONFIRMED


# Time


def test_old_readings_say_nothing() -> None:
    assert finding(sugar(2.2, NOON - 3 * DAY)) is None
    assert (
        finding(pressure(200, 120, NOON - 3 * DAY), pressure(200, 120, NOON - 3 * DAY + MINUTE), now=NOON + DAY) is None
    )


def test_what_a_doctor_has_settled_is_not_brought_up_again() -> None:
    settled = somebody(settled={"glucose_low": NOON})
    assert not _tiers(evaluate(settled, [sugar(2.2, NOON)], shipped(), NOON))
    found = finding(sugar(2.2, NOON + MINUTE), person=settled, now=NOON + MINUTE)
    assert found
    assert found.verdict is Verdict.CONFIRMED


def test_settling_high_glucose_does_not_settle_low() -> None:
    found = finding(sugar(2.2), person=somebody(settled={"glucose_high": NOON + DAY}))
    assert found
    assert found.cause == "glucose_low"


# Words


def test_a_finding_explains_itself_in_both_languages() -> None:
    told = finding(pressure(186, 112), now=NOON + 11 * MINUTE).explained()  # type: ignore[union-attr]
    assert told["says"]["zh"].startswith("血压 186/112 mmHg，达到提醒标准 ≥ 180/110 mmHg")
    assert "国家基本公共卫生服务规范" in told["says"]["zh"]
    assert told["says"]["zh"].endswith("没有复测。")
    assert told["says"]["en"].endswith("No repeat came in time.")
    assert told["threshold"] == {"boundary": ">=", "limits": {"systolic": 180, "diastolic": 110}}
    assert told["source"]["verified"] is False
    assert [one["values"] for one in told["readings"]] == [{"systolic": 186, "diastolic": 112}]
    assert told["rule"] == "blood_pressure_critical"


def test_numbers_are_written_with_the_meters_resolution() -> None:
    told = finding(sugar(2.0)).explained()  # type: ignore[union-attr]
    assert told["says"]["en"].startswith("Glucose 2.0 mmol/L meets the limit < 3.0 mmol/L")


# Scope


def spoil(change: dict[str, Any]) -> dict[str, Any]:
    documents = copy.deepcopy(load_all("rules/*.yaml"))
    documents["rules/glucose.yaml"]["rules"][0]["levels"][0] |= change
    return documents


@pytest.mark.parametrize(
    "scope",
    [
        {"settings": ["station"]},
        {"ages": {"from": 61}},
        {"condition": "diabetes"},
        {"meals": ["fasting"]},
        {"valid_from": date(2026, 11, 22)},
    ],
)
def test_a_level_holds_only_within_its_scope(scope: dict[str, Any]) -> None:
    found = evaluate(somebody(), [sugar(2.2)], parse(spoil(scope)), NOON)
    assert _tiers(found) == [2]  # only the milder rule is left


def test_a_later_number_replaces_an_earlier_one_from_its_day_on() -> None:
    documents = spoil({})
    levels = documents["rules/glucose.yaml"]["rules"][0]["levels"]
    levels.append(levels[0] | {"limits": {"glucose": 2.0}, "valid_from": date(2026, 11, 22)})
    rules = parse(documents)
    assert _tiers(evaluate(somebody(), [sugar(2.2)], rules, NOON)) == [1]
    assert _tiers(evaluate(somebody(), [sugar(2.2, NOON + DAY)], rules, NOON + DAY)) == [2]


def test_readings_of_other_kinds_are_left_alone() -> None:
    assert finding(reading("lipids", {"hdl": 0.1}, NOON)) is None


# Order and repetition

moments = st.integers(0, 5 * 24 * 60).map(lambda minutes: NOON - timedelta(minutes=minutes))
flags = st.sampled_from([Flag(0), Flag(0), Flag.BODY_MOVEMENT, Flag.IRREGULAR_PULSE])
pressures = st.builds(pressure, st.integers(100, 220), st.integers(60, 130), moments, flags=flags)
sugars = st.builds(sugar, st.floats(1.7, 30), moments, flags=st.sampled_from([Flag(0), Flag.SAMPLE_INSUFFICIENT]))
extremes = st.builds(sugar, st.none(), moments, flags=st.sampled_from([Flag.ABOVE_RANGE, Flag.BELOW_RANGE]))
histories = st.lists(pressures | sugars | extremes, max_size=12)


@given(histories, st.randoms(use_true_random=False), st.integers(0, 30))
def test_order_and_repetition_do_not_matter(history: list[StoredReading], random: Any, minutes: int) -> None:
    now = NOON + timedelta(minutes=minutes)
    muddled = history + random.choices(history, k=len(history)) if history else []
    random.shuffle(muddled)
    assert evaluate(DIABETIC, muddled, shipped(), now) == evaluate(DIABETIC, history, shipped(), now)


@given(histories)
def test_nothing_comes_of_readings_within_limits(history: list[StoredReading]) -> None:
    calm = [one for one in history if not _beyond_something(one)]
    patterns = {pattern.name for pattern in shipped().patterns}
    found = evaluate(DIABETIC, calm, shipped(), NOON)
    assert not any(one.alarming for one in found if one.cause not in patterns)


@given(histories)
def test_nothing_comes_of_old_readings(history: list[StoredReading]) -> None:
    assert evaluate(DIABETIC, history, shipped(), NOON + 3 * DAY) == []


@given(histories)
def test_no_doubtful_value_alone_is_confirmed(history: list[StoredReading]) -> None:
    doubtful_bits = {kind: file.doubtful_bits for file in shipped().files for kind in file.kinds[:1]}
    for one in (one for one in history if one.flags & doubtful_bits[Kind(one.kind)]):
        found = evaluate(DIABETIC, [one], shipped(), NOON + 30 * MINUTE)
        assert all(f.verdict is not Verdict.CONFIRMED for f in found)


@given(histories)
def test_doubtful_values_never_confirm_each_other(history: list[StoredReading]) -> None:
    """Three moving arms page nobody, however often they agree."""
    doubtful = [
        one._replace(flags=one.flags | (Flag.BODY_MOVEMENT if one.kind == "blood_pressure" else Flag.GENERAL_FAULT))
        for one in history
    ]
    for minutes in (0, 5, 30):
        found = evaluate(DIABETIC, doubtful, shipped(), NOON + minutes * MINUTE)
        assert not [one for one in found if one.verdict is Verdict.CONFIRMED]


@given(histories, st.integers(0, 600))
def test_a_finding_says_when_to_look_again(history: list[StoredReading], minutes: int) -> None:
    """Between now and `due` nothing changes by itself; looked at when due, it does not ask for that moment again."""
    now = NOON + timedelta(minutes=minutes)
    for found in evaluate(DIABETIC, history, shipped(), now):
        if found.due is not None:
            assert found.due > now
            at_due = next(f for f in evaluate(DIABETIC, history, shipped(), found.due) if f.cause == found.cause)
            assert at_due.due is None or at_due.due > found.due


def _tiers(found: list[Finding]) -> list[int | None]:
    return [one.tier for one in found if one.breach]


def _beyond_something(one: StoredReading) -> bool:
    file: RuleFile = next(file for file in shipped().files if one.kind in file.kinds)
    return any(
        breach(rule, circumstances(DIABETIC, one), one, file) for rules in file.alerts.values() for rule in rules
    )


@given(st.lists(st.tuples(st.integers(100, 220), st.booleans()), min_size=1, max_size=20))
def test_what_the_sentence_is_about_is_among_the_evidence(measured: list[tuple[int, bool]]) -> None:
    history = [
        pressure(systolic, 70, at=NOON + n * MINUTE, flags=Flag.BODY_MOVEMENT if doubted else Flag(0))
        for n, (systolic, doubted) in enumerate(measured)
    ]
    found = finding(*history, now=NOON + 25 * MINUTE)
    if found is None or found.breach is None:
        return
    told = found.explained()
    about = [each for each in told["readings"] if each["id"] == told["reading"]]
    assert [each["beyond"] for each in about] == [True]
    assert f"{about[0]['values']['systolic']:.0f}/" in told["says"]["zh"]
