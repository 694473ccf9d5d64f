"""Reviews on a real database: weeks of readings some minutes later, silence without any, crashes and many reviewers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from devices.reading import Flag
from ingest.alerting import engine, episodes, review
from ingest.alerting.states import State
from tests.ingest.alerting.people import DAY, MINUTE, shipped
from tests.ingest.alerting.town import Town


def sign(town: Town, resident: int, package: str = "chronic") -> None:
    """A contract from today on for a year."""
    town.connection.execute(
        "insert into care.contract (resident_id, package, doctor_id, signed_on, ends_on) values (%s, %s, %s, %s, %s)",
        [resident, package, town.doctor, town.now.date(), town.now.date() + timedelta(days=365)],
    )
    review.find_missing(town.connection, town.now)


def a_week(town: Town, resident: int, systolic: float = 140, diastolic: float = 88) -> None:
    """Seven days by protocol that end now."""
    for day in range(7):
        for half in (0, 12):
            for take in range(2):
                at = town.now - day * DAY - half * 60 * MINUTE - take * MINUTE
                town.pressure(resident, systolic, diastolic, at=at)
    town.look()


def test_a_week_at_home_is_reviewed_minutes_later_once_and_pages_nobody_at_once(town: Town) -> None:
    resident = town.resident()
    a_week(town, resident)
    assert town.review() == 0
    assert town.states() == []
    town.pass_time(5)
    assert town.review() == 1
    assert (town.alert().cause, town.alert().tier, town.alert().state) == ("home_pressure_high", 3, State.OPEN)
    assert town.review() == 0
    town.pass_time(60)
    assert town.review() == 0


def test_further_readings_of_the_day_are_no_news_and_a_good_week_ends_it(town: Town) -> None:
    resident = town.resident()
    a_week(town, resident)
    town.pass_time(5)
    town.review()
    for _ in range(3):
        town.pressure(resident, 141, 88)
        town.look()
        town.pass_time(5)
        assert town.review() == 0
    assert town.alert().revision == 1
    town.pass_time(8 * 24 * 60)
    a_week(town, resident, 118, 74)
    town.pass_time(5)
    assert town.review() == 1
    assert town.states() == ["closed"]
    assert town.whys() == ["seen_over_time", "no_longer"]


def test_an_acknowledged_average_comes_back_without_a_review(town: Town) -> None:
    resident = town.resident()
    a_week(town, resident)
    town.pass_time(5)
    town.review()
    alert = town.alert()
    episodes.acknowledge(
        town.connection, resident, alert.episode_id or 0, alert.revision, staff_id=town.doctor, now=town.now
    )
    town.pass_time(14 * 24 * 60 - 1)
    assert town.alert().state is State.ACKNOWLEDGED
    town.pass_time(1)
    assert town.alert().state is State.OPEN


def test_two_irregular_cuffs_open_at_once_and_stay_until_a_doctor_has_looked(town: Town) -> None:
    resident = town.resident()
    for _ in range(2):
        town.pressure(resident, 130, 80, flags=Flag.IRREGULAR_PULSE)
        town.look()
        town.now += 2 * MINUTE
    assert (town.alert().cause, town.alert().tier) == ("atrial_fibrillation_possible", 2)
    for _ in range(3):
        town.now += DAY
        town.pressure(resident, 130, 80)
        town.look()
    assert town.alert().state is State.OPEN


@pytest.mark.parametrize(
    ("programme", "form", "tier"),
    [
        ("hypertension", {"symptoms": ["6"]}, 1),
        ("hypertension", {"symptoms": ["1"]}, 2),
        ("diabetes", {"symptoms": ["6"], "danger": ["3"]}, 1),
        ("diabetes", {"symptoms": ["6"]}, 2),  # on this form 6 is an infection
    ],
)
def test_an_irregular_cuff_after_a_visit_with_palpitations_is_critical(
    programme: str, form: dict[str, Any], tier: int, town: Town
) -> None:
    resident = town.resident()
    town.connection.execute(
        "insert into care.visit (visit_id, version, resident_id, programme, visited_at, mode, staff_id, station_id,"
        " complete, form, recorded_by, recorded_at) values (1, 1, %(who)s, %(programme)s, %(at)s, 'clinic', %(by)s,"
        " %(station)s, true, %(form)s, %(by)s, %(at)s)",
        {
            "who": resident,
            "programme": programme,
            "at": town.now - 2 * DAY,
            "by": town.doctor,
            "station": town.station,
            "form": Jsonb(form),
        },
    )
    for _ in range(2):
        town.pressure(resident, 130, 80, flags=Flag.IRREGULAR_PULSE)
        town.now += 2 * MINUTE
    town.connection.execute("set role maixun_alerting")  # with no more rights than the engine has
    town.look()
    town.connection.execute("reset role")
    assert (town.alert().cause, town.alert().tier) == ("atrial_fibrillation_possible", tier)


def test_silence_is_found_without_a_reading_once_and_ends_with_one(town: Town) -> None:
    resident, alone = (
        town.resident(conditions=["hypertension"]),
        town.resident(conditions=["hypertension"], lives_alone=True),
    )
    for each in (resident, alone):
        sign(town, each)
        town.pressure(each, 120, 75)
    town.look()
    told: dict[int, int] = {}
    for day in range(1, 36):
        town.now += DAY
        town.look()
        town.review()
        for alert in town.alerts():
            told.setdefault(alert.resident_id, day)
    assert told == {alone: 14, resident: 31}
    assert sorted(town.states()) == ["open", "open"]
    town.pressure(resident, 121, 76)
    town.look()
    town.pass_time(5)
    town.review()
    assert [alert.resident_id for alert in town.alerts()] == [alone]
    assert "no longer" not in town.whys()


def test_nobody_is_silent_who_signed_nothing_or_has_left(town: Town) -> None:
    unsigned, left = town.resident(conditions=["hypertension"]), town.resident(conditions=["hypertension"])
    sign(town, left)
    town.connection.execute(
        "update care.resident set left_on = %s, left_why = 'moved' where resident_id = %s",
        [(town.now + DAY).date(), left],
    )
    town.pressure(unsigned, 120, 75)
    for _ in range(40):
        town.now += DAY
        town.look()
        town.review()
    assert town.states() == []


def test_a_review_that_crashed_is_done_again(town: Town) -> None:
    resident = town.resident()
    a_week(town, resident)
    town.now += 5 * MINUTE
    assert review.take(town.connection, people=10, now=town.now) == [resident]  # and then the process died
    assert town.review() == 0
    town.now += review.LEASE
    assert town.review() == 1
    assert town.alert().cause == "home_pressure_high"


def test_a_reading_during_a_review_leads_to_another(town: Town) -> None:
    resident = town.resident()
    town.pressure(resident, 120, 75)
    town.look()
    town.now += 5 * MINUTE
    (taken,) = review.take(town.connection, people=10, now=town.now)
    people, readings = review.load(town.connection, [taken], shipped().review, town.now)
    a_week(town, resident)
    review.done(town.connection, people, readings, shipped().review, town.now)
    town.now += 5 * MINUTE
    assert town.review() == 1
    assert town.alert().cause == "home_pressure_high"


def test_many_reviewers_share_the_people(town: Town) -> None:
    residents = [town.resident() for _ in range(12)]
    for resident in residents:
        a_week(town, resident)
    town.now += 5 * MINUTE

    def work(_: int) -> int:
        with psycopg.connect(town.dsn, autocommit=True) as connection:
            connection.execute("set role maixun_alerting")
            return engine.review_all(connection, town.now, rules=shipped(), people=2)

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 12
    assert len(town.alerts()) == 12
    assert town.whys() == ["seen_over_time"] * 12
