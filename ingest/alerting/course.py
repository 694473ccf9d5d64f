"""The course of one cause through a person's readings: beyond a limit, repeated or not, back to normal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from ingest.alerting.documents import Cause
from ingest.alerting.finding import Breach, Finding, Verdict, Why
from ingest.alerting.person import StoredReading

EVIDENCE = 5  # readings shown with a finding: enough to see a course at a glance


class Graded(NamedTuple):
    """A reading with its worst breach (None: within limits), and whether the meter itself trusts its value."""

    reading: StoredReading
    breach: Breach | None
    trusted: bool


def course(resident_id: int, name: str, cause: Cause, graded: Iterable[Graded], now: datetime) -> Finding | None:
    """What readings say of a cause. `graded` is in order of time and holds each reading once."""
    walk = _Course(resident_id, name, cause)
    for one in graded:
        walk.settle(one.reading.measured_at)
        if one.breach is not None:
            walk.beyond(one.breach, trusted=one.trusted)
        elif one.trusted:  # a doubtful value within limits proves nothing
            walk.within(one.reading)
    walk.settle(now)
    return walk.finding()


@dataclass(slots=True)
class _Course:
    """Where the walk through the readings stands. `run` is every reading since the first one beyond a limit."""

    resident_id: int
    name: str
    cause: Cause
    run: list[StoredReading] = field(default_factory=list)
    over: set[str] = field(default_factory=set)  # those of them beyond a limit
    confirmed: tuple[Breach, Why] | None = None
    pending: Breach | None = None
    trusted: bool = True  # whether the pending one is
    normals: int = 0
    ended: tuple[Breach | None, Verdict, Why] | None = None

    def settle(self, until: datetime) -> None:
        """Let the time for a repeat run out: a trusted value stands, a doubtful one alone never does."""
        if self.pending is None or until < self._deadline(self.pending):
            return
        waited, self.pending = self.pending, None
        if self.trusted:
            self._confirm(waited, Why.UNREPEATED)
        elif self.confirmed is None:
            self.ended = (waited, Verdict.LAPSED, Why.DOUBTFUL)

    def beyond(self, breach: Breach, *, trusted: bool) -> None:
        """A reading beyond a limit."""
        if self.confirmed is None and self.pending is None:
            self.run = []
        self.run.append(breach.reading)
        self.over.add(breach.reading.reading_id)
        self.normals, self.ended = 0, None
        if self.pending is not None and (trusted or self.trusted):  # two doubtful values do not prove each other
            self._confirm(max(self.pending, breach, key=_tier), Why.AGREED)  # both are beyond the milder of the two
            if trusted or breach.tier <= self.pending.tier:  # a doubtful milder value does not refute the severe one
                self.pending = None
        if trusted and breach.opens_at_once:
            self._confirm(breach, Why.AT_ONCE)
        elif self.confirmed is None or breach.tier < self.confirmed[0].tier:
            self.pending, self.trusted = breach, trusted
        else:
            self._confirm(breach, self.confirmed[1])

    def within(self, reading: StoredReading) -> None:
        """A reading within the limits."""
        self.run.append(reading)
        self.normals += 1
        self.pending = None
        if self.confirmed is None:
            self.ended = (None, Verdict.NORMAL, Why.NORMAL)
        if self.normals >= self.cause.clears_after:
            self.confirmed, self.ended = None, (None, Verdict.CLEARED, Why.CLEARED)

    def finding(self) -> Finding | None:
        """What the walk has come to; None if it met nothing that says anything."""
        if self.confirmed is not None:
            breach, why = self.confirmed
            return self._finding(breach, Verdict.CONFIRMED, why)
        if self.pending is not None:
            return self._finding(self.pending, Verdict.SUSPECTED, Why.WAITING)
        return self._finding(*self.ended) if self.ended else None

    def _confirm(self, breach: Breach, why: Why) -> None:
        """The run's severity never falls; of equally severe readings the latest is the one to speak of."""
        if self.confirmed is None or breach.tier <= self.confirmed[0].tier:
            self.confirmed = (breach, why)

    def _deadline(self, breach: Breach) -> datetime:
        """A meter's memory arrives piece by piece, so the wait starts when the reading reached a gateway."""
        return max(breach.reading.measured_at, breach.reading.received_at) + self.cause.repeat_within

    def _finding(self, breach: Breach | None, verdict: Verdict, why: Why) -> Finding:
        return Finding(
            resident_id=self.resident_id,
            cause=self.name,
            verdict=verdict,
            why=why,
            breach=breach,
            began_at=self.run[0].measured_at,
            readings=_evidence(self.run, breach),
            beyond=frozenset(self.over),
            due=self._deadline(self.pending) if self.pending else None,
        )


def _evidence(run: Sequence[StoredReading], breach: Breach | None) -> tuple[StoredReading, ...]:
    """The latest readings; what the sentence is about stays among them however much was measured since."""
    shown = list(run[-EVIDENCE:])
    if breach is not None and breach.reading not in shown:
        shown[0] = breach.reading
    return tuple(shown)


def _tier(breach: Breach) -> int:
    return breach.tier
