"""Current and candidate rules over the same history, side by side: how often they alert, how rightly, about whom."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, NamedTuple

from ingest.alerting.confirmation import Confirmation, confirmation
from ingest.alerting.person import Person, StoredReading
from ingest.alerting.replay import Agreement, ReplaySettings, Told, replay
from ingest.alerting.rules import Rules

WEEK = timedelta(days=7)


class Case(NamedTuple):
    """A person with the stored readings, and whose they are. `token` is the pseudonym."""

    person: Person
    token: str
    doctor_id: int | None
    readings: Sequence[StoredReading]
    agreed: Sequence[Agreement] = ()


class Judged(NamedTuple):
    """An alert and whether it was confirmed."""

    told: Told
    confirmation: Confirmation


@dataclass(slots=True)
class Side:
    """What one set of rules would have told."""

    total: Counter[Confirmation] = field(default_factory=Counter)
    by_rule: defaultdict[str, Counter[Confirmation]] = field(default_factory=lambda: defaultdict(Counter))
    by_doctor: defaultdict[int | None, Counter[Confirmation]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, doctor_id: int | None, alerts: Iterable[Judged]) -> None:
        """Count a person's alerts."""
        for told, confirmed in alerts:
            for counter in (self.total, self.by_rule[told.rule], self.by_doctor[doctor_id]):
                counter[confirmed] += 1


@dataclass(slots=True, kw_only=True)
class Comparison:
    """A replay as it goes on: add people one by one, then ask for the report. `candidate` may be left out."""

    first: datetime
    until: datetime
    current: Rules
    candidate: Rules | None
    settings: ReplaySettings
    sides: dict[str, Side] = field(default_factory=dict)
    patients: Counter[int | None] = field(default_factory=Counter)
    readings: int = 0
    differ: list[dict[str, Any]] = field(default_factory=list)

    def add(self, case: Case) -> None:
        """Walk through one person's history, once for each set of rules."""
        self.patients[case.doctor_id] += 1
        self.readings += sum(self.first <= reading.received_at < self.until for reading in case.readings)
        told = {name: judged(case, rules, self) for name, rules in self._rules().items()}
        for name, alerts in told.items():
            self.sides.setdefault(name, Side()).add(case.doctor_id, alerts)
        if len(told) > 1 and _told_what(told["current"]) != _told_what(told["candidate"]):
            self.differ.append(_difference(case, told["current"], told["candidate"]))

    def report(self) -> dict[str, Any]:
        """Ready for JSON; see `docs/tuning.md` for what each figure means.

        `{from, to, residents, readings, resident_weeks, assumed, sides: {current, candidate?}, differ}`; a side holds
        `{total, by_rule: {name: figures}, by_doctor: {staff_id or "none": figures}}`; figures are `{alerts, a_week,
        confirmed, refuted, unrepeated, by_protocol, share_confirmed, share_refuted}`, shares of those with a repeat.
        """
        weeks = (self.until - self.first) / WEEK
        return {
            "from": self.first.isoformat(),
            "to": self.until.isoformat(),
            "residents": self.patients.total(),
            "readings": self.readings,
            "resident_weeks": self.patients.total() * weeks,
            "assumed": self.settings.model_dump(mode="json"),
            "sides": {name: self._side(side, weeks) for name, side in self.sides.items()},
            "differ": sorted(self.differ, key=lambda one: -abs(one["candidate"] - one["current"])),
        }

    def _rules(self) -> Mapping[str, Rules]:
        return {"current": self.current} | ({"candidate": self.candidate} if self.candidate else {})

    def _side(self, side: Side, weeks: float) -> dict[str, Any]:
        everybody = self.patients.total() * weeks
        return {
            "total": figures(side.total, everybody),
            "by_rule": {name: figures(side.by_rule[name], everybody) for name in sorted(side.by_rule)},
            "by_doctor": {
                str(doctor_id or "none"): figures(side.by_doctor[doctor_id], count * weeks)
                for doctor_id, count in sorted(self.patients.items(), key=lambda item: item[0] or 0)
            },
        }


def judged(case: Case, rules: Rules, span: Comparison) -> list[Judged]:
    """A person's alerts under a set of rules, each with its confirmation."""
    alerts = replay(
        case.person,
        case.readings,
        rules,
        first=span.first,
        until=span.until,
        assumed=span.settings,
        agreed=case.agreed,
    )
    return judge(alerts, case, rules, span.settings.repeat_within)


def judge(alerts: Iterable[Told], case: Case, rules: Rules, within: timedelta) -> list[Judged]:
    """Alerts with their confirmation by the person's other readings."""
    ordered = sorted(case.readings, key=attrgetter("measured_at"))
    return [Judged(told, confirmation(told, case.person, ordered, rules, within)) for told in alerts]


def figures(counted: Counter[Confirmation], resident_weeks: float) -> dict[str, Any]:
    """Counts and shares of one counter; a share is null where nothing was repeated."""
    repeated = counted[Confirmation.CONFIRMED] + counted[Confirmation.REFUTED]
    return {
        "alerts": counted.total(),
        "a_week": counted.total() / resident_weeks if resident_weeks else 0.0,
        **{each.value: counted[each] for each in Confirmation},
        "share_confirmed": counted[Confirmation.CONFIRMED] / repeated if repeated else None,
        "share_refuted": counted[Confirmation.REFUTED] / repeated if repeated else None,
    }


def _told_what(alerts: Iterable[Judged]) -> set[tuple[str, datetime]]:
    return {(told.finding.cause, told.at) for told, _ in alerts}


def _difference(case: Case, current: Sequence[Judged], candidate: Sequence[Judged]) -> dict[str, Any]:
    one, other = (Counter(told.rule for told, _ in alerts) for alerts in (current, candidate))
    return {
        "resident_id": case.person.resident_id,
        "token": case.token,
        "doctor_id": case.doctor_id,
        "current": one.total(),
        "candidate": other.total(),
        "rules": {rule: [one[rule], other[rule]] for rule in sorted({*one, *other}) if one[rule] != other[rule]},
    }
