"""z-scores against WHO's own results, the ages where the standard changes, and for whom there are none."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices import growth
from devices.growth import Lms
from maixun.configuration import load

WHO = growth.parse(load("growth.yaml"))
BORN = date(2020, 1, 1)
SEXES = ("female", "male")

# Children of the survey that comes with WHO's macro igrowup, and what the macro says of them: sex, age in days, kg, cm,
# posture, then z of weight, of length or height, and of BMI. The last are far out, or lay or stood against the rule.
SURVEY = [
    ("female", 0, 4.2, 51.9, "lying", 1.94, 1.48, 1.68),
    ("male", 177, 8.8, 66.6, "lying", 1.04, -0.34, 1.61),
    ("male", 317, 10.5, 74.8, "lying", 1.15, 0.43, 1.21),
    ("female", 535, 10.5, 77.6, "lying", 0.28, -0.93, 1.14),
    ("male", 828, 16.4, 92.4, "standing", 2.14, 0.81, 2.31),
    ("female", 1185, 17.1, 102.6, "standing", 1.27, 1.41, 0.64),
    ("female", 1560, 16.1, 102.6, "standing", -0.24, -0.46, 0.03),
    ("female", 935, 17.4, 87.6, "standing", 2.29, -1.02, 4.22),
    ("female", 719, 15.1, 97.8, "standing", 2.18, 3.87, 0.11),
    ("female", 1716, 27.5, 110.4, "lying", 2.85, 0.48, 3.87),
    ("male", 0, 4.7, 57.2, "lying", 2.47, 3.86, 0.71),
    ("female", 600, 12.5, 87.9, "standing", 1.32, 2.06, 0.23),
    ("male", 736, 12.8, 89.2, "lying", 0.43, 0.4, 0.26),
]


def z_of(measure: str, value: float, sex: str, days: int, standing: bool = True) -> float:
    found = growth.score(WHO, measure, value, sex=sex, born=BORN, on=BORN + timedelta(days=days), standing=standing)
    assert found is not None
    return found.z


@pytest.mark.parametrize(("sex", "days", "weight", "height", "posture", "z_weight", "z_height", "z_bmi"), SURVEY)
def test_the_scores_are_those_of_who(
    sex: str, days: int, weight: float, height: float, posture: str, z_weight: float, z_height: float, z_bmi: float
) -> None:
    standing = posture == "standing"
    near = 0.05  # the macro rounds to 0.01, the survey's kilograms to 0.1, and between two rows we interpolate
    assert z_of("weight", weight, sex, days) == pytest.approx(z_weight, abs=near)
    assert z_of("height", height, sex, days, standing) == pytest.approx(z_height, abs=near)
    length = growth.as_length(WHO, height, days, standing)
    assert z_of("bmi", growth.bmi(weight, length), sex, days) == pytest.approx(z_bmi, abs=near)


# Medians as WHO prints them: at birth, at 24 months lying and standing, and at 5 years and 1 month (2007).
@pytest.mark.parametrize(
    ("measure", "sex", "days", "median"),
    [
        ("weight", "male", 0, 3.3464),
        ("weight", "female", 0, 3.2322),
        ("height", "male", 730, 87.8018),
        ("height", "male", 731, 87.1303),
        ("height", "male", 1857, 110.2647),
        ("bmi", "female", 1857, 15.2441),
    ],
)
def test_the_medians_are_those_that_are_printed(measure: str, sex: str, days: int, median: float) -> None:
    lms = WHO.at(measure, sex, days)
    assert lms is not None
    assert lms.m == median


def test_lying_becomes_standing_at_two_years_and_stays_where_it_was() -> None:
    assert growth.as_length(WHO, 85.0, 730, standing=True) == 85.7
    assert growth.as_length(WHO, 85.0, 730, standing=False) == 85.0
    assert growth.as_length(WHO, 85.0, 731, standing=True) == 85.0
    assert growth.as_length(WHO, 85.0, 731, standing=False) == 84.3
    assert z_of("height", 87.1, "male", 730) == pytest.approx(z_of("height", 87.1, "male", 731), abs=0.02)


@pytest.mark.parametrize(
    ("sex", "days"),
    [("unknown", 400), ("male", -1), ("female", WHO.last_day + 1), ("male", 30 * 365), ("female", 70 * 365)],
)
def test_for_adults_and_whom_the_tables_do_not_hold_there_is_no_score(sex: str, days: int) -> None:
    assert all(
        growth.score(WHO, m, 20.0, sex=sex, born=BORN, on=BORN + timedelta(days=days)) is None for m in growth.MEASURES
    )


def test_the_tables_end_just_before_the_seventh_birthday() -> None:
    assert WHO.last_day == 2557
    assert (date(2027, 1, 1) - date(2020, 1, 1)).days == 2557


ages = st.integers(0, WHO.last_day)


@given(st.sampled_from(growth.MEASURES), st.sampled_from(SEXES), ages, st.floats(-3, 3))
def test_a_value_on_a_line_of_the_curve_has_the_score_of_the_line(measure: str, sex: str, days: int, z: float) -> None:
    lms = WHO.at(measure, sex, days)
    assert lms is not None
    assert growth.z(growth.value_at(z, lms), lms, skewed=True) == pytest.approx(z, abs=1e-9)


@given(st.sampled_from(growth.MEASURES), st.sampled_from(SEXES), ages, st.floats(0.3, 3), st.floats(0.3, 3))
def test_more_is_never_less_also_far_out(measure: str, sex: str, days: int, one: float, other: float) -> None:
    lms = WHO.at(measure, sex, days)
    assert lms is not None
    low, high = sorted((one, other))
    skewed = measure != "height"
    assert growth.z(low * lms.m, lms, skewed=skewed) <= growth.z(high * lms.m, lms, skewed=skewed) + 1e-9


@given(st.sampled_from(growth.MEASURES), st.sampled_from(SEXES), ages)
def test_the_curve_has_no_leap_but_where_height_takes_over_from_length(measure: str, sex: str, days: int) -> None:
    now, then = WHO.at(measure, sex, days), WHO.at(measure, sex, min(days + 1, WHO.last_day))
    assert now is not None
    assert then is not None
    leap = abs(then.m / now.m - 1)
    assert leap < (0.03 if days < 14 or days == 730 else 0.015)


def test_a_power_of_zero_is_the_logarithm() -> None:
    lms = Lms(0, 10, 0.1)
    assert growth.z(growth.value_at(1.5, lms), lms, skewed=True) == pytest.approx(1.5)


def test_tables_out_of_order_stop_the_start() -> None:
    document = load("growth.yaml")
    document["tables"]["weight"]["male"][0:2] = document["tables"]["weight"]["male"][1::-1]
    with pytest.raises(ValueError, match=r"weight\.male"):
        growth.parse(document)
