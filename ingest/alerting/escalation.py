"""Who is to be told next: a pure function of the matter, who has been told, the rota, the policy and the present."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from ingest.accounts import Role
from ingest.alerting.policy import Clock, Policy, Step, Tier, Way
from ingest.alerting.rota import Recipient, Rota

Kind = Literal["episode", "incident"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """An episode or incident that somebody must take up while it is `open`.

    `opening` is the revision with which it last became open, `opened_at` when; `revision` and `changed_at` are the
    latest. An incident has an `audience`, an episode a station and perhaps a family doctor.
    """

    kind: Kind
    number: int
    tier: int
    open: bool
    opening: int
    opened_at: datetime
    revision: int
    changed_at: datetime
    station_id: int | None
    doctor_id: int | None = None
    audience: Role | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far it is: the round (the revision with which it began), its tier, since when limits count, steps done.

    `unanswered`: all steps were done and nobody took it up in time, or there was nobody to tell.
    """

    round: int
    tier: int
    since: datetime
    level: int = 0
    unanswered: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """What became of the outside notices of a level: whether all of them failed."""

    level: int
    all_failed: bool


@dataclass(frozen=True, slots=True)
class Call:
    """Tell these people by these ways. Nobody in `people`: the step found nobody. No ways: the worklist tells them."""

    level: int
    to: Recipient
    people: tuple[int, ...]
    by: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do now. `look_at`: when to look again; None: not before the matter changes.

    `stop`: nobody needs to be told any more.
    """

    progress: Progress | None
    calls: tuple[Call, ...] = ()
    look_at: datetime | None = None
    stop: bool = False


def decide(
    matter: Matter, progress: Progress | None, told: Collection[Told], policy: Policy, rota: Rota, now: datetime
) -> Decision:
    """The next sends that are due, all of them in order, and when the following one will be.

    Deciding twice gives the same levels, never one that was done: `progress` says which, and comes back changed.
    """
    if not matter.open:
        return Decision(progress, stop=True)
    progress, told = _round(matter, progress, told)
    tier = (policy.episodes if matter.kind == "episode" else policy.incidents)[progress.tier]
    failed = {each.level for each in told if each.all_failed} if tier.hurry else set[int]()
    calls: list[Call] = []
    found = bool(told)
    for step in tier.steps[progress.level :]:
        done = progress.level
        at_once = done in failed or (bool(calls) and not calls[-1].people)
        due = now if at_once else _limit(matter, tier, step.after, progress.since, rota)
        if due > now:
            return Decision(progress, tuple(calls), due)
        call = _call(matter, step, done + 1, rota, now)
        calls.append(call)
        found = found or bool(call.people)
        progress = replace(progress, level=done + 1)
    return _last(matter, tier, progress, tuple(calls), rota, now, found=found)


def _round(matter: Matter, progress: Progress | None, told: Collection[Told]) -> tuple[Progress, Collection[Told]]:
    """The round under way; a new one when the matter opened, came back, or became more severe."""
    if progress is None or matter.opening > progress.round:
        return Progress(round=matter.opening, tier=matter.tier, since=matter.opened_at), ()
    if matter.tier < progress.tier:
        return Progress(round=matter.revision, tier=matter.tier, since=matter.changed_at), ()
    return progress, told


def _call(matter: Matter, step: Step, level: int, rota: Rota, now: datetime) -> Call:
    return Call(level, step.to, _people(matter, step.to, rota, now), step.by)


def _people(matter: Matter, to: Recipient, rota: Rota, now: datetime) -> tuple[int, ...]:
    if to is Recipient.ADMIN:
        return rota.audience(Role.ADMIN, None, now)
    if to is Recipient.AUDIENCE or matter.station_id is None:
        return rota.audience(matter.audience or Role.ADMIN, matter.station_id, now)
    if to is Recipient.STATION_LEAD:
        return rota.leads(matter.station_id, now)
    find = rota.responsible if to is Recipient.RESPONSIBLE else rota.deputy
    return find(matter.station_id, matter.doctor_id, now)


def _last(
    matter: Matter, tier: Tier, progress: Progress, calls: tuple[Call, ...], rota: Rota, now: datetime, *, found: bool
) -> Decision:
    """All steps are done: what is left is to say so when nobody takes it up."""
    if tier.unanswered_after is None or progress.unanswered:
        return Decision(progress, calls)
    due = _limit(matter, tier, tier.unanswered_after, progress.since, rota) if found else now
    if due > now:
        return Decision(progress, calls, due)
    return Decision(replace(progress, unanswered=True), calls)


def _limit(matter: Matter, tier: Tier, after: timedelta, since: datetime, rota: Rota) -> datetime:
    if tier.clock is Clock.ALL or matter.station_id is None:
        return since + after
    return rota.hours[matter.station_id].after(since, after)
