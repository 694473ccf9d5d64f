"""The careless doctors of the county: two weeks of visits caught up on in one hour, round values from memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from devices.simulator.county import County
from devices.simulator.practice import Written

A_FRIDAY = date(2026, 1, 2).toordinal()
CATCHES_UP_AT, DAYS, WITHIN_MINUTES = time(16), 14, 55
_REMEMBERED = ((130, 80), (130, 80), (120, 80), (130, 70))  # systolic, diastolic: what is always all right


def careless_doctors(county: County, count: int) -> frozenset[str]:
    """Logins of those with the most patients under treatment: who has too much to do."""
    patients = Counter(each.doctor for each in county.residents if each.hypertension_treated or each.diabetes_treated)
    return frozenset(sorted(patients, key=lambda login: (-patients[login], login))[:count])


def carelessly(visit: Written) -> Written:
    """The same visit as a careless doctor enters it: on a Friday before it, with a remembered value."""
    at = _caught_up(visit.at) + timedelta(minutes=(visit.resident * 7 + visit.at.day) % WITHIN_MINUTES)
    if "systolic" not in visit.values:
        return replace(visit, at=at)
    systolic, diastolic = _REMEMBERED[(visit.resident + visit.at.day) % len(_REMEMBERED)]
    values: Mapping[str, float] = {**visit.values, "systolic": systolic, "diastolic": diastolic}
    is_pressure = visit.programme == "hypertension" and visit.classification == "uncontrolled"
    return replace(visit, at=at, values=values, classification="controlled" if is_pressure else visit.classification)


def _caught_up(at: datetime) -> datetime:
    """Every second Friday; the last one that is past, so that it does not depend on when one looks."""
    days = (at.date().toordinal() - A_FRIDAY) % DAYS
    friday = datetime.combine(at.date() - timedelta(days=days), CATCHES_UP_AT)
    return friday if friday <= at else friday - timedelta(days=DAYS)
