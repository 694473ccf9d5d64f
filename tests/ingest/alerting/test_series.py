"""What patterns rest on, beside the same written plainly: which readings take part, the means of days, a slope."""

from __future__ import annotations

from datetime import timedelta
from itertools import combinations
from random import Random
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.alerting import series, trends
from ingest.alerting.person import LOCAL, Circumstances, StoredReading, circumstances
from tests.ingest.alerting.people import DAY, NOON, somebody

PERSON = somebody(conditions=frozenset({"hypertension"}))
DOUBTFUL = 4
METRICS = frozenset({"systolic", "diastolic"})


@st.composite
def histories(draw: st.DrawFn) -> list[StoredReading]:
    """Readings of a few days around midnight, some of them together, some without a value, some twice."""
    moments = draw(st.lists(st.integers(0, 5 * 24 * 4), max_size=30))
    readings = [_reading(draw, number, NOON - place * timedelta(minutes=15)) for number, place in enumerate(moments)]
    return draw(st.permutations(readings + readings[:3]))


def _reading(draw: st.DrawFn, number: int, at: object) -> StoredReading:
    return StoredReading(
        reading_id=str(UUID(int=draw(st.integers(0, 3)) * 1000 + number)),
        kind=draw(st.sampled_from(["blood_pressure", "oximetry"])),
        measured_at=at,  # type: ignore[arg-type]
        received_at=at,  # type: ignore[arg-type]
        setting=draw(st.sampled_from(["home", "station"])),
        meal=None,
        flags=draw(st.sampled_from([0, 0, 0, DOUBTFUL])),
        values=draw(st.sampled_from([{"systolic": 120.0, "diastolic": 80.5}, {"systolic": 131.0}, {}])),
    )


@given(histories(), st.integers(0, 6))
def test_readings_that_take_part_are_those_of_the_plain_definition(history: list[StoredReading], back: int) -> None:
    since = NOON - back * DAY

    def at_home(at: Circumstances) -> bool:
        return at.setting == "home"

    placements = series.placed(PERSON, history)
    own = series.of_kinds(placements, ["oximetry", "blood_pressure"])
    found = series.taking_part(own, since, DOUBTFUL, METRICS, at_home)
    plain = [
        one
        for one in sorted({r.reading_id: r for r in history}.values(), key=lambda r: (r.measured_at, r.reading_id))
        if one.setting == "home"
        and one.measured_at > since
        and not one.flags & DOUBTFUL
        and one.values.keys() >= METRICS
    ]
    assert [each.reading for each in found] == plain
    assert all(each.at == circumstances(PERSON, each.reading) for each in own)


@given(histories(), st.integers(1, 4))
def test_days_are_those_of_the_country_and_the_last_so_many(history: list[StoredReading], count: int) -> None:
    own = series.placed(PERSON, history)["blood_pressure"] if history else []
    items = series.taking_part(own, series.EVER, DOUBTFUL, METRICS, lambda _at: True)
    by_day: dict[object, list[float]] = {}
    for each in items:
        by_day.setdefault(each.reading.measured_at.astimezone(LOCAL).date(), []).append(each.reading.values["systolic"])
    last = max(by_day, default=None)  # type: ignore[type-var]
    expected = [
        (day, sum(values) / len(values))
        for day, values in by_day.items()
        if (last - day).days < count  # type: ignore[operator]
    ]
    found = series.days(series.up_to(items, count), METRICS)
    assert [(day.day, day.means["systolic"]) for day in found] == expected


@pytest.mark.parametrize("confidence", [0.90, 0.95, 0.99])
def test_a_slope_is_that_of_the_textbook(confidence: float) -> None:
    random = Random(5)
    for count in (2, 3, 10, 31, 60):
        days = sorted(random.sample(range(70), count))
        values = [random.choice([120, 121.5, 130, random.gauss(130, 9)]) for _ in days]
        slopes = sorted((values[j] - values[i]) / (days[j] - days[i]) for i, j in combinations(range(count), 2))
        ties = [values.count(value) for value in set(values)]
        variance = (count * (count - 1) * (2 * count + 5) - sum(t * (t - 1) * (2 * t + 5) for t in ties)) / 18
        reach = trends.QUANTILES[confidence] * variance**0.5
        low, high = int(np.floor((len(slopes) - reach) / 2)) - 1, int(np.ceil((len(slopes) + reach) / 2))
        found = trends.slope(days, values, confidence)
        assert found.per_day == float(np.median(slopes))
        assert (found.low, found.high) == (slopes[max(low, 0)], slopes[min(max(high, 0), len(slopes) - 1)])
