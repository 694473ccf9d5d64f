"""The escalation in the database: claims matters, decides, and puts notices into the outbox, all in one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ingest.accounts import Role
from ingest.alerting import rota_store
from ingest.alerting.channels.settings import Known
from ingest.alerting.escalation import Call, Decision, Kind, Matter, Progress, Told, decide
from ingest.alerting.policy import EscalationSettings, Policy, Way, policy
from ingest.alerting.rota import Rota
from ingest.alerting.store import Connection

Key = tuple[str, int]  # kind and number of a matter

# Every matter that has news gets a row to lock; whoever holds it decides, everybody else passes by.
_ARRIVE = """
insert into care.escalation (matter, number)
select distinct matter, number from care.escalation_work order by matter, number
on conflict do nothing"""
_CLAIM = """
select matter, number, round, tier, since, level, unanswered from care.escalation g
where due_at <= %(now)s
   or exists (select from care.escalation_work w where (w.matter, w.number) = (g.matter, g.number))
order by tier, due_at nulls first limit %(limit)s
for update skip locked"""
_TAKE = """
delete from care.escalation_work w using unnest(%s::text[], %s::bigint[]) c (matter, number)
where (w.matter, w.number) = (c.matter, c.number)"""

_EPISODES = """
select 'episode', e.episode_id, e.tier, e.state = 'open', coalesce(o.revision, e.revision),
    coalesce(o.at, e.changed_at), e.revision, e.changed_at, r.station_id, r.doctor_id, null, e.resident_id
from care.episode e join care.resident r using (resident_id)
left join lateral (
    select v.revision, v.at from care.episode_event v
    where (v.resident_id, v.episode_id) = (e.resident_id, e.episode_id)
      and v.to_state = 'open' and v.from_state is distinct from 'open'
    order by v.revision desc limit 1) o on true
where e.episode_id = any(%s)"""
_INCIDENTS = """
select 'incident', i.incident_id, i.tier, i.state = 'open', coalesce(o.revision, i.revision),
    coalesce(o.at, i.opened_at), i.revision, i.changed_at, i.station_id, null::integer, i.audience::text, null::bigint
from care.incident i
left join lateral (
    select v.revision, v.at from care.incident_event v
    where v.incident_id = i.incident_id and v.to_state = 'open' and v.from_state is distinct from 'open'
    order by v.revision desc limit 1) o on true
where i.incident_id = any(%s)"""
_TOLD = """
select n.matter, n.number, n.level,
    coalesce(bool_and(n.state = 'failed') filter (where n.channel <> all(%(in_page)s)), false)
from care.notice n
join unnest(%(kinds)s::text[], %(numbers)s::bigint[], %(rounds)s::integer[]) c (matter, number, round)
    using (matter, number, round)
where n.state <> 'cancelled' group by 1, 2, 3"""

_NOTICE = """
insert into care.notice
    (matter, number, round, level, staff_id, resident_id, entitles, channel, not_before, created_at)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing"""
_PROGRESS = """
update care.escalation set round = %s, tier = %s, since = %s, level = %s, due_at = %s, unanswered = %s
where matter = %s and number = %s"""
_STOP = "update care.escalation set due_at = null, unanswered = false where matter = %s and number = %s"
_CANCEL = """
update care.notice set state = 'cancelled', lease_until = null
where matter = %s and number = %s and state = 'waiting' and round <= %s"""
_SUPERSEDED = 2_147_483_647  # every round


@dataclass(frozen=True, slots=True)
class Means:
    """What the escalation works with: its settings, the enabled channels by name, and what that makes possible."""

    settings: EscalationSettings
    channels: Mapping[str, Known]

    @property
    def policy(self) -> Policy:
        """The steps that can be carried out."""
        return policy(self.settings, {channel.way for channel in self.channels.values()})


@dataclass(frozen=True, slots=True)
class _Claimed:
    matter: Matter
    progress: Progress | None
    resident_id: int | None


def run_once(connection: Connection, means: Means, now: datetime) -> tuple[int, int]:
    """Decide on the matters that have news or are due, up to the limit. Returns how many, and notices written.

    One transaction: a crash leaves everything to be decided again, with the same result.
    """
    with connection.transaction():
        connection.execute(_ARRIVE)
        limit = means.settings.matters_at_once
        rows = connection.execute(_CLAIM, {"now": now, "limit": limit}).fetchall()
        if not rows:
            return 0, 0
        claimed = _load(connection, {(row[0], row[1]): _progress(row[2:]) for row in rows})
        rota = rota_store.read(connection, means.settings, now)
        told = _told(connection, claimed, means)
        written = 0
        for each in claimed:
            key = (each.matter.kind, each.matter.number)
            decision = decide(each.matter, each.progress, told.get(key, ()), means.policy, rota, now)
            written += _carry_out(connection, each, decision, means, rota, now)
    return len(rows), written


def _progress(columns: Sequence[Any]) -> Progress | None:
    started, tier, since, level, unanswered = columns
    return Progress(round=started, tier=tier, since=since, level=level, unanswered=unanswered) if started else None


def _load(connection: Connection, claimed: Mapping[Key, Progress | None]) -> list[_Claimed]:
    """The matters as they are now; their work is taken away first, so that what changes later comes again."""
    connection.execute(_TAKE, [[kind for kind, _ in claimed], [number for _, number in claimed]])
    found = []
    for kind, query in (("episode", _EPISODES), ("incident", _INCIDENTS)):
        numbers = [number for k, number in claimed if k == kind]
        if numbers:
            for row in connection.execute(query, [numbers]).fetchall():
                matter, resident_id = _matter(row)
                found.append(_Claimed(matter, claimed[(matter.kind, matter.number)], resident_id))
    return found


def _matter(row: Sequence[Any]) -> tuple[Matter, int | None]:
    kind, number, tier, is_open, opening, at, revision, changed_at, station, doctor, audience, resident = row
    named: Kind = "episode" if kind == "episode" else "incident"
    return Matter(
        kind=named,
        number=number,
        tier=tier,
        open=is_open,
        opening=opening,
        opened_at=at,
        revision=revision,
        changed_at=changed_at,
        station_id=station,
        doctor_id=doctor,
        audience=Role(audience) if audience else None,
    ), resident


def _told(connection: Connection, claimed: Sequence[_Claimed], means: Means) -> dict[Key, list[Told]]:
    parameters = {
        "in_page": [name for name, channel in means.channels.items() if channel.way is Way.IN_PAGE],
        "kinds": [each.matter.kind for each in claimed],
        "numbers": [each.matter.number for each in claimed],
        "rounds": [each.progress.round if each.progress else 0 for each in claimed],
    }
    told: dict[Key, list[Told]] = defaultdict(list)
    for kind, number, level, all_failed in connection.execute(_TOLD, parameters).fetchall():
        told[(kind, number)].append(Told(level, all_failed))
    return told


def _carry_out(
    connection: Connection, each: _Claimed, decision: Decision, means: Means, rota: Rota, now: datetime
) -> int:
    matter, progress = each.matter, decision.progress
    if decision.stop or progress is None:
        connection.execute(_STOP, [matter.kind, matter.number])
        connection.execute(_CANCEL, [matter.kind, matter.number, _SUPERSEDED])
        return 0
    if each.progress and progress.round != each.progress.round:
        connection.execute(_CANCEL, [matter.kind, matter.number, each.progress.round])
    rows = [
        (
            *(matter.kind, matter.number, progress.round, call.level),
            *(staff_id, each.resident_id, staff_id is not None and staff_id != matter.doctor_id),
            *(channel, not_before, now),
        )
        for call in decision.calls
        for staff_id, channel, not_before in _addressed(call, matter, progress, means, rota, now)
    ]
    with connection.cursor() as cursor:
        cursor.executemany(_NOTICE, rows)
    connection.execute(
        _PROGRESS,
        [
            progress.round,
            progress.tier,
            progress.since,
            progress.level,
            decision.look_at,
            progress.unanswered,
            matter.kind,
            matter.number,
        ],
    )
    return len(rows)


def _addressed(
    call: Call, matter: Matter, progress: Progress, means: Means, rota: Rota, now: datetime
) -> Iterator[tuple[int | None, str, datetime]]:
    """Person (None: a group), channel and earliest time of every notice of a call."""
    quiet = means.settings.quiet_hours()
    tiers = means.policy.episodes if matter.kind == "episode" else means.policy.incidents
    for name, channel in means.channels.items():
        if channel.way not in call.by or not _serves(channel, matter, rota):
            continue
        outside = channel.way is not Way.IN_PAGE
        not_before = quiet.over(now) if outside and tiers[progress.tier].quiet else now
        for staff_id in call.people if not channel.is_group else (None,) if call.people else ():
            yield staff_id, name, not_before


def _serves(channel: Known, matter: Matter, rota: Rota) -> bool:
    """Whether the channel is for the matter's station."""
    return not channel.stations or rota.names.get(matter.station_id or 0) in channel.stations
