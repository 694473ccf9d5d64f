"""What a scenario left behind: acknowledged and stored compared, each id counted."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, LiteralString
from uuid import UUID

import psycopg

from tests.faults.world import World, wait_until

_COUNTS: dict[str, LiteralString] = {
    "ledger": "select count(*) from telemetry.ledger",
    "readings": "select count(*) from telemetry.reading",
    "held": "select count(*) from telemetry.held",
    # The reading's key holds person and time too, so the same id could stand there twice: this is where it would show.
    "doubled": "select count(*) - count(distinct reading_id) from"
    " (select reading_id from telemetry.reading union all select reading_id from telemetry.held) stored",
    "misfiled": "select count(*) from telemetry.ledger l left join telemetry.reading r using (reading_id)"
    " left join telemetry.held h using (reading_id)"
    " where (l.outcome = 'accepted') is distinct from (r.reading_id is not null)"
    " or (l.outcome <> 'accepted') is distinct from (h.reading_id is not null)",
    "episodes": "select count(*) from care.episode",
    "open_episodes": "select count(*) from care.episode where state <> 'closed'",
    "doubled_episodes": "select count(*) from (select 1 from care.episode where state <> 'closed'"
    " group by resident_id, cause having count(*) > 1) twice",
    "broken_histories": "select count(*) from care.episode e where revision <>"
    " (select count(*) from care.episode_event v where v.episode_id = e.episode_id)",
}
_ZERO = (
    "lost",  # acknowledged to a meter and not in the ledger
    "unexpected",  # in the ledger and in no meter
    "unacknowledged",
    "doubled",
    "misfiled",  # the ledger says otherwise than the tables
    "missed",  # alerts that would change if everybody were looked at again
    "doubled_episodes",
    "broken_histories",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Numbers after one scenario; all but the counts must be 0."""

    scenario: str
    seconds: float
    given: int
    acknowledged: int
    ledger: int
    readings: int
    held: int
    episodes: int
    open_episodes: int
    lost: int
    unexpected: int
    unacknowledged: int
    doubled: int
    misfiled: int
    missed: int
    doubled_episodes: int
    broken_histories: int

    @property
    def problems(self) -> dict[str, int]:
        """What should be 0 and is not."""
        found = {name: getattr(self, name) for name in _ZERO if getattr(self, name)}
        return found | ({"unaccounted": self.ledger} if self.readings + self.held != self.ledger else {})

    def as_json(self) -> dict[str, Any]:
        """For the file."""
        return asdict(self) | {"ok": not self.problems}


def judge(world: World, scenario: str, seconds: float, given: int) -> Verdict:
    """Compare everything so far: what meters held, what was acknowledged to them, and what the database has."""
    missed = _changed_by_another_look(world)
    acknowledged = set().union(*(gateway.acknowledged() for gateway in world.gateways)) | world.published
    with world.connect() as connection:
        stored = _ids(connection)
        counts = {name: _count(connection, query) for name, query in _COUNTS.items()}
    return Verdict(
        scenario=scenario,
        seconds=round(seconds, 1),
        given=given,
        acknowledged=len(acknowledged),
        lost=len((acknowledged | world.expected) - stored),
        unexpected=len(stored - world.expected),
        unacknowledged=len(world.expected - acknowledged),
        missed=missed,
        **counts,
    )


def _changed_by_another_look(world: World) -> int:
    """How many episodes differ after everybody is evaluated once more: an evaluation that a fault cost would show."""
    episodes = "select resident_id, cause, state::text, tier, revision from care.episode"
    with world.connect() as connection:
        before = set(connection.execute(episodes))
        connection.execute("insert into telemetry.work (resident_id) select resident_id from care.resident")
        wait_until(world.is_settled, "everybody is evaluated once more")
        return len(before ^ set(connection.execute(episodes)))


def _ids(connection: psycopg.Connection[Any]) -> set[UUID]:
    return {row[0] for row in connection.execute("select reading_id from telemetry.ledger")}


def _count(connection: psycopg.Connection[Any], query: LiteralString) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0
