"""What rules would have told: a person's stored readings walked forward in time with the engine's own functions.

As of each moment only the readings that had been received by then are known. Nobody knows what doctors would have done
about alerts that were never shown, so each is assumed to be closed some time after it opened (`config/replay.yaml`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Self

from pydantic import Field, model_validator

from ingest.alerting import episode as machine
from ingest.alerting.episode import Episode, Outcome, Transition, absorb
from ingest.alerting.finding import Finding
from ingest.alerting.person import Person, StoredReading
from ingest.alerting.rules import Rules, evaluate
from ingest.alerting.states import State
from maixun.configuration import Settings

_NEVER = datetime.max.replace(tzinfo=UTC)
NOBODY = 0  # the staff id of the doctor who is assumed


class ReplaySettings(Settings):
    """What a replay assumes. `handled_after` by tier."""

    handled_after: Mapping[int, timedelta]
    repeat_within: timedelta = Field(gt=timedelta())

    @model_validator(mode="after")
    def _every_tier_is_handled(self) -> Self:
        if set(self.handled_after) != {1, 2, 3, 4} or min(self.handled_after.values()) <= timedelta():
            raise ValueError("handled_after: give a time for each of the levels 1, 2, 3 and 4")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One alert that would have been shown: when, and what the rules then found."""

    at: datetime
    finding: Finding

    @property
    def rule(self) -> str:
        """The rule behind it; what has none goes by its cause."""
        return self.finding.breach.name if self.finding.breach else self.finding.cause


def replay(
    person: Person,
    readings: Iterable[StoredReading],
    rules: Rules,
    *,
    first: datetime,
    until: datetime,
    handled_after: Mapping[int, timedelta],
) -> list[Told]:
    """The alerts of one person that open from `first` to before `until`.

    `readings` reach back before `first` as far as the rules look (`Rules.fresh_for`), so that what is under way then is
    not taken for new. The person's own `settled` is not used: it is what doctors did under other rules.
    """
    walk = _Walk(replace(person, settled={}), readings, rules, handled_after)
    return [told for told in walk.alerts(first - rules.fresh_for, until) if told.at >= first]


class _Walk:
    """Where the walk stands: what has arrived, which episodes are not closed, when a doctor closes them."""

    def __init__(
        self,
        person: Person,
        readings: Iterable[StoredReading],
        rules: Rules,
        handled_after: Mapping[int, timedelta],
    ) -> None:
        self._person, self._rules, self._handled_after = person, rules, handled_after
        self._coming = sorted(readings, key=attrgetter("received_at"), reverse=True)
        self._known: list[StoredReading] = []
        self._episodes: dict[str, Episode] = {}

    def alerts(self, since: datetime, until: datetime) -> Iterator[Told]:
        """Every alert in order: time goes from one arrival, due time or closing to the next."""
        while (now := max(self._next(), since)) < until:
            self._doctor_closes(now)
            self._arrive(now)
            yield from self._engine(now)

    def _next(self) -> datetime:
        arrival = self._coming[-1].received_at if self._coming else _NEVER
        return min([arrival, *map(self._when, self._episodes.values())])

    def _when(self, episode: Episode) -> datetime:
        return min(episode.due_at or _NEVER, self._closes(episode))

    def _closes(self, episode: Episode) -> datetime:
        return episode.opened_at + self._handled_after[episode.tier] if episode.opened_at else _NEVER

    def _doctor_closes(self, now: datetime) -> None:
        for cause, episode in list(self._episodes.items()):
            if self._closes(episode) <= now:
                machine.close(episode, staff_id=NOBODY, outcome=Outcome.OTHER, now=now)
                del self._episodes[cause]
                self._person = replace(self._person, settled={**self._person.settled, cause: now})

    def _arrive(self, now: datetime) -> None:
        while self._coming and self._coming[-1].received_at <= now:
            self._known.append(self._coming.pop())
        oldest = now - self._rules.fresh_for
        self._known = [reading for reading in self._known if reading.measured_at > oldest]

    def _engine(self, now: datetime) -> Iterator[Told]:
        findings = {found.cause: found for found in evaluate(self._person, self._known, self._rules, now)}
        for cause in self._rules.causes:
            found = findings.get(cause)
            transition = absorb(self._episodes.get(cause), found, now)
            if transition is not None:
                self._keep(transition)
                if found is not None and opens(transition):
                    yield Told(at=now, finding=found)

    def _keep(self, transition: Transition) -> None:
        if transition.after.state is State.CLOSED:
            self._episodes.pop(transition.after.cause, None)
        else:
            self._episodes[transition.after.cause] = transition.after


def opens(transition: Transition) -> bool:
    """True if a doctor is shown the episode for the first time."""
    before = transition.before
    return transition.after.opened_at is not None and (before is None or before.opened_at is None)


def every_reading(person: Person, readings: Sequence[StoredReading], rules: Rules) -> list[Told]:
    """The naive programme: every reading beyond an alert limit is an alert, at once and each time, doubtful or not."""
    return [
        Told(at=reading.received_at, finding=found)
        for reading in readings
        for found in evaluate(person, [reading], rules, max(reading.received_at, reading.measured_at))
        if found.alarming
    ]
