"""The outbox: claim first, then send, then mark. A claim has a lease; one that ran out is taken over, and marked so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ingest.alerting.channels.outcome import NotSent
from ingest.alerting.store import Connection

WINDOW = timedelta(minutes=1)  # what the limits are counted over

# The lock makes claims of one channel follow each other, so that two processes do not both use up the last of a minute.
_LOCK = "select pg_advisory_xact_lock(hashtextextended('channel ' || %s, 0))"
_USED = "select count(*), min(began_at) from care.notice_attempt where channel = %s and began_at > %s"
_CLAIM = """
update care.notice n set state = 'claimed', lease_until = %(lease)s, attempts = attempts + 1,
    repeated = repeated or state = 'claimed'
where notice_id = (
    select notice_id from care.notice
    where channel = %(channel)s and state in ('waiting', 'claimed')
      and not_before <= %(now)s and (state = 'waiting' or lease_until <= %(now)s)
    order by not_before, notice_id limit 1 for update skip locked)
returning notice_id, attempts, matter, number, level, staff_id, repeated"""
_ATTEMPT = "insert into care.notice_attempt (notice_id, attempt, channel, began_at) values (%s, %s, %s, %s)"
_ENDED = "update care.notice_attempt set ended_at = %s, outcome = %s, error = %s where notice_id = %s and attempt = %s"
# Only whoever holds the claim may mark it: after a lease ran out the attempt's number is another's.
_MARK = (
    "update care.notice set state = %s, sent_at = %s, not_before = coalesce(%s, not_before), error = %s,"
    " lease_until = null where notice_id = %s and attempts = %s and state = 'claimed' returning notice_id"
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A notice that is ours to send until the lease ends. `repeated`: an earlier attempt may have arrived."""

    notice_id: int
    attempt: int
    matter: str
    number: int
    level: int
    staff_id: int | None
    repeated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """How often and with what pauses a channel is tried."""

    attempts: int
    first: timedelta
    longest: timedelta

    def pause(self, attempt: int) -> timedelta:
        """Doubling from the first to the longest."""
        return min(self.longest, self.first * float(2 ** (attempt - 1)))


def claim(connection: Connection, channel: str, *, per_minute: int, lease: timedelta, now: datetime) -> Claimed | None:
    """The next notice of a channel, committed as ours before anything is sent; None if there is none, or no room."""
    with connection.transaction():
        connection.execute(_LOCK, [channel])
        used = connection.execute(_USED, [channel, now - WINDOW]).fetchone()
        if used is not None and used[0] >= per_minute:
            return None
        row = connection.execute(_CLAIM, {"channel": channel, "now": now, "lease": now + lease}).fetchone()
        if row is None:
            return None
        claimed = Claimed(*row)
        connection.execute(_ATTEMPT, [claimed.notice_id, claimed.attempt, channel, now])
    return claimed


def sent(connection: Connection, claimed: Claimed, now: datetime) -> None:
    """It went out."""
    _mark(connection, claimed, "sent", now, outcome="sent", error=None)


def cancel(connection: Connection, claimed: Claimed) -> None:
    """Nobody needs to be told any more: somebody has taken the matter up meanwhile."""
    with connection.transaction():
        connection.execute(
            "delete from care.notice_attempt where notice_id = %s and attempt = %s",
            [claimed.notice_id, claimed.attempt],
        )
        connection.execute(_MARK, ["cancelled", None, None, None, claimed.notice_id, claimed.attempt])


def failed(connection: Connection, claimed: Claimed, why: NotSent, retries: Retries, now: datetime) -> bool:
    """It did not go out. Tried again later if that may help; else the escalation is told. True if it is given up."""
    again = why.outcome == "temporary" and claimed.attempt < retries.attempts
    later = now + retries.pause(claimed.attempt) if again else None
    state = "waiting" if again else "failed"
    _mark(connection, claimed, state, now, outcome=why.outcome, error=why.says, later=later)
    return not again


def _mark(
    connection: Connection,
    claimed: Claimed,
    state: str,
    now: datetime,
    *,
    outcome: str,
    error: str | None,
    later: datetime | None = None,
) -> None:
    with connection.transaction():
        connection.execute(_ENDED, [now, outcome, error, claimed.notice_id, claimed.attempt])
        at = now if state == "sent" else None
        marked = connection.execute(_MARK, [state, at, later, error, claimed.notice_id, claimed.attempt]).fetchone()
        if marked and state == "failed":
            connection.execute(
                "insert into care.escalation_work (matter, number) values (%s, %s)", [claimed.matter, claimed.number]
            )
