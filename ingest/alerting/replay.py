"""What rules would have told: a person's stored readings walked forward in time with the engine's own functions.

As of each moment only the readings that had been received by then are known. Nobody knows what doctors would have done
about alerts that were never shown, so each is assumed to be closed some time after it opened (`config/replay.yaml`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import NamedTuple, Self

from pydantic import Field, model_validator

from ingest.alerting import episode as machine
from ingest.alerting.episode import Episode, Outcome, Transition, absorb
from ingest.alerting.finding import Finding
from ingest.alerting.person import Person, StoredReading
from ingest.alerting.rules import Rules, evaluate, next_look
from ingest.alerting.states import State
from maixun.configuration import Settings

A_WEEK = timedelta(days=7)  # as `ingest.alerting.review.AGAIN`
_NEVER = datetime.max.replace(tzinfo=UTC)
NOBODY = 0  # the staff id of the doctor who is assumed


class ReplaySettings(Settings):
    """What a replay assumes. `handled_after` by tier."""

    handled_after: Mapping[int, timedelta]
    repeat_within: timedelta = Field(gt=timedelta())
    review_after: timedelta = Field(gt=timedelta())

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
    assumed: ReplaySettings,
    agreed: Sequence[Agreement] = (),
) -> list[Told]:
    """The alerts of one person that open from `first` to before `until`.

    `readings` reach back before `first` as far as the rules look (`Rules.fresh_for`), so that what is under way then is
    not taken for new. The person's own `settled` is not used: it is what doctors did under other rules.
    """
    walk = _Walk(replace(person, settled={}), readings, rules, assumed, agreed)
    return [told for told in walk.alerts(first - rules.fresh_for, until) if told.at >= first]


class Agreement(NamedTuple):
    """A contract package somebody has agreed to, from `since` to before `until`. Of a person's the latest first."""

    package: str
    since: datetime
    until: datetime


class _Walk:
    """Where the walk stands: what has arrived, which episodes are not closed, when something happens by itself.

    As in the engine: the prompt rules at every arrival and due time, the others at a review some minutes later and when
    an agreed measurement is missing.
    """

    def __init__(
        self,
        person: Person,
        readings: Iterable[StoredReading],
        rules: Rules,
        assumed: ReplaySettings,
        agreed: Sequence[Agreement],
    ) -> None:
        self._person, self._assumed, self._agreed = person, assumed, agreed
        self._prompt, self._review, self._windows = rules.prompt, rules.review, rules.windows
        self._coming = sorted(readings, key=attrgetter("received_at"), reverse=True)
        self._known: list[StoredReading] = []
        self._episodes: dict[str, Episode] = {}
        self._review_at: datetime | None = None

    def alerts(self, since: datetime, until: datetime) -> Iterator[Told]:
        """Every alert in order: time goes from one arrival, due time, closing or review to the next."""
        self._review_at = since if self._agreed and self._review.patterns else None
        while (now := max(self._next(), since)) < until:
            self._doctor_closes(now)
            arrived = self._arrive(now)
            if arrived or any((episode.due_at or _NEVER) <= now for episode in self._episodes.values()):
                yield from self._look(self._prompt, now)
                self._return(now)
            if arrived and self._review.patterns:
                self._review_at = min(self._review_at or _NEVER, now + self._assumed.review_after)
            if self._review_at is not None and self._review_at <= now:
                yield from self._reviewed(now)

    def _next(self) -> datetime:
        arrival = self._coming[-1].received_at if self._coming else _NEVER
        return min([arrival, self._review_at or _NEVER, *map(self._when, self._episodes.values())])

    def _when(self, episode: Episode) -> datetime:
        return min(episode.due_at or _NEVER, self._closes(episode))

    def _closes(self, episode: Episode) -> datetime:
        return episode.opened_at + self._assumed.handled_after[episode.tier] if episode.opened_at else _NEVER

    def _doctor_closes(self, now: datetime) -> None:
        for cause, episode in list(self._episodes.items()):
            if self._closes(episode) <= now:
                machine.close(episode, staff_id=NOBODY, outcome=Outcome.OTHER, now=now)
                del self._episodes[cause]
                self._person = replace(self._person, settled={**self._person.settled, cause: now})

    def _arrive(self, now: datetime) -> bool:
        before = len(self._coming)
        while self._coming and self._coming[-1].received_at <= now:
            self._known.append(self._coming.pop())
        self._known = self._within(self._windows, now)
        return len(self._coming) < before

    def _within(self, windows: Mapping[str, timedelta], now: datetime) -> list[StoredReading]:
        since = {kind: now - window for kind, window in windows.items()}
        return [reading for reading in self._known if reading.measured_at > since.get(reading.kind, _NEVER)]

    def _look(self, rules: Rules, now: datetime) -> Iterator[Told]:
        """Put rules to what is known; what becomes of the episodes of their causes."""
        found = evaluate(self._person, self._within(rules.windows, now), rules, now) if rules.windows else []
        findings = {each.cause: each for each in found}
        for cause in rules.causes:
            told = self._absorbed(cause, findings.get(cause), now)
            if told is not None:
                yield told

    def _reviewed(self, now: datetime) -> Iterator[Told]:
        holding = [each for each in self._agreed if each.since <= now < each.until]
        self._person = replace(self._person, packages={each.package: each.since for each in holding})
        yield from self._look(self._review, now)
        self._review_at = now + until_review(now, self._person, self._known, self._review) if self._agreed else None

    def _return(self, now: datetime) -> None:
        """Episodes of reviewed causes that are due: as in the engine, known without their readings."""
        for cause in self._review.causes:
            episode = self._episodes.get(cause)
            if episode is not None and episode.due_at is not None and episode.due_at <= now:
                self._absorbed(cause, None, now)

    def _absorbed(self, cause: str, found: Finding | None, now: datetime) -> Told | None:
        transition = absorb(self._episodes.get(cause), found, now)
        if transition is None:
            return None
        if transition.after.state is State.CLOSED:
            self._episodes.pop(cause, None)
        else:
            self._episodes[cause] = transition.after
        return Told(at=now, finding=found) if found is not None and opens(transition) else None


def until_review(now: datetime, person: Person, readings: Sequence[StoredReading], rules: Rules) -> timedelta:
    """How long until somebody with an agreement is looked at though nothing is measured: a week at most."""
    due = next_look(person, readings, rules, now) if person.packages else None
    return min(due - now, A_WEEK) if due is not None else A_WEEK


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
