"""Whether an alert was confirmed: not by what its rule claims, but by what else was measured about that time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from ingest.alerting.finding import Breach, Verdict
from ingest.alerting.person import Person, StoredReading
from ingest.alerting.replay import Told
from ingest.alerting.rules import Rules, evaluate


class Confirmation(StrEnum):
    """What the measurement nearest in time to an alert's reading says."""

    CONFIRMED = "confirmed"  # it is beyond an alert limit of the same cause too
    REFUTED = "refuted"  # it is within them: a false alarm
    UNREPEATED = "unrepeated"  # nothing else was measured about that time
    BY_PROTOCOL = "by_protocol"  # the alert does not rest on one reading: an average, a trend, a silence


def confirmation(
    told: Told, person: Person, readings: Sequence[StoredReading], rules: Rules, within: timedelta
) -> Confirmation:
    """`readings` are the person's in order of `measured_at`; those that a meter doubted decide only if beyond."""
    breach = told.finding.breach
    if not isinstance(breach, Breach):
        return Confirmation.BY_PROTOCOL
    for other in _nearest(breach.reading, readings, within):
        beyond = _is_beyond(told.finding.cause, person, other, rules)
        if beyond is not None:
            return Confirmation.CONFIRMED if beyond else Confirmation.REFUTED
    return Confirmation.UNREPEATED


def _nearest(reading: StoredReading, readings: Iterable[StoredReading], within: timedelta) -> list[StoredReading]:
    about = (
        other
        for other in readings
        if other.kind == reading.kind
        and other.reading_id != reading.reading_id
        and abs(other.measured_at - reading.measured_at) <= within
    )
    return sorted(about, key=lambda other: abs(other.measured_at - reading.measured_at))


def _is_beyond(cause: str, person: Person, reading: StoredReading, rules: Rules) -> bool | None:
    """What one reading alone says of a cause; None if it says nothing (another setting, or doubted by its meter)."""
    alone = evaluate(replace(person, settled={}), [reading], rules, _seen(reading))
    verdicts = [found.verdict for found in alone if found.cause == cause]
    if not verdicts:
        return None
    return verdicts[0] not in (Verdict.NORMAL, Verdict.CLEARED)


def _seen(reading: StoredReading) -> datetime:
    return max(reading.measured_at, reading.received_at)
