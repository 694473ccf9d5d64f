"""The patterns: each looks at the records of one station or one person and asks, or does not."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import timedelta

import numpy as np

from ingest.authenticity.question import Meter, Pattern, Question, Records
from ingest.authenticity.settings import AuthenticitySettings
from ingest.authenticity.statistics import Interval, chi_square_tail, poisson_interval, wilson

HOUR = timedelta(hours=1)


def digits(records: Records, settings: AuthenticitySettings) -> Question | None:
    """Terminal-digit preference: do typed values end in one digit (0, say) more often than in the others?

    Asked when the ten digits are not alike (chi-square) and the commonest is common enough to matter.
    """
    typed = np.flatnonzero(records.manual)
    if len(typed) < settings.least_records:
        return None
    ends = np.concatenate([records.systolic[typed], records.diastolic[typed]]) % 10
    seen = np.bincount(ends, minlength=10)
    chi_square = float(((seen - len(ends) / 10) ** 2 / (len(ends) / 10)).sum())
    digit = int(seen.argmax())
    share = wilson(int(seen[digit]), len(ends))
    if chi_square_tail(chi_square, 9) > settings.false_alarm or share.low < 0.1 + settings.digits.least_share_above:
        return None
    behind = [int(n) for n in typed if digit in (records.systolic[n] % 10, records.diastolic[n] % 10)]
    return _question(Pattern.DIGITS, records, share, 0.1, len(typed), behind)


def pairs(records: Records, settings: AuthenticitySettings) -> Question | None:
    """Identical pairs: do two people in a row have the very same systolic and diastolic more often than by chance?

    What chance lets expect comes from the records' own frequencies of each pair.
    """
    if len(records) < settings.least_records:
        return None
    pair = records.systolic * 1000 + records.diastolic
    same = np.flatnonzero((pair[1:] == pair[:-1]) & (records.resident[1:] != records.resident[:-1])) + 1
    _, counts = np.unique(pair, return_counts=True)
    others = int((records.resident[1:] != records.resident[:-1]).sum())
    chance = float((counts * (counts - 1)).sum()) / (len(pair) * (len(pair) - 1))
    expected = max(others * chance, 0.5)
    found = poisson_interval(len(same))
    ratio = Interval(found.estimate / expected, found.low / expected, found.high / expected)
    if ratio.low < settings.pairs.least_ratio:
        return None
    behind = sorted({int(n) for n in same} | {int(n) - 1 for n in same})
    return _question(Pattern.PAIRS, records, ratio, 1.0, len(records), behind)


def rhythm(records: Records, settings: AuthenticitySettings) -> Question | None:
    """Rhythm: are there hours with more people than one member of staff can see? The value is how many such hours."""
    if records.staff_id is None:
        return None  # a station has as many hands as it has staff
    limit, crowded, behind, last = settings.rhythm.visits_in_an_hour, 0, set[int](), 0
    for first in range(len(records)):
        if first < last:
            continue
        end = first
        while end < len(records) and records.at[end] - records.at[first] < HOUR:
            end += 1
        if len(set(records.resident[first:end].tolist())) > limit:
            crowded, last = crowded + 1, end
            behind.update(range(first, end))
    if crowded < settings.rhythm.hours:
        return None
    return _question(Pattern.RHYTHM, records, poisson_interval(crowded), 0.0, len(records), sorted(behind))


def manual(records: Records, settings: AuthenticitySettings) -> Question | None:
    """Typed values: is a large share entered by hand instead of coming from a device?"""
    if len(records) < settings.least_records:
        return None
    share = wilson(int(records.manual.sum()), len(records))
    if share.low < settings.manual.share:
        return None
    return _question(
        Pattern.MANUAL, records, share, settings.manual.share, len(records), np.flatnonzero(records.manual).tolist()
    )


def sharing(meter: Meter, settings: AuthenticitySettings) -> Question | None:
    """One meter on many people: a meter registered as somebody's own gives readings of too many."""
    people = len(set(meter.residents))
    if people < settings.sharing.people:
        return None
    return Question(
        pattern=Pattern.SHARING,
        station_id=meter.station_id,
        staff_id=None,
        records=len(meter.keys),
        value=Interval(float(people), float(people), float(people)),
        expected=1.0,
        keys=tuple(meter.keys),
    )


def variance(records: Records, settings: AuthenticitySettings, usual: float) -> Question | None:
    """Spread: are systolic values much more alike than elsewhere? `usual` is everybody's standard deviation, mmHg."""
    if len(records) < settings.least_records or usual <= 0:
        return None
    spread = float(records.systolic.std(ddof=1)) / usual
    reach = 1.959964 / math.sqrt(2 * (len(records) - 1))  # of the logarithm of a standard deviation
    ratio = Interval(spread, spread * math.exp(-reach), spread * math.exp(reach))
    if ratio.high > settings.variance.ratio:
        return None
    return _question(Pattern.VARIANCE, records, ratio, 1.0, len(records), list(range(len(records))))


ALONE: Sequence[Callable[[Records, AuthenticitySettings], Question | None]] = (digits, pairs, rhythm, manual)


def questions(
    every: Sequence[Records], meters: Sequence[Meter], settings: AuthenticitySettings, usual: float
) -> list[Question]:
    """All that is to be asked about these records; `usual` is the standard deviation of systolic everywhere, mmHg."""
    found = [pattern(records, settings) for records in every for pattern in ALONE]
    found += [variance(records, settings, usual) for records in every]
    found += [sharing(meter, settings) for meter in meters]
    return [question for question in found if question is not None]


def _question(
    pattern: Pattern, records: Records, value: Interval, expected: float, count: int, behind: Sequence[int]
) -> Question:
    return Question(
        pattern=pattern,
        station_id=records.station_id,
        staff_id=records.staff_id,
        records=count,
        value=value,
        expected=expected,
        keys=tuple(records.keys[place] for place in behind),
    )
