"""Many engines at once, doctors in between, crashes and restarts: one episode a cause, and nothing missed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

import psycopg
import pytest

from ingest.alerting import engine, episodes, store
from ingest.alerting.claim import claim
from ingest.alerting.episode import Episode, Outcome
from ingest.migrate import migrate
from maixun.runtime.postgres import Postgres
from tests.ingest.alerting.people import shipped
from tests.ingest.alerting.town import Town

ENGINES = 5
PATIENCE = 30  # seconds; a bound on waits for other threads and processes, never a measure


@contextmanager
def engines(town: Town) -> Iterator[None]:
    """Several engines that never rest, each taking only a few people at once so that they meet."""
    stop = threading.Event()

    def work() -> None:
        with psycopg.connect(town.dsn, autocommit=True) as connection:
            while not stop.is_set():
                engine.run_once(connection, shipped(), people=7, now=town.now)

    with ThreadPoolExecutor(ENGINES) as pool:
        workers = [pool.submit(work) for _ in range(ENGINES)]
        try:
            yield
        finally:
            stop.set()
        for worker in workers:
            worker.result(PATIENCE)


def in_parallel(town: Town, residents: list[int], work: Callable[[psycopg.Connection, int], None]) -> None:
    """Do something for each resident from three connections, each in another order."""

    def writer(step: int) -> None:
        with psycopg.connect(town.dsn, autocommit=True) as connection:
            for place in range(len(residents)):
                work(connection, residents[(place * step) % len(residents)])

    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(writer, step) for step in (1, 2, 4)]:
            done.result(PATIENCE)


def test_many_engines_make_exactly_one_episode_a_person_and_show_every_reading(town: Town) -> None:
    residents = [town.resident() for _ in range(61)]  # odd, so that every order meets everybody
    with engines(town):
        in_parallel(town, residents, lambda c, resident: town.arrive([town.row(resident, "glucose", glucose=2.6)], c))
    town.look()
    alerts = town.alerts()
    assert sorted(alert.resident_id for alert in alerts) == residents
    assert town.states() == ["open"] * len(residents)
    assert all(len(alert.finding["readings"]) == 3 for alert in alerts)
    assert town.whys().count("dangerous_at_once") == len(residents)
    assert nothing_left(town)


def test_one_reading_a_person_is_one_event_a_person_however_many_engines_look(town: Town) -> None:
    residents = [town.resident() for _ in range(200)]
    with engines(town):
        for resident in residents:
            town.sugar(resident, 2.6)
            town.connection.execute("insert into telemetry.work (resident_id) values (%s)", [resident])
    town.look()
    assert len(town.alerts()) == 200
    assert town.whys() == ["dangerous_at_once"] * 200
    assert nothing_left(town)


def test_engines_share_what_falls_due(town: Town) -> None:
    residents = [town.resident() for _ in range(60)]
    for resident in residents:
        town.pressure(resident, 186, 112)
    town.look()
    town.now += timedelta(minutes=10)
    with engines(town):
        wait_for(lambda: len(town.alerts()) == 60)
    assert sorted(town.whys()) == ["no_repeat_in_time"] * 60 + ["waiting_for_repeat"] * 60


def test_a_reading_stored_during_an_evaluation_leads_to_another(town: Town) -> None:
    resident = town.resident()
    town.pressure(resident, 186, 112)
    with psycopg.connect(town.dsn) as busy:
        claimed = claim(busy, shipped(), people=10, now=town.now)
        assert [person.resident_id for person in claimed.people] == [resident]
        town.sugar(resident, 2.6)
        assert engine.run_once(town.connection, shipped(), people=10, now=town.now).people == 0  # it is claimed
        busy.commit()
    town.look()
    assert {alert.cause for alert in town.alerts()} == {"glucose_low"}
    assert "confirming" in town.states()


def test_what_a_crashed_engine_had_claimed_is_evaluated_by_the_next(town: Town) -> None:
    town.sugar(town.resident(), 2.6)
    with psycopg.connect(town.dsn) as crashing:
        assert claim(crashing, shipped(), people=10, now=town.now).people
        crashing.rollback()
    town.look()
    assert town.alert().cause == "glucose_low"


def test_a_doctor_who_closes_during_an_evaluation_is_not_overruled(town: Town) -> None:
    resident = town.resident()
    town.sugar(resident, 2.6)
    town.look()
    alert = town.alert()
    assert alert.episode_id
    town.now += timedelta(minutes=5)
    town.sugar(resident, 2.5, at=town.now - timedelta(minutes=1))
    with psycopg.connect(town.dsn) as doctor, ThreadPoolExecutor(1) as pool:
        episodes.close(
            doctor, resident, alert.episode_id, 1, staff_id=town.doctor, outcome=Outcome.ADVISED, now=town.now
        )
        looking = pool.submit(town.look)  # has read the open episode, and now waits for the doctor's transaction
        wait_for(lambda: somebody_waits(doctor))
        doctor.commit()
        looking.result(PATIENCE)
    assert town.states() == ["closed"]
    assert town.whys() == ["dangerous_at_once", "closed"]
    assert nothing_left(town)


def test_of_eight_doctors_at_once_one_wins(town: Town) -> None:
    resident = town.resident()
    town.sugar(resident, 2.6)
    town.look()
    alert = town.alert()
    start = threading.Barrier(8)

    def close() -> str:
        with psycopg.connect(town.dsn, autocommit=True) as connection:
            start.wait(PATIENCE)
            try:
                episodes.close(
                    connection,
                    resident,
                    alert.episode_id or 0,
                    alert.revision,
                    staff_id=town.doctor,
                    outcome=Outcome.ADVISED,
                    now=town.now,
                )
            except episodes.Overtaken as told:
                return f"told it is {told.current.state.value}"
            return "won"

    with ThreadPoolExecutor(8) as pool:
        results = [done.result(PATIENCE) for done in [pool.submit(close) for _ in range(8)]]
    assert sorted(results) == ["told it is closed"] * 7 + ["won"]


def test_doctors_who_do_everything_at_once_with_engines_at_work_leave_one_story_a_resident(town: Town) -> None:
    residents = [town.resident() for _ in range(15)]
    began = threading.Barrier(4)

    def doctor(seed: int) -> int:
        dice, won = random.Random(seed), 0
        with psycopg.connect(town.dsn, autocommit=True) as connection:
            began.wait(PATIENCE)
            for _ in range(120):
                resident = dice.choice(residents)
                if dice.random() < 0.3:
                    town.arrive([town.row(resident, "glucose", glucose=dice.choice([2.4, 2.8, 18.2]))], connection)
                for episode in store.not_closed(connection, [resident]).values():
                    won += decide(connection, episode, dice, town)
        return won

    with engines(town), ThreadPoolExecutor(4) as pool:
        won = sum(done.result(PATIENCE) for done in [pool.submit(doctor, seed) for seed in range(4)])
    town.look()
    town.alerts()
    written = town.connection.execute("select count(*) from care.episode_event where actor <> 'engine'").fetchone()
    assert written == (won,)  # what a doctor was told is saved is there, and nothing else
    assert won > 20
    open_ones = town.connection.execute(
        "select resident_id, cause from care.episode where state <> 'closed' group by 1, 2 having count(*) > 1"
    ).fetchall()
    assert open_ones == []
    gaps = town.connection.execute(
        "select 1 from (select from_state, lag(to_state) over (partition by resident_id, episode_id order by revision)"
        " as before from care.episode_event) event where from_state is distinct from before"
    ).fetchall()
    assert gaps == []  # every change begins where the one before it ended
    assert nothing_left(town)
    town.expect_everything()


def decide(connection: psycopg.Connection, episode: Episode, dice: random.Random, town: Town) -> int:
    """One decision about an episode as it was seen; 1 if it was saved, 0 if somebody was faster or it cannot be."""
    decision = dice.choice(
        [
            partial(episodes.acknowledge),
            partial(episodes.act, note="called"),
            partial(episodes.shelve, until=town.now + timedelta(days=1), note="known"),
            partial(episodes.unshelve),
            partial(episodes.close, outcome=Outcome.ADVISED),
        ]
    )
    try:
        decision(
            connection,
            episode.resident_id,
            episode.episode_id or 0,
            episode.revision,
            staff_id=town.doctor,
            now=town.now,
        )
    except (episodes.Overtaken, episodes.NotAllowed):
        return 0
    return 1


def test_every_change_is_announced(town: Town) -> None:
    resident = town.resident()
    with psycopg.connect(town.dsn, autocommit=True) as screen:
        screen.execute("listen episode")
        town.sugar(resident, 2.6)
        town.look()
        alert = town.alert()
        episodes.acknowledge(town.connection, resident, alert.episode_id or 0, 1, staff_id=town.doctor, now=town.now)
        heard = [notice.payload for notice in screen.notifies(timeout=PATIENCE, stop_after=2)]
    assert heard == [f"{resident} {alert.episode_id} {revision}" for revision in (1, 2)]


@pytest.fixture
def bare_database(postgres: Postgres) -> Iterator[str]:
    """A database in which nothing has been made yet."""
    yield postgres.create("alerting_bare")
    postgres.drop("alerting_bare")


def test_the_process_waits_for_its_database_works_comes_back_and_stops(bare_database: str) -> None:
    environment = os.environ | {"MAIXUN_DATABASE": bare_database, "MAIXUN_ALERTING_RETRY_SECONDS": "0.1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "maixun", "alerting"],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr
        assert "waiting for the database" in process.stderr.readline()
        migrate(bare_database)
        assert "at work" in process.stderr.readline()  # so it said only once that it was waiting
        town = Town(bare_database)
        town.now = datetime.now(UTC)
        with psycopg.connect(bare_database, autocommit=True) as screen:
            screen.execute("listen episode")
            assert first_alert(town, screen)
            screen.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid not in (pg_backend_pid(), %s)",
                [town.connection.info.backend_pid],
            )
            assert first_alert(town, screen)
        town.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
    finally:
        process.kill()
        process.communicate()


def first_alert(town: Town, screen: psycopg.Connection) -> bool:
    """True if an alert about somebody new reaches the screen."""
    resident = town.resident()
    town.sugar(resident, 2.6)
    return any(notice.payload.startswith(f"{resident} ") for notice in screen.notifies(timeout=PATIENCE, stop_after=1))


def nothing_left(town: Town) -> bool:
    """True if no work is waiting and nothing is due."""
    row = town.connection.execute(
        "select (select count(*) from telemetry.work), (select count(*) from care.episode where due_at <= %s)",
        [town.now],
    ).fetchone()
    return row == (0, 0)


def somebody_waits(connection: psycopg.Connection) -> bool:
    """True if another connection of this database waits for a lock."""
    query = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    row = connection.execute(query).fetchone()
    return row is not None and row[0] > 0


def wait_for(condition: Callable[[], bool]) -> None:
    """Ask again and again until it holds."""
    pause, tries = threading.Event(), 0
    while not condition():
        tries += 1
        assert tries < PATIENCE * 50, "it never came to pass"
        pause.wait(0.02)
