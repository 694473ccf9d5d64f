"""Made-up and careless data are asked about, honest ones are left in peace; every question names its records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from numpy.typing import ArrayLike

from ingest.authenticity.patterns import digits, manual, pairs, questions, rhythm, sharing, variance
from ingest.authenticity.question import Meter, Pattern, Records
from ingest.authenticity.settings import AuthenticitySettings
from ingest.authenticity.statistics import chi_square_tail, poisson_interval, wilson
from maixun.configuration import settings

MORNING = datetime(2026, 11, 2, 0, 0, tzinfo=UTC)
SETTINGS = settings(AuthenticitySettings, "authenticity")


def records(
    systolic: ArrayLike,
    diastolic: ArrayLike,
    *,
    manual: bool | Sequence[bool] = True,
    every: timedelta = timedelta(hours=3),
    station: int = 1,
    staff: int | None = 7,
) -> Records:
    """One record a person, so far apart."""
    length = len(np.asarray(systolic))
    return Records(
        station_id=station,
        staff_id=staff,
        keys=[f"visit:{n}" for n in range(length)],
        at=[MORNING + n * every for n in range(length)],
        resident=np.arange(length),
        systolic=np.rint(systolic).astype(np.int64),
        diastolic=np.rint(diastolic).astype(np.int64),
        manual=np.full(length, manual) if isinstance(manual, bool) else np.array(manual),
    )


def honest(seed: int, length: int = 200, **more: object) -> Records:
    """Values as people have them."""
    random = np.random.default_rng(seed)
    systolic = random.normal(136, 17, length)
    return records(systolic, 0.45 * systolic + random.normal(20, 7, length), **more)  # type: ignore[arg-type]


def test_the_distributions_give_the_numbers_of_printed_tables() -> None:
    """Chi-square quantiles of 0.05 and 0.01; Wilson's interval and a Poisson count as textbooks give them."""
    for value, degrees, tail in (
        (3.841, 1, 0.05),
        (5.991, 2, 0.05),
        (16.919, 9, 0.05),
        (21.666, 9, 0.01),
        (18.307, 10, 0.05),
    ):
        assert chi_square_tail(value, degrees) == pytest.approx(tail, rel=2e-3)
    assert wilson(8, 10)[1:] == pytest.approx((0.4902, 0.9433), abs=5e-4)
    assert wilson(0, 20)[1:] == pytest.approx((0.0, 0.1611), abs=5e-4)
    assert poisson_interval(10)[1:] == pytest.approx((4.79, 18.39), abs=0.02)  # exact: 4.795 to 18.39
    with pytest.raises(ValueError, match="nothing"):
        wilson(0, 0)


@pytest.mark.parametrize("seed", range(25))
def test_honest_records_are_left_in_peace(seed: int) -> None:
    every = [honest(100 * seed + n, station=n, staff=n, manual=False) for n in range(6)]
    assert questions(every, [], SETTINGS, 17.0) == []


def test_values_rounded_to_ten_are_asked_about_with_the_records_that_end_so() -> None:
    true = honest(1)
    rounded = records(np.rint(true.systolic / 10) * 10, true.diastolic)
    asked = digits(rounded, SETTINGS)
    assert asked is not None
    assert asked.value.low > 0.4
    assert asked.expected == 0.1
    assert len(asked.keys) == 200
    assert digits(true, SETTINGS) is None


def test_a_meters_digits_are_not_a_persons() -> None:
    true = honest(1)
    assert digits(records(np.rint(true.systolic / 10) * 10, true.diastolic, manual=False), SETTINGS) is None


def test_the_same_pair_copied_down_the_list_is_asked_about() -> None:
    true = honest(2)
    systolic, diastolic = true.systolic.copy(), true.diastolic.copy()
    systolic[1::4], diastolic[1::4] = systolic[::4], diastolic[::4]
    asked = pairs(records(systolic, diastolic), SETTINGS)
    assert asked is not None
    assert asked.value.low > SETTINGS.pairs.least_ratio
    assert {"visit:0", "visit:1"} <= set(asked.keys)
    assert pairs(true, SETTINGS) is None


def test_two_takes_of_one_person_that_agree_are_no_copy() -> None:
    true = honest(2)
    systolic, diastolic = np.repeat(true.systolic[::2], 2), np.repeat(true.diastolic[::2], 2)
    twice = records(systolic, diastolic)
    one_person = replace(twice, resident=np.repeat(np.arange(100), 2))
    assert pairs(one_person, SETTINGS) is None


def test_twenty_visits_in_half_an_hour_are_asked_about() -> None:
    hurried = honest(3, 60, every=timedelta(minutes=1))
    asked = rhythm(hurried, SETTINGS)
    assert asked is None  # one crowded hour may be a mistake of the clock
    hours = [MORNING + timedelta(days=n // 20, minutes=n % 20) for n in range(60)]
    daily = replace(hurried, at=hours)
    asked = rhythm(daily, SETTINGS)
    assert asked is not None
    assert asked.value.estimate == 3
    assert rhythm(honest(3, 60, every=timedelta(minutes=10)), SETTINGS) is None
    assert rhythm(replace(daily, staff_id=None), SETTINGS) is None


def test_a_station_that_types_what_its_devices_could_send_is_asked() -> None:
    typed = honest(4, 100, manual=[n % 2 == 0 for n in range(100)])
    asked = manual(typed, SETTINGS)
    assert asked is not None
    assert asked.value.estimate == 0.5
    assert manual(honest(4, 100, manual=[n % 10 == 0 for n in range(100)]), SETTINGS) is None


def test_values_too_alike_are_asked_about() -> None:
    random = np.random.default_rng(5)
    made_up = records(random.normal(132, 4, 80), random.normal(82, 3, 80))
    asked = variance(made_up, SETTINGS, 17.0)
    assert asked is not None
    assert asked.value.high < SETTINGS.variance.ratio
    assert variance(honest(5), SETTINGS, 17.0) is None


def test_somebodys_own_meter_on_four_people_is_asked_about() -> None:
    meter = Meter(station_id=1, address="A4:C1:38:00:00:01", residents=[1, 1, 2, 3], keys=["reading:1"] * 4)
    assert sharing(meter, SETTINGS) is None
    many = Meter(station_id=1, address="A4:C1:38:00:00:01", residents=[1, 2, 3, 4], keys=["reading:1"] * 4)
    asked = sharing(many, SETTINGS)
    assert asked is not None
    assert asked.pattern is Pattern.SHARING


def test_few_records_say_nothing() -> None:
    few = records([140] * (SETTINGS.least_records - 1), [90] * (SETTINGS.least_records - 1))
    assert questions([few], [], SETTINGS, 17.0) == []
    enough = records([140] * SETTINGS.least_records, [90] * SETTINGS.least_records)
    assert {asked.pattern for asked in questions([enough], [], SETTINGS, 17.0)} >= {Pattern.DIGITS, Pattern.MANUAL}
