"""Replays that staff ask for: one at a time, each in a process of its own so that pages stay quick; all are kept."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

import psycopg
from psycopg.types.json import Jsonb

from ingest.alerting import candidate, replays
from ingest.alerting.replay import ReplaySettings
from ingest.alerting.store import Connection
from ingest.database import connect
from maixun.configuration import ConfigurationError, load_all, settings

ROLE = "maixun_api"
TELL_EVERY = 0.5  # seconds between two signs of life
LOST_AFTER = 60  # seconds without one: its process is gone, since no person's year takes so long


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants replayed. `file_name` and `text` are the candidate's; without, the current rules alone."""

    first_day: date
    until_day: date
    station_id: int | None
    file_name: str | None = None
    text: str | None = None

    def candidate(self) -> candidate.Documents | None:
        """The rules with the candidate in its place. Raises `ConfigurationError`."""
        if self.file_name is None or self.text is None:
            return None
        return candidate.with_file(self.file_name, self.text, load_all("rules/*.yaml"))


def ask(connection: Connection, wish: Wish, *, asked_by: int, now: datetime) -> int | None:
    """Note a wish as running; None if another one is. Start it with `start` once this is committed."""
    connection.execute(
        "update care.rule_replay set state = 'failed', why = 'its process ended' where state = 'running'"
        " and seen_at < clock_timestamp() - make_interval(secs => %s)",
        [LOST_AFTER],
    )
    row = connection.execute(
        "insert into care.rule_replay (asked_by, asked_at, station_id, first_day, until_day, file_name, candidate)"
        " values (%s, %s, %s, %s, %s, %s, %s) on conflict do nothing returning replay_id",
        [asked_by, now, wish.station_id, wish.first_day, wish.until_day, wish.file_name, wish.text],
    ).fetchone()
    return int(row[0]) if row else None


def start(dsn: str, replay_id: int) -> None:
    """Do the work in a new process, which ends with this one."""
    multiprocessing.active_children()  # lets go of those that are done
    context = multiprocessing.get_context("spawn")
    context.Process(target=work, args=(dsn, replay_id), name=f"replay-{replay_id}", daemon=True).start()


def work(dsn: str, replay_id: int) -> None:
    """Replay what was asked for, telling how far it is, and keep the report or the reason why there is none."""
    with connect(dsn, ROLE) as reading, connect(dsn, ROLE) as telling:
        wish = _wish(reading, replay_id)
        try:
            report = replays.run(
                reading,
                load_all("rules/*.yaml"),
                wish.candidate(),
                first=wish.first_day,
                until=wish.until_day,
                settings=settings(ReplaySettings, "replay"),
                station_id=wish.station_id,
                progress=_teller(telling, replay_id),
            )
        except (ConfigurationError, psycopg.Error) as error:
            _end(telling, replay_id, "failed", why=str(error).strip())
            return
        _end(telling, replay_id, "done", report=Jsonb(report))


def _wish(connection: Connection, replay_id: int) -> Wish:
    row = connection.execute(
        "select first_day, until_day, station_id, file_name, candidate from care.rule_replay where replay_id = %s",
        [replay_id],
    ).fetchone()
    if row is None:
        raise LookupError(f"there is no replay {replay_id}")
    first_day, until_day, station_id, file_name, text = row
    return Wish(first_day=first_day, until_day=until_day, station_id=station_id, file_name=file_name, text=text)


def _teller(connection: Connection, replay_id: int) -> Callable[[int, int], None]:
    told = time.monotonic() - TELL_EVERY

    def tell(done: int, people: int) -> None:
        nonlocal told
        if time.monotonic() - told >= TELL_EVERY:
            told = time.monotonic()
            connection.execute(
                "update care.rule_replay set done = %s, people = %s, seen_at = clock_timestamp() where replay_id = %s",
                [done, people, replay_id],
            )

    return tell


def _end(
    connection: Connection, replay_id: int, state: str, *, why: str | None = None, report: Jsonb | None = None
) -> None:
    connection.execute(
        "update care.rule_replay set state = %s, why = %s, report = %s, done = people, ended_at = %s"
        " where replay_id = %s and state = 'running'",
        [state, why, report, datetime.now(UTC), replay_id],
    )
